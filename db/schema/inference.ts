import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { countNotNegative, createdAt, instant, micros } from './columns.ts'
import { holds } from './ledger.ts'

/** One row for each process of ours; a heartbeat tells the living from the dead. */
export const workers = pgTable('workers', {
  id: uuid().primaryKey(),
  host: text().notNull(),
  pid: integer().notNull(),
  startedAt: instant('started_at').notNull().defaultNow(),
  heartbeatAt: instant('heartbeat_at').notNull().defaultNow(),
  stoppedAt: instant('stopped_at'),
})

/** How far a call in flight has come: by this it is settled when its process dies. */
export const checkpoints = pgTable('checkpoints', {
  holdId: uuid('hold_id')
    .primaryKey()
    .references(() => holds.id),
  /** Output tokens received so far, by our own count; written a few times a second. */
  outputTokens: countNotNegative('output_tokens').notNull(),
})

/** The receipt of one call. Append-only by trigger; survives its conversation, so it references none. */
export const usageRecords = pgTable(
  'usage_records',
  {
    userId: uuid('user_id').notNull(),
    id: uuid().notNull(),
    walletId: uuid('wallet_id').notNull(),
    apiKeyId: uuid('api_key_id'),
    holdId: uuid('hold_id').notNull(),
    conversationId: uuid('conversation_id'),
    messageId: uuid('message_id'),
    modelId: text('model_id').notNull(),
    channelId: uuid('channel_id'),
    vendorRequestId: text('vendor_request_id'),
    outcome: text({ enum: ['completed', 'stopped', 'interrupted', 'failed', 'empty'] }).notNull(),
    errorCode: text('error_code'),
    /** How the tokens were known: told by the vendor, counted by us, or nothing to know. */
    usageSource: text('usage_source', { enum: ['reported', 'estimated', 'none'] }).notNull(),
    /** Kinds do not overlap: their sum is all tokens of the call. */
    inputTokens: integer('input_tokens').notNull(),
    cacheReadTokens: integer('cache_read_tokens').notNull(),
    cacheWriteTokens: integer('cache_write_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    reasoningTokens: integer('reasoning_tokens').notNull(),
    /** What the vendor told of the usage and nobody could believe; then the tokens are our own count. */
    quarantinedUsage: jsonb('quarantined_usage'),
    priceVersionId: uuid('price_version_id').notNull(),
    /** Unit prices as resolved for this call, micro-credits per one million tokens. */
    inputPriceMicros: micros('input_price_micros').notNull(),
    cacheReadPriceMicros: micros('cache_read_price_micros').notNull(),
    cacheWritePriceMicros: micros('cache_write_price_micros').notNull(),
    outputPriceMicros: micros('output_price_micros').notNull(),
    reasoningPriceMicros: micros('reasoning_price_micros').notNull(),
    requestPriceMicros: micros('request_price_micros').notNull(),
    heldMicros: micros('held_micros').notNull(),
    /** What the call cost by its tokens and prices, what the wallet paid of that, and the rest. */
    costMicros: micros('cost_micros').notNull(),
    chargedMicros: micros('charged_micros').notNull(),
    badDebtMicros: micros('bad_debt_micros').notNull(),
    /** Number of the charge in the wallet's statement; null where nothing was charged, and in older receipts. */
    walletSeq: micros('wallet_seq'),
    vendorCostMicros: micros('vendor_cost_micros').notNull(),
    omittedTurns: integer('omitted_turns').notNull(),
    firstTokenMs: integer('first_token_ms'),
    durationMs: integer('duration_ms').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    uniqueIndex('usage_records_hold_key').on(table.holdId),
    index('usage_records_wallet_idx').on(table.walletId, table.id),
    // Rows come in the order of time: this index is a few pages and costs a call nothing.
    index('usage_records_created_idx')
      .using('brin', table.createdAt)
      .with({ autosummarize: true, pages_per_range: 32 }),
  ],
)

/**
 * What a vendor told of a call after a sweep had settled it: it adds to what the call cost us, never to its charge.
 * Append-only by trigger.
 */
export const lateUsage = pgTable(
  'late_usage',
  {
    holdId: uuid('hold_id')
      .primaryKey()
      .references(() => holds.id),
    userId: uuid('user_id').notNull(),
    usageRecordId: uuid('usage_record_id').notNull(),
    modelId: text('model_id').notNull(),
    channelId: uuid('channel_id'),
    vendorRequestId: text('vendor_request_id'),
    inputTokens: integer('input_tokens').notNull(),
    cacheReadTokens: integer('cache_read_tokens').notNull(),
    cacheWriteTokens: integer('cache_write_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    reasoningTokens: integer('reasoning_tokens').notNull(),
    /** What that comes to beyond the vendor cost in the usage record: the sum of both is what the call cost us. */
    vendorCostMicros: micros('vendor_cost_micros').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('late_usage_created_idx').using('brin', table.createdAt).with({ autosummarize: true, pages_per_range: 32 }),
    check(
      'late_usage_not_negative',
      sql`least(${table.inputTokens}, ${table.cacheReadTokens}, ${table.cacheWriteTokens}, ${table.outputTokens}, ${table.reasoningTokens}, ${table.vendorCostMicros}) >= 0`,
    ),
  ],
)
