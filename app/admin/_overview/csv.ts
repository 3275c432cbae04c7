import { creditsToDecimal, priceToDecimal } from '#lib/money.ts'
import type { CallSums, Overview } from '#lib/reports/index.ts'

/** What the overview can be exported by. */
export const CSV_GROUPS = ['day', 'model', 'channel'] as const

export type CsvGroup = (typeof CSV_GROUPS)[number]

const CALLS = [
  ...['calls', 'errors', 'stopped', 'interrupted', 'failed', 'empty'],
  ...['input_tokens', 'cached_tokens', 'cache_written_tokens', 'output_tokens', 'reasoning_tokens'],
  ...['charged_credits', 'bad_debt_credits', 'vendor_cost', 'margin', 'first_token_p50_ms', 'first_token_p95_ms'],
]
const MONEY = ['currency', 'money_in', 'refunded', 'disputed', 'credits_used', 'credits_used_paid']

const HEADS: Record<CsvGroup, string[]> = {
  day: ['day', 'active_people', ...MONEY, ...CALLS],
  model: ['model', 'name', ...CALLS],
  channel: ['channel', 'name', ...CALLS],
}

type Row = (string | null)[]

/** The figures of an overview as rows of a CSV file; amounts are exact, days are the site's. */
export function csvOf(overview: Overview, group: CsvGroup): { head: string[]; rows: Row[] } {
  const { currency } = overview
  const money = (minor: bigint) => priceToDecimal(minor, currency)
  const rows =
    group === 'day'
      ? overview.byDay.map((day) => [
          ...[day.day, String(day.activePeople), currency],
          ...[day.paidMinor, day.refundedMinor, day.disputedMinor].map(money),
          ...[day.usedMicros, day.used.paidMicros].map(creditsToDecimal),
          ...callsOf(day),
        ])
      : overview[group === 'model' ? 'byModel' : 'byChannel'].map((one) => [one.id, one.name, ...callsOf(one)])
  return { head: HEADS[group], rows }
}

function callsOf(sums: CallSums & { p50Ms: number | null; p95Ms: number | null }): Row {
  const counts = [sums.calls, sums.errors, sums.stopped, sums.interrupted, sums.failed, sums.empty]
  const prompt = [sums.inputTokens, sums.cacheReadTokens, sums.cacheWriteTokens]
  const amounts = [sums.chargedMicros, sums.badDebtMicros, sums.vendorCostMicros, sums.marginMicros]
  return [
    ...[...counts, ...prompt, sums.outputTokens, sums.reasoningTokens].map(String),
    ...amounts.map(creditsToDecimal),
    ...[sums.p50Ms, sums.p95Ms].map((ms) => (ms === null ? null : String(ms))),
  ]
}
