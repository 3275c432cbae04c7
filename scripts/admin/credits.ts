import { newId } from '#lib/id.ts'
import { grantCredits } from '#lib/ledger/index.ts'
import { creditsToDecimal, parseCredits } from '#lib/money.ts'
import { type Command, UsageError } from './command.ts'
import { getNamedUser, userOption } from './people.ts'

export const grantCommand: Command = {
  name: 'grant',
  summary: 'gives a person credits',
  options: {
    user: userOption,
    credits: { value: 'N', required: true, help: 'how many, such as 12.5' },
    reason: { value: 'TEXT', required: true, help: 'why; kept with the transfer and in the audit log' },
    'idempotency-key': { value: 'KEY', help: 'the same key again gives nothing more; for scripts' },
  },
  async run({ ctx, options }) {
    const amountMicros = parseCredits(options.get('credits'))
    if (amountMicros === null || amountMicros <= 0n) {
      throw new UsageError('--credits must be a decimal number above zero with at most six places')
    }
    const user = await getNamedUser(ctx, options.get('user'))
    const { transferId, postedMicros, replayed } = await grantCredits(ctx, {
      ownerType: 'user',
      ownerId: user.id,
      amountMicros,
      reason: options.get('reason'),
      idempotencyKey: options.find('idempotency-key') ?? newId(),
    })
    const credits = creditsToDecimal(amountMicros)
    const balance = creditsToDecimal(postedMicros)
    const done = replayed ? `was given ${credits} credits before` : `was given ${credits} credits`
    return {
      text: `${user.email} ${done} and has ${balance}`,
      data: { userId: user.id, transferId, credits, balance, replayed },
    }
  },
}
