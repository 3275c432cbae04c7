import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { auditEntries } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { priceToDecimal } from '#lib/money.ts'
import { keptOf, NO_FACTS } from './facts.ts'
import { type Fulfilled, fulfilOrder } from './fulfil.ts'
import { lockOrder, readGivenBack } from './order-rows.ts'
import type { Order } from './provider.ts'
import { getProvider } from './providers.ts'

const refundOrderInput = z.object({
  orderId: z.uuid(),
  /** In the smallest unit of the currency that was paid; without it all that was kept. */
  amountMinor: z.bigint().positive().optional(),
  reason: z.string().trim().min(3, 'must have at least 3 characters').max(500),
  /** The same again is the same refund. */
  requestId: z.uuid().toLowerCase(),
})

/**
 * Gives money back, and takes its credits as far as they are left; also money in another currency, which was never
 * credited. For a payment that came by hand it is the record of what the operator has given back. The line in the audit log is written before the provider is asked: a refund whose
 * answer was lost is on record too. Admins and the service only, not inside a transaction.
 * @returns the refund's amount, and what was posted for it
 * @throws {AppError} `not_found`, `order_closed` when nothing was paid, `refund_too_much`, `payment_unreachable`,
 * `conflict` when the same request asked for another amount
 */
export async function refundOrder(
  ctx: Ctx,
  input: z.input<typeof refundOrderInput>,
): Promise<Fulfilled & { amountMinor: bigint }> {
  requireAdmin(ctx)
  const wish = refundOrderInput.parse(input)
  const { orderId, requestId: key } = wish
  const begun = await inTransaction(ctx, async (tx) => {
    const order = await lockOrder(tx, orderId)
    const amountMinor = (await findAsked(tx, wish)) ?? (await ask(tx, order, wish))
    // Nobody outside is asked, so that it can be one commit.
    const done = order.provider === 'manual' ? await giveBack(tx, order, { amountMinor, key }) : null
    return { order, amountMinor, done }
  })
  const { order, amountMinor } = begun
  return { ...(begun.done ?? (await giveBack(ctx, order, { amountMinor, key }))), amountMinor }
}

async function giveBack(ctx: Ctx, order: Order, refund: { amountMinor: bigint; key: string }): Promise<Fulfilled> {
  const said = await getProvider(order.provider).refundPayment(order, refund)
  return fulfilOrder(ctx, { orderId: order.id, facts: { ...NO_FACTS, state: 'paid', refunds: [said] } })
}

type Wish = z.output<typeof refundOrderInput>

/** The amount that the same request asked for before. */
async function findAsked(ctx: Ctx, { orderId, requestId, amountMinor }: Wish): Promise<bigint | null> {
  const [known] = await ctx.db
    .select({ amountMinor: sql<string>`${auditEntries.after} ->> 'amountMinor'` })
    .from(auditEntries)
    .where(
      and(
        eq(auditEntries.subjectType, 'order'),
        eq(auditEntries.subjectId, orderId),
        eq(auditEntries.action, 'order.refund'),
        sql`${auditEntries.after} ->> 'requestId' = ${requestId}`,
      ),
    )
  if (!known) return null
  const asked = BigInt(known.amountMinor)
  if (amountMinor !== undefined && amountMinor !== asked) throw new AppError('conflict')
  return asked
}

/** Puts on record that an amount is to be given back, if that much was kept. */
async function ask(ctx: Ctx, order: Order, wish: Wish): Promise<bigint> {
  const { paidMinor, paidCurrency } = order
  if (!paidCurrency) throw new AppError('order_closed', { message: 'nothing was paid for this order' })
  const { refunds, disputes } = await readGivenBack(ctx, order.id)
  const keptMinor = keptOf(paidMinor, [...refunds.values()], [...disputes.values()])
  const amountMinor = wish.amountMinor ?? keptMinor
  if (amountMinor > keptMinor || amountMinor === 0n) throw new AppError('refund_too_much')
  await recordAudit(ctx, {
    action: 'order.refund',
    subjectType: 'order',
    subjectId: order.id,
    after: {
      amountMinor: amountMinor.toString(),
      amount: priceToDecimal(amountMinor, paidCurrency),
      currency: paidCurrency,
      requestId: wish.requestId,
    },
    reason: wish.reason,
  })
  return amountMinor
}
