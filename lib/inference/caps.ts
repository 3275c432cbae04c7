import { z } from 'zod'
import { type Ctx, inTransaction, requireUser, subjectOf } from '#lib/ctx.ts'
import { CAP_PERIODS, findWallet, listSpendCaps, openWallet, type SpendCap, setSpendCap } from '#lib/ledger/index.ts'
import { parseCredits } from '#lib/money.ts'
import { resolveTimeZone } from '#lib/time-zone.ts'

/** An amount as a person types it, "20" or "2.5"; empty is none. */
const limit = z
  .string()
  .trim()
  .max(40)
  .transform((text, context) => {
    if (text === '') return null
    const micros = parseCredits(text)
    if (micros !== null && micros > 0n) return micros
    context.addIssue({ code: 'custom', message: 'is no amount of credits' })
    return z.NEVER
  })

export const setOwnCapsInput = z.object({
  day: limit,
  month: limit,
  /** What the browser says of where it is; days and months begin at its midnight. */
  timeZone: z.string().max(64).optional(),
})

/**
 * Sets what the person allows themselves to spend of their own wallet in a day and in a month; an empty text lifts a cap.
 * @throws {ZodError} naming `day` or `month` when it is no amount above zero
 */
export async function setOwnCaps(ctx: Ctx, input: z.output<typeof setOwnCapsInput>): Promise<void> {
  const { userId } = requireUser(ctx)
  const timeZone = await resolveTimeZone(ctx, input.timeZone)
  await inTransaction(ctx, async (tx) => {
    const walletId = await openWallet(tx, { ownerType: 'user', ownerId: userId })
    for (const period of CAP_PERIODS) {
      await setSpendCap(tx, { walletId, spenderId: userId, period, limitMicros: input[period], timeZone })
    }
  })
}

const listOwnCapsInput = z.object({ userId: z.uuid().optional() })

/**
 * What a person allows themselves to spend of their own wallet, the day's cap before the month's.
 * @param input whose: the acting person's unless an admin asks for another's
 * @throws {AppError} `not_found` when they are another's and no admin asks
 */
export async function listOwnCaps(ctx: Ctx, input: z.input<typeof listOwnCapsInput> = {}): Promise<SpendCap[]> {
  const userId = subjectOf(ctx, listOwnCapsInput.parse(input).userId)
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  return wallet ? listSpendCaps(ctx, { walletId: wallet.id, spenderId: userId }) : []
}
