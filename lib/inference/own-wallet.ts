import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'

/** The id of a person's own wallet, as an expression; null when they have none. */
export function ownWallet(userId: string): SQL {
  return sql`(SELECT a.id FROM accounts a WHERE a.owner_type = 'user' AND a.owner_id = ${userId})`
}

/** A day of the calendar, `YYYY-MM-DD`. */
export const dateInput = z.iso.date()

/** When a day begins in a time zone, as an expression. */
export function startOf(date: string, timeZone: string): SQL {
  return sql`(${date}::date::timestamp AT TIME ZONE ${timeZone})`
}

/** When a day is over in a time zone, as an expression. */
export function endOf(date: string, timeZone: string): SQL {
  return sql`((${date}::date + 1)::timestamp AT TIME ZONE ${timeZone})`
}

/**
 * The number of the first entry of a wallet from an instant on, or the number after its last one, as an expression.
 * Entries are numbered in the order of their commits and dated by the beginnings of their transactions, which differ by
 * seconds; so it is looked for a few minutes beside the instant, and who uses it still compares the dates.
 * It is found by halving: about twenty entries are read however many there are.
 */
export function entryAround(wallet: SQL, instant: SQL, side: 'before' | 'after'): SQL {
  const at = side === 'before' ? sql`${instant} - interval '10 minutes'` : sql`${instant} + interval '10 minutes'`
  return sql`(
    WITH RECURSIVE bounds (low, high) AS (
      SELECT 1::bigint, w.seq + 1 FROM wallets w WHERE w.id = ${wallet}
      UNION ALL
      SELECT CASE WHEN e.is_earlier THEN e.middle + 1 ELSE e.low END, CASE WHEN e.is_earlier THEN e.high ELSE e.middle END
      FROM (
        SELECT b.*, coalesce(
          (SELECT t.created_at FROM transfers t WHERE t.debit_account_id = ${wallet} AND t.debit_seq = b.middle),
          (SELECT t.created_at FROM transfers t WHERE t.credit_account_id = ${wallet} AND t.credit_seq = b.middle)
        ) < ${at} AS is_earlier
        FROM (SELECT low, high, (low + high) / 2 AS middle FROM bounds WHERE low < high) b
      ) e
    )
    SELECT low FROM bounds WHERE low = high)`
}

/**
 * Condition on `usage_records u` for those made from one instant until before another. Their ids are made in time
 * order when the call begins, so the wallet's index bounds what is read: six hours of slack for calls that took long
 * to settle, one for clocks that differ.
 */
export function recordedWithin(from: SQL, until: SQL): SQL {
  return sql`u.created_at >= ${from} AND u.created_at < ${until}
    AND u.id >= ${idAt(sql`${from} - interval '6 hours'`)} AND u.id < ${idAt(sql`${until} + interval '1 hour'`)}`
}

function idAt(instant: SQL): SQL {
  const ms = sql`greatest(0, extract(epoch FROM ${instant}) * 1000)::bigint`
  return sql`(lpad(to_hex(${ms}), 12, '0') || repeat('0', 20))::uuid`
}
