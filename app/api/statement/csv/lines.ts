import type { StatementLine } from '#lib/inference/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

/** The columns of the file, in their order; the page explains each by this name. */
export const CSV_COLUMNS = [
  'entry',
  'time',
  'kind',
  'model',
  'input_tokens',
  'cached_tokens',
  'cache_written_tokens',
  'output_tokens',
  'reasoning_tokens',
  'credits_in',
  'credits_out',
  'balance',
  'reason',
  'reference',
  'receipt',
] as const

/** A line of the statement in these columns; amounts are exact, times in UTC. */
export function cellsOf(line: StatementLine): (string | null)[] {
  const { call } = line
  const amount = creditsToDecimal(line.amountMicros)
  const usage = call?.usage
  const tokens = usage
    ? [usage.inputTokens, usage.cacheReadTokens, usage.cacheWriteTokens, usage.outputTokens, usage.reasoningTokens]
    : [null, null, null, null, null]
  return [
    String(line.seq),
    line.at.toISOString(),
    line.kind,
    call?.modelId ?? null,
    ...tokens.map((count) => (count === null ? null : String(count))),
    line.direction === 'in' ? amount : null,
    line.direction === 'out' ? amount : null,
    creditsToDecimal(line.balanceMicros),
    line.reason,
    call ? null : line.reference,
    call?.receiptId ?? null,
  ]
}
