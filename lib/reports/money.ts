import { type SQL, sql } from 'drizzle-orm'
import type { Moment } from './moment.ts'
import { listDays, type Period } from './shared.ts'
import { dayOf } from './sums.ts'

/** Money of a day in the site's currency and its smallest unit. */
export type MoneyDay = {
  day: string
  paidMinor: bigint
  refundedMinor: bigint
  disputedMinor: bigint
  /** How many orders were paid. */
  orders: number
}

/** Money that came in another currency, less what went back. */
export type OtherMoney = { currency: string; minor: bigint }

type Row = { day: string; currency: string; paid: bigint; refunded: bigint; disputed: bigint; orders: bigint }

/**
 * Money that came in by day of its payment, that was given back by day of the refund, also while that is on its way, and
 * that banks took because of a dispute, by the day on which it was opened. Other currencies only of the later period.
 */
export async function readMoney(
  { ctx, timeZone }: Moment,
  { now, before }: { now: Period; before: Period },
  currency: string,
): Promise<{ byDay: Map<string, MoneyDay>; other: OtherMoney[] }> {
  const [paidAt, refundedAt, disputedAt] = [sql`o.paid_at`, sql`r.created_at`, sql`d.created_at`]
  const on = (instant: SQL) => isWithin(instant, timeZone, { from: before.from, to: now.to })
  const { rows } = await ctx.db.execute<Row>(sql`
    SELECT day::text AS day, currency, sum(paid)::bigint AS paid, sum(refunded)::bigint AS refunded,
      sum(disputed)::bigint AS disputed, sum(orders)::bigint AS orders
    FROM (
      SELECT ${dayOf(paidAt, timeZone)} AS day, o.paid_currency AS currency, o.paid_minor AS paid, 0 AS refunded,
        0 AS disputed, 1 AS orders
      FROM orders o WHERE o.paid_at IS NOT NULL AND ${on(paidAt)}
      UNION ALL
      SELECT ${dayOf(refundedAt, timeZone)}, o.paid_currency, 0, r.amount_minor, 0, 0
      FROM refunds r JOIN orders o ON o.id = r.order_id
      WHERE r.state IN ('pending', 'succeeded') AND o.paid_at IS NOT NULL AND ${on(refundedAt)}
      UNION ALL
      SELECT ${dayOf(disputedAt, timeZone)}, o.paid_currency, 0, 0, d.withdrawn_minor - d.reinstated_minor, 0
      FROM disputes d JOIN orders o ON o.id = d.order_id
      WHERE d.withdrawn_minor > d.reinstated_minor AND o.paid_at IS NOT NULL AND ${on(disputedAt)}
    ) money
    GROUP BY 1, 2`)
  const byDay = new Map<string, MoneyDay>()
  const other = new Map<string, bigint>()
  for (const row of rows) {
    if (row.currency !== currency) {
      if (row.day >= now.from)
        other.set(row.currency, (other.get(row.currency) ?? 0n) + row.paid - row.refunded - row.disputed)
      continue
    }
    byDay.set(row.day, {
      day: row.day,
      paidMinor: row.paid,
      refundedMinor: row.refunded,
      disputedMinor: row.disputed,
      orders: Number(row.orders),
    })
  }
  return { byDay, other: [...other].map(([code, minor]) => ({ currency: code, minor })) }
}

// The index is asked for a little more: where clocks are put back at midnight, a day has no one beginning.
function isWithin(instant: SQL, timeZone: string, { from, to }: Period): SQL {
  const begins = sql`(${from}::date::timestamp AT TIME ZONE ${timeZone}::text)`
  const ends = sql`((${to}::date + 1)::timestamp AT TIME ZONE ${timeZone}::text)`
  return sql`${instant} >= ${begins} - interval '1 day' AND ${instant} < ${ends} + interval '1 day'
    AND ${dayOf(instant, timeZone)} BETWEEN ${from}::date AND ${to}::date`
}

/** The money of the days of a period together. */
export function sumMoney(byDay: ReadonlyMap<string, MoneyDay>, period: Period): Omit<MoneyDay, 'day'> {
  const total = { paidMinor: 0n, refundedMinor: 0n, disputedMinor: 0n, orders: 0 }
  for (const day of listDays(period)) {
    const money = byDay.get(day)
    if (!money) continue
    total.paidMinor += money.paidMinor
    total.refundedMinor += money.refundedMinor
    total.disputedMinor += money.disputedMinor
    total.orders += money.orders
  }
  return total
}
