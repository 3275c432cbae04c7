import { sql } from 'drizzle-orm'
import type { Check } from '#lib/verification.ts'

/** The smallest id of a hold that can have been captured in a cap's window: ids are made in time order, a call lasts less than a day. */
const FIRST_ID = sql`(lpad(to_hex((extract(epoch FROM c.window_start - interval '1 day') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`

export const CAP_CHECKS: readonly Check[] = [
  {
    name: 'cap_counted',
    promise: 'A wallet knows how many caps are set on it.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.caps, coalesce(c.caps, 0) AS caps_set
      FROM wallets w
      LEFT JOIN (SELECT wallet_id, count(*) AS caps FROM spend_caps GROUP BY wallet_id) c ON c.wallet_id = w.id
      WHERE w.caps <> coalesce(c.caps, 0)`,
  },
  {
    name: 'cap_spent',
    promise: 'What a cap counts as spent is what its spender’s calls were charged in its day or month.',
    population: sql`spend_caps`,
    // A capture that began before midnight and got its lock after it may count for either day.
    offenders: sql`
      SELECT c.spender_id, c.wallet_id, c.period, c.window_start, c.spent_micros, s.captured_micros
      FROM spend_caps c
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(h.captured_micros) FILTER (WHERE h.closed_at >= c.window_start), 0) AS captured_micros,
          coalesce(sum(h.captured_micros), 0) AS most_micros
        FROM holds h
        WHERE h.wallet_id = c.wallet_id AND h.spender_id = c.spender_id AND h.id >= ${FIRST_ID}
          AND h.closed_at >= c.window_start - interval '1 minute'
      ) s
      WHERE c.spent_micros NOT BETWEEN s.captured_micros AND s.most_micros`,
  },
  {
    name: 'cap_held',
    promise: 'What a cap counts as reserved is the sum of its spender’s open holds.',
    population: sql`spend_caps`,
    offenders: sql`
      SELECT c.spender_id, c.wallet_id, c.period, c.held_micros, coalesce(o.open_micros, 0) AS open_holds_micros
      FROM spend_caps c
      LEFT JOIN (
        SELECT wallet_id, spender_id, sum(amount_micros) AS open_micros
        FROM holds WHERE state = 'open' GROUP BY wallet_id, spender_id
      ) o ON o.wallet_id = c.wallet_id AND o.spender_id = c.spender_id
      WHERE c.held_micros <> coalesce(o.open_micros, 0)`,
  },
]
