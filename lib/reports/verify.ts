import { type SQL, sql } from 'drizzle-orm'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { type Check, type CheckResult, runChecks } from '#lib/verification.ts'
import { atOneMoment } from './moment.ts'
import { periodInput } from './period-input.ts'
import { addDays, type Period } from './shared.ts'
import { columnList, latencySums, ledgerSums, personSums, type Span, USAGE_SUMS, usageSums } from './sums.ts'

/** More than any zone differs from another: what belongs to a day lies within it. */
const SLACK = sql`interval '2 days'`

/** Days are checked night by night, each more than once: nothing is added to one that is over. */
const LAST_DAYS = 3

/**
 * Adds up again what the sums of certain days were made of and tells where they differ, as far as the job has come.
 * Without a period: the last three days. Sums that are being counted anew differ from nothing: only what is below their
 * progress is compared. Admins and the service only.
 */
export async function verifyReports(ctx: Ctx, input?: Period): Promise<CheckResult[]> {
  requireAdmin(ctx)
  const given = input && periodInput.parse(input)
  return atOneMoment(ctx, async (moment) => {
    const period = given ?? { from: addDays(moment.today, 1 - LAST_DAYS), to: moment.today }
    const { rows } = await moment.ctx.db.execute<{ name: string; from: string; until: string }>(sql`
      SELECT name, (${period.from}::date::timestamp AT TIME ZONE time_zone - ${SLACK})::text AS from,
        least(through, ${period.to}::date::timestamp AT TIME ZONE time_zone + ${SLACK})::text AS until
      FROM report_progress WHERE isfinite(through)`)
    const spanOf = (name: string): Span | undefined => {
      const row = rows.find((progress) => progress.name === name)
      return row && { timeZone: moment.timeZone, from: row.from, until: row.until }
    }
    const [usage, ledger] = [spanOf('usage'), spanOf('ledger')]
    return runChecks(moment.ctx, [
      ...(usage ? checkUsage(usage, period) : []),
      ...(ledger ? [checkSums('ledger_days', LEDGER_KEY, ['amount_micros'], ledgerSums(ledger), period)] : []),
    ])
  })
}

const GROUP = ['day', 'model_id', 'channel_id']
const LEDGER_KEY = ['day', 'kind', 'debit', 'credit', 'source']

function checkUsage(span: Span, period: Period): Check[] {
  const people = sql`(SELECT day, count(*) AS people FROM ${personSums(span)} p WHERE calls > 0 GROUP BY day)`
  return [
    checkSums('usage_days', GROUP, USAGE_SUMS, usageSums(span), period),
    checkSums('latency_days', [...GROUP, 'bucket'], ['calls'], latencySums(span), period),
    checkSums(
      'person_days',
      ['user_id', 'day'],
      ['calls', 'charged_micros', 'vendor_cost_micros'],
      personSums(span),
      period,
    ),
    checkSums('active_days', ['day'], ['people'], people, period),
  ]
}

function checkSums(
  table: string,
  key: readonly string[],
  sums: readonly string[],
  raw: SQL,
  { from, to }: Period,
): Check {
  const days = sql`day BETWEEN ${from}::date AND ${to}::date`
  const told = sql`SELECT ${columnList([...key, ...sums])} FROM ${raw} sums WHERE ${days}`
  const kept = sql`SELECT ${columnList([...key, ...sums])} FROM ${sql.identifier(table)} WHERE ${days}`
  return {
    name: table,
    promise: 'What is kept as a sum is the sum of what it was made of.',
    population: sql`(${kept}) kept`,
    // What is on one side only, with all its figures; a sum that differs is on both sides once.
    offenders: sql`
      WITH told AS MATERIALIZED (${told}), kept AS MATERIALIZED (${kept})
      SELECT concat_ws(' ', ${columnList(key)}) AS id, 'told' AS side, ${columnList(sums)} FROM (TABLE told EXCEPT TABLE kept) missing
      UNION ALL
      SELECT concat_ws(' ', ${columnList(key)}), 'kept', ${columnList(sums)} FROM (TABLE kept EXCEPT TABLE told) extra`,
  }
}
