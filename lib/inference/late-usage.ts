import { sql } from 'drizzle-orm'
import { lateUsage, usageRecords } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { log } from '#lib/log.ts'
import type { Admission, RunResult } from './call.ts'
import { vendorCostOf } from './pricing.ts'

export type LateUsage = {
  admission: Pick<Admission, 'holdId' | 'price'>
  result: RunResult
  /** Under which the call would have been settled: when it was, nothing is late. */
  usageRecordId: string
}

/**
 * Books what a vendor reported of a call that somebody else has settled by then, as a sweep does for a process that it
 * took for dead. It adds to what the call cost us, never to its charge. The first report stands; without one, and for
 * a call that is not settled or was settled by this very result, nothing is booked.
 */
export async function bookLateUsage(ctx: Ctx, { admission, result, usageRecordId }: LateUsage): Promise<void> {
  if (result.usageSource !== 'reported') return
  const { usage, channelId, vendorRequestId } = result
  const costMicros = vendorCostOf(result.vendorUsage, admission.price)
  const booked = await ctx.db.execute(sql`
    INSERT INTO ${lateUsage} (hold_id, user_id, usage_record_id, model_id, channel_id, vendor_request_id, input_tokens,
      cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, vendor_cost_micros)
    SELECT hold_id, user_id, id, model_id, ${channelId}::uuid, ${vendorRequestId}::text, ${usage.inputTokens}::int,
      ${usage.cacheReadTokens}::int, ${usage.cacheWriteTokens}::int, ${usage.outputTokens}::int,
      ${usage.reasoningTokens}::int, greatest(0, ${costMicros}::bigint - vendor_cost_micros)
    FROM ${usageRecords} WHERE hold_id = ${admission.holdId} AND id <> ${usageRecordId}
    ON CONFLICT (hold_id) DO NOTHING
    RETURNING hold_id`)
  if (booked.rows.length > 0) {
    log.warn({ holdId: admission.holdId, channelId, costMicros: String(costMicros) }, 'usage came after the settlement')
  }
}
