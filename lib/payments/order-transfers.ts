import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { disputes, orders, refunds } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'

/** A transfer that an order led to; `house` where no wallet is touched. */
export type OrderTransfer = {
  id: string
  kind: 'top_up' | 'promotion' | 'refund' | 'dispute' | 'reversal'
  amountMicros: bigint
  direction: 'in' | 'out' | 'house'
  at: Date
}

const TRANSFERS_MAX = 200

const listOrderTransfersInput = z.object({ orderId: z.uuid() })

/**
 * What moved in the ledger for an order, the oldest first; at most 200. Admins and the service only.
 * @throws {AppError} `not_found`
 */
export async function listOrderTransfers(
  ctx: Ctx,
  input: z.input<typeof listOrderTransfersInput>,
): Promise<OrderTransfer[]> {
  requireAdmin(ctx)
  const { orderId } = listOrderTransfersInput.parse(input)
  const [order] = await ctx.db.select().from(orders).where(sql`${orders.id} = ${orderId}`)
  if (!order) throw new AppError('not_found', { message: `there is no order ${orderId}` })
  const { walletId } = order
  const reference = `order:${orderId}`
  const { rows } = await ctx.db.execute<{
    id: string
    kind: OrderTransfer['kind']
    amount_micros: bigint
    debit_account_id: string
    credit_account_id: string
    created_at: string
  }>(sql`
    WITH came AS MATERIALIZED (
      SELECT * FROM transfers
      WHERE credit_account_id = ${walletId} AND credit_seq IS NOT NULL AND debit_account_id <> ${walletId}
        AND external_ref = ${reference}
    )
    SELECT id, kind, amount_micros::bigint AS amount_micros, debit_account_id, credit_account_id, created_at
    FROM (
      SELECT * FROM came
      UNION ALL
      -- Nothing of it goes before something of it has come.
      SELECT * FROM transfers
      WHERE debit_account_id = ${walletId} AND debit_seq > (SELECT min(credit_seq) FROM came) AND external_ref = ${reference}
      UNION ALL
      -- What only moves between accounts of the house is found by the keys that its causes have.
      SELECT * FROM transfers WHERE external_ref = ${reference} AND idempotency_key IN (
        SELECT 'payment:' || ${orderId}::text || ':' || ${order.paidMinor}::text || ':shortfall'
        UNION ALL SELECT 'refund:' || r.id || ':' || s.state || ':shortfall'
        FROM ${refunds} r CROSS JOIN (VALUES ('pending'), ('succeeded'), ('failed'), ('canceled')) s (state)
        WHERE r.order_id = ${orderId}
        UNION ALL SELECT 'dispute:' || d.id || ':' || d.withdrawn_minor || ':' || m.minor || ':shortfall'
        FROM ${disputes} d CROSS JOIN LATERAL (SELECT DISTINCT unnest(ARRAY[0, d.reinstated_minor]) AS minor) m
        WHERE d.order_id = ${orderId})
    ) t
    ORDER BY id LIMIT ${TRANSFERS_MAX}`)
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    amountMicros: row.amount_micros,
    direction: row.credit_account_id === walletId ? 'in' : row.debit_account_id === walletId ? 'out' : 'house',
    at: new Date(row.created_at),
  }))
}
