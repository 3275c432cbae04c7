import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { creditsToDecimal, parseCredits } from '#lib/money.ts'
import {
  type AdjustmentListItem,
  adjustWallet,
  approveAdjustment,
  listAdjustments,
  rejectAdjustment,
} from '#lib/payments/index.ts'
import { onAccountOf, readDay } from './acting.ts'
import { type Command, type CommandInput, type Option, type Outcome, UsageError } from './command.ts'
import { getNamedUser, userOption } from './people.ts'

const byOption: Option = { value: 'ADMIN', help: 'e-mail address or id of the admin on whose account it is recorded' }
const reasonOption: Option = {
  value: 'TEXT',
  required: true,
  help: 'why; kept with the transfer and in the audit log',
}
const keyOption: Option = { value: 'KEY', help: 'the same key again changes nothing more; for scripts' }
const expiresOption: Option = {
  value: 'DATE',
  help: 'what is left then expires: 2027-01-31 (through that day, UTC) or 2027-01-31T18:00:00Z',
}

export const grantCommand: Command = {
  name: 'grant',
  summary: 'gives a person credits',
  options: {
    user: userOption,
    credits: { value: 'N', required: true, help: 'how many, such as 12.5' },
    reason: reasonOption,
    expires: expiresOption,
    by: byOption,
    'idempotency-key': keyOption,
  },
  notes: 'Above the setting adjustment_approval_above it waits for another admin, and --by is required.',
  async run(input) {
    const amountMicros = parseCredits(input.options.get('credits'))
    if (amountMicros === null || amountMicros <= 0n) {
      throw new UsageError('--credits must be a decimal number above zero with at most six places')
    }
    return change(input, 'grant', amountMicros)
  },
}

export const adjustCommand: Command = {
  name: 'adjust',
  summary: 'puts a person’s balance right, up or down',
  options: {
    user: userOption,
    credits: { value: 'N', required: true, help: 'how many are added, such as 2.5, or taken, such as -5' },
    reason: reasonOption,
    expires: expiresOption,
    by: byOption,
    'idempotency-key': keyOption,
  },
  notes: [
    'It takes no more than the person has free. What it adds can be spent and never be refunded as money.',
    'Above the setting adjustment_approval_above it waits for another admin, and --by is required.',
  ].join('\n'),
  async run(input) {
    const amountMicros = parseCredits(input.options.get('credits'))
    if (amountMicros === null || amountMicros === 0n) {
      throw new UsageError('--credits must be a decimal number other than zero with at most six places')
    }
    return change(input, 'adjustment', amountMicros)
  },
}

async function change({ ctx, options }: CommandInput, kind: 'grant' | 'adjustment', micros: bigint): Promise<Outcome> {
  const lotExpiresAt = readDay(options, 'expires')
  const user = await getNamedUser(ctx, options.get('user'))
  const acting = await onAccountOf(ctx, options.find('by'))
  const { adjustmentId, state, transferId, replayed } = await adjustWallet(acting, {
    kind,
    ownerType: 'user',
    ownerId: user.id,
    amountMicros: micros,
    reason: options.get('reason'),
    lotExpiresAt,
    idempotencyKey: options.find('idempotency-key') ?? newId(),
  }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'forbidden' && !options.has('by')) {
      throw new UsageError('a change of this size waits for a second admin: name the first with --by', { cause: error })
    }
    throw error
  })
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: user.id })
  const credits = creditsToDecimal(micros)
  const balance = creditsToDecimal(wallet!.postedMicros)
  const data = { userId: user.id, adjustmentId, state, transferId, credits, balance, replayed }
  switch (state) {
    case 'posted': {
      const amount = credits.replace('-', '')
      const done =
        kind === 'grant' ? `was given ${amount} credits` : `has ${amount} credits ${micros > 0n ? 'more' : 'less'}`
      return { text: `${user.email} ${done}${replayed ? ' since before' : ''} and has ${balance}`, data }
    }
    case 'waiting':
      return {
        text: `${credits} credits for ${user.email} wait for another admin:\nnpm run admin -- adjustment approve ${adjustmentId} --by ADMIN`,
        data,
      }
    case 'rejected':
      return { text: `${credits} credits for ${user.email} were rejected`, data, exitCode: 1 }
  }
}

export const listAdjustmentsCommand: Command = {
  name: 'adjustments',
  summary: 'lists the grants and adjustments that wait for a second admin',
  options: {
    state: { value: 'STATE', help: 'waiting (the default), posted, rejected or all' },
    limit: { value: 'N', help: 'how many at most; default 50' },
    before: { value: 'ID', help: 'go on after this one, to older ones' },
  },
  async run({ ctx, options }) {
    const { items, nextBefore } = await listAdjustments(ctx, {
      state: readState(options.find('state') ?? 'waiting'),
      limit: options.findNumber('limit') ?? 50,
      before: options.find('before'),
    })
    const more = nextBefore ? [`older ones: --before ${nextBefore}`] : []
    const lines = items.length === 0 ? ['none'] : [...items.map(describeItem), ...more]
    return { text: lines.join('\n'), data: { adjustments: items.map(toData), nextBefore } }
  },
}

export const approveAdjustmentCommand: Command = {
  name: 'adjustment approve',
  summary: 'lets a waiting grant or adjustment pass, as another admin than who asked',
  args: ['ID'],
  options: { by: { ...byOption, required: true } },
  async run({ ctx, options, args: [adjustmentId = ''] }) {
    const acting = await onAccountOf(ctx, options.get('by'))
    const { state, transferId, replayed } = await approveAdjustment(acting, { adjustmentId })
    return { text: `posted as transfer ${transferId}`, data: { adjustmentId, state, transferId, replayed } }
  },
}

export const rejectAdjustmentCommand: Command = {
  name: 'adjustment reject',
  summary: 'refuses a waiting grant or adjustment, or takes one’s own back',
  args: ['ID'],
  options: { by: { ...byOption, required: true }, reason: { ...reasonOption, help: 'why; kept in the audit log' } },
  async run({ ctx, options, args: [adjustmentId = ''] }) {
    const acting = await onAccountOf(ctx, options.get('by'))
    const { state, replayed } = await rejectAdjustment(acting, { adjustmentId, reason: options.get('reason') })
    return { text: 'rejected; nothing was moved', data: { adjustmentId, state, replayed } }
  },
}

function readState(text: string): AdjustmentListItem['state'] | undefined {
  switch (text) {
    case 'all':
      return undefined
    case 'waiting':
    case 'posted':
    case 'rejected':
      return text
    default:
      throw new UsageError(`--state must be waiting, posted, rejected or all, not '${text}'`)
  }
}

function describeItem(item: AdjustmentListItem): string {
  const owner = item.ownerEmail ?? `${item.ownerType} ${item.ownerId}`
  const expires = item.lotExpiresAt ? `, expires ${item.lotExpiresAt.toISOString()}` : ''
  const asked = `asked by ${item.requestedByEmail ?? item.requestedBy} at ${item.createdAt.toISOString()}`
  return `${item.id}  ${item.state}  ${item.kind} of ${creditsToDecimal(item.amountMicros)} for ${owner}${expires}: ${item.reason} (${asked})`
}

function toData({ amountMicros, lotExpiresAt, decidedAt, createdAt, ...item }: AdjustmentListItem) {
  return {
    ...item,
    credits: creditsToDecimal(amountMicros),
    lotExpiresAt: lotExpiresAt?.toISOString() ?? null,
    decidedAt: decidedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  }
}
