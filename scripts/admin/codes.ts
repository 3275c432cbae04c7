import { open } from 'node:fs/promises'
import { csvLine } from '#lib/csv.ts'
import { creditsToDecimal, parseCredits } from '#lib/money.ts'
import { type CodeBatch, createCodes, listCodeBatches, revokeCodes } from '#lib/payments/index.ts'
import { onAccountOf, readDay } from './acting.ts'
import { type Command, UsageError } from './command.ts'

export const createCodesCommand: Command = {
  name: 'codes create',
  summary: 'makes a batch of redemption codes and shows them, once',
  options: {
    credits: { value: 'N', required: true, help: 'what a code gives, such as 12.5' },
    count: { value: 'N', help: 'how many codes; default 1, at most 10000' },
    name: { value: 'TEXT', required: true, help: 'what you call the batch; nobody else sees it' },
    uses: { value: 'N', help: 'how many people may redeem one code; default 1' },
    'per-person': { value: 'N', help: 'how many codes of the batch one person may redeem; default 1' },
    until: {
      value: 'DATE',
      help: 'the last day to redeem them, UTC, such as 2027-01-31, or an instant; default no end',
    },
    'credits-last': { value: 'DAYS', help: 'days until the credits of a redemption expire; default never' },
    csv: { value: 'FILE', help: 'writes the codes into this new file instead of showing them' },
    by: { value: 'ADMIN', help: 'e-mail address or id of the admin on whose account it is recorded' },
  },
  notes: 'Only hashes of the codes are stored: what is not kept now cannot be shown again.',
  async run({ ctx, options }) {
    const creditsMicros = parseCredits(options.get('credits'))
    if (creditsMicros === null || creditsMicros <= 0n) {
      throw new UsageError('--credits must be a decimal number above zero with at most six places')
    }
    const acting = await onAccountOf(ctx, options.find('by'))
    const file = options.find('csv')
    // Before any code is made: a file that cannot be written must not cost the codes.
    const target = file === undefined ? null : await openNew(file)
    try {
      const { batchId, codes } = await createCodes(acting, {
        name: options.get('name'),
        creditsMicros,
        count: options.findNumber('count') ?? 1,
        usesPerCode: options.findNumber('uses') ?? 1,
        codesPerPerson: options.findNumber('per-person') ?? 1,
        redeemBefore: readDay(options, 'until'),
        creditsLastDays: options.findNumber('credits-last'),
      })
      const credits = creditsToDecimal(creditsMicros)
      const head = `batch ${batchId}: ${codes.length} ${codes.length === 1 ? 'code' : 'codes'} of ${credits} credits`
      if (target) {
        const rows = codes.map((code, index) => [String(index + 1), code, credits])
        await target.writeFile([['number', 'code', 'credits'], ...rows].map(csvLine).join(''))
        return { text: `${head} in ${file}`, data: { batchId, credits, count: codes.length, file } }
      }
      return { text: [head, ...codes].join('\n'), data: { batchId, credits, codes } }
    } finally {
      await target?.close()
    }
  },
}

export const listCodesCommand: Command = {
  name: 'codes list',
  summary: 'lists the batches of codes, newest first, and how many were redeemed',
  options: {
    limit: { value: 'N', help: 'how many at most; default 50' },
    before: { value: 'ID', help: 'go on after this batch, to older ones' },
  },
  async run({ ctx, options }) {
    const { items, nextBefore } = await listCodeBatches(ctx, {
      limit: options.findNumber('limit') ?? 50,
      before: options.find('before'),
    })
    const more = nextBefore ? [`older ones: --before ${nextBefore}`] : []
    const lines = items.length === 0 ? ['none'] : [...items.map(describe), ...more]
    return { text: lines.join('\n'), data: { batches: items.map(toData), nextBefore } }
  },
}

export const revokeCodesCommand: Command = {
  name: 'codes revoke',
  summary: 'makes a batch of codes, or one of them, worthless; what was redeemed stays',
  args: ['BATCH'],
  options: {
    number: { value: 'N', help: 'only the code of this number in the batch' },
    reason: { value: 'TEXT', required: true, help: 'why; kept in the audit log' },
    by: { value: 'ADMIN', help: 'e-mail address or id of the admin on whose account it is recorded' },
  },
  async run({ ctx, options, args: [batchId = ''] }) {
    const acting = await onAccountOf(ctx, options.find('by'))
    const number = options.findNumber('number')
    const { revoked } = await revokeCodes(acting, { batchId, number, reason: options.get('reason') })
    const what = number === undefined ? 'the batch' : `code ${number}`
    return { text: `${what} ${revoked ? 'is' : 'was already'} revoked`, data: { batchId, revoked } }
  },
}

/** Opens a file that must not be there yet, for its owner alone. @throws {UsageError} */
async function openNew(file: string) {
  try {
    return await open(file, 'wx', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(code === 'EEXIST' ? `${file} is there already` : `cannot write ${file}`, { cause: error })
  }
}

function describe(batch: CodeBatch): string {
  const { id, name, codes, redemptions, people, creditsMicros, redeemBefore, revokedAt, revokedCodes } = batch
  const facts = [
    `${codes} of ${creditsToDecimal(creditsMicros)} credits`,
    `redeemed ${redemptions} times by ${people} people`,
    redeemBefore && `until ${redeemBefore.toISOString()}`,
    revokedCodes > 0 && `${revokedCodes} revoked`,
    revokedAt && 'REVOKED',
  ]
  return `${id}  ${name}: ${facts.filter(Boolean).join(', ')}`
}

function toData({ creditsMicros, redeemBefore, createdAt, revokedAt, ...batch }: CodeBatch) {
  return {
    ...batch,
    credits: creditsToDecimal(creditsMicros),
    redeemBefore: redeemBefore?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    revokedAt: revokedAt?.toISOString() ?? null,
  }
}
