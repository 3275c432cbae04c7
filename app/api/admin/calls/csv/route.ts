import { z } from 'zod'
import { csvResponse } from '#app/_server/csv.ts'
import { route } from '#app/_server/route.ts'
import { readTimeZone } from '#app/_server/time-zone.ts'
import { askedCalls } from '#app/admin/calls/filter.ts'
import { type CallLine, exportCalls } from '#lib/inference/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

const COLUMNS = [
  'id',
  'time',
  'user_id',
  'email',
  'model',
  'channel',
  'outcome',
  'error',
  'usage_source',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'held',
  'charged',
  'bad_debt',
  'vendor_cost',
  'first_token_ms',
  'duration_ms',
] as const

/** The calls that the list's filters show, whole; no word of a conversation is in it. */
export const GET = route({ input: z.record(z.string(), z.string()), auth: 'admin' }, async (ctx, params, request) => {
  const { filter, isUnknown } = await askedCalls(ctx, params, await readTimeZone(request))
  const batches = isUnknown ? [] : exportCalls(ctx, filter)
  return csvResponse({ name: 'calls', columns: COLUMNS, batches, cellsOf })
})

function cellsOf({ usage, ...call }: CallLine): (string | null)[] {
  return [
    call.id,
    call.at.toISOString(),
    call.userId,
    call.email,
    call.modelId,
    call.channelName,
    call.outcome,
    call.errorCode,
    call.usageSource,
    String(usage.inputTokens),
    String(usage.cacheReadTokens),
    String(usage.cacheWriteTokens),
    String(usage.outputTokens),
    String(usage.reasoningTokens),
    creditsToDecimal(call.heldMicros),
    creditsToDecimal(call.chargedMicros),
    creditsToDecimal(call.badDebtMicros),
    creditsToDecimal(call.vendorCostMicros),
    call.firstTokenMs === null ? null : String(call.firstTokenMs),
    String(call.durationMs),
  ]
}
