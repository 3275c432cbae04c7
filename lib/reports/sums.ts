import { type SQL, sql } from 'drizzle-orm'

/** Rows made from one instant on, until before another; instants as PostgreSQL writes them, to the microsecond. */
export type Span = { timeZone: string; from: string; until?: string }

/** What is summed of calls, as the columns of `usage_days` are called. */
export const USAGE_SUMS = [
  ...['calls', 'stopped', 'interrupted', 'failed', 'empty'],
  ...['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens'],
  ...['charged_micros', 'bad_debt_micros', 'vendor_cost_micros'],
] as const

/** Names as a list of columns. */
export function columnList(names: readonly string[]): SQL {
  return sql.join(
    names.map((name) => sql.identifier(name)),
    sql`, `,
  )
}

/** The sums of columns, each called as its column; zero where there is no row. */
export function sumList(names: readonly string[]): SQL {
  const sums = names.map((name) => sql`coalesce(sum(${sql.identifier(name)}), 0)::bigint AS ${sql.identifier(name)}`)
  return sql.join(sums, sql`, `)
}

/**
 * The width of a step of the scale of first tokens: a percentile is told within five per cent. Step n holds what took
 * from 1.05ⁿ to 1.05ⁿ⁺¹ milliseconds.
 */
const LATENCY_STEP = 1.05

/** What a step of the scale stands for, in milliseconds: its middle. */
export function msOfStep(step: number): number {
  return Math.round(LATENCY_STEP ** (step + 0.5))
}

/** The day of an instant in a time zone, as an expression. */
export function dayOf(instant: SQL, timeZone: string): SQL {
  return sql`(${instant} AT TIME ZONE ${timeZone}::text)::date`
}

function within(instant: SQL, { from, until }: Span): SQL {
  const begun = sql`${instant} >= ${from}::timestamptz`
  return until === undefined ? begun : sql`${begun} AND ${instant} < ${until}::timestamptz`
}

/** Calls by day, model and channel, with the columns of `usage_days`. */
export function usageSums(span: Span): SQL {
  const [called, late] = [sql`u.created_at`, sql`l.created_at`]
  return sql`(
    SELECT day, model_id, channel_id, ${sumList(USAGE_SUMS)}
    FROM (
      SELECT ${dayOf(called, span.timeZone)} AS day, u.model_id, u.channel_id, 1 AS calls,
        (u.outcome = 'stopped')::int AS stopped, (u.outcome = 'interrupted')::int AS interrupted,
        (u.outcome = 'failed')::int AS failed, (u.outcome = 'empty')::int AS empty,
        u.input_tokens, u.cache_read_tokens, u.cache_write_tokens, u.output_tokens, u.reasoning_tokens,
        u.charged_micros, u.bad_debt_micros, u.vendor_cost_micros
      FROM usage_records u WHERE ${within(called, span)}
      UNION ALL
      SELECT ${dayOf(late, span.timeZone)}, l.model_id, l.channel_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        l.vendor_cost_micros
      FROM late_usage l WHERE ${within(late, span)}
    ) calls
    GROUP BY day, model_id, channel_id)`
}

/** How many calls had their first token at which step of the scale, with the columns of `latency_days`. */
export function latencySums(span: Span): SQL {
  const called = sql`u.created_at`
  return sql`(
    SELECT ${dayOf(called, span.timeZone)} AS day, u.model_id, u.channel_id,
      floor(ln(greatest(u.first_token_ms, 1)) / ln(${LATENCY_STEP}::float8))::smallint AS bucket,
      count(*) AS calls
    FROM usage_records u WHERE ${within(called, span)} AND u.first_token_ms IS NOT NULL
    GROUP BY 1, 2, 3, 4)`
}

/** Calls by person and day, with the columns of `person_days`. */
export function personSums(span: Span): SQL {
  const [called, late] = [sql`u.created_at`, sql`l.created_at`]
  return sql`(
    SELECT user_id, day, sum(calls)::bigint AS calls, sum(charged_micros)::bigint AS charged_micros,
      sum(vendor_cost_micros)::bigint AS vendor_cost_micros
    FROM (
      SELECT u.user_id, ${dayOf(called, span.timeZone)} AS day, 1 AS calls, u.charged_micros, u.vendor_cost_micros
      FROM usage_records u WHERE ${within(called, span)}
      UNION ALL
      SELECT l.user_id, ${dayOf(late, span.timeZone)}, 0, 0, l.vendor_cost_micros
      FROM late_usage l WHERE ${within(late, span)}
    ) calls
    GROUP BY user_id, day)`
}

/**
 * Credits moved by day, kind, accounts and source, with the columns of `ledger_days`. What leaves a wallet is split by
 * the lots that paid for it; what comes into one has the source of the lot that it became.
 */
export function ledgerSums(span: Span): SQL {
  const moved = sql`t.created_at`
  return sql`(
    SELECT ${dayOf(moved, span.timeZone)} AS day, t.kind, coalesce(d.code, 'wallet') AS debit,
      coalesce(c.code, 'wallet') AS credit, coalesce(used.source, brought.source) AS source,
      sum(coalesce(lu.amount_micros, t.amount_micros))::bigint AS amount_micros
    FROM transfers t
    LEFT JOIN (SELECT id, code FROM accounts WHERE code IS NOT NULL) d ON d.id = t.debit_account_id
    LEFT JOIN (SELECT id, code FROM accounts WHERE code IS NOT NULL) c ON c.id = t.credit_account_id
    LEFT JOIN lot_uses lu ON d.id IS NULL AND lu.wallet_id = t.debit_account_id AND lu.transfer_id = t.id
    LEFT JOIN lots used ON used.wallet_id = t.debit_account_id
      AND used.transfer_id = coalesce(lu.lot_transfer_id, t.lot_transfer_id)
    LEFT JOIN lots brought ON c.id IS NULL AND brought.wallet_id = t.credit_account_id AND brought.transfer_id = t.id
    WHERE ${within(moved, span)}
    GROUP BY 1, 2, 3, 4, 5)`
}
