import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  date,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { bytea, createdAt, instant, micros, tstzrange } from './columns.ts'

/** What a person picks. Limits are tokens. */
export const models = pgTable(
  'models',
  {
    /** Stable public id, as programs name it: `gpt-5-mini`. */
    id: text().primaryKey(),
    displayName: text('display_name').notNull(),
    vendor: text().notNull(),
    contextTokens: integer('context_tokens').notNull(),
    maxOutputTokens: integer('max_output_tokens').notNull(),
    /** Output cap used when nobody asks for another. */
    defaultMaxOutput: integer('default_max_output').notNull().default(8192),
    /** Below this an answer is not worth starting: the call is refused instead. */
    minOutput: integer('min_output').notNull().default(256),
    reasoning: boolean().notNull().default(false),
    /** Sent as `max_completion_tokens` instead of `max_tokens` where the vendor demands it. */
    outputCapField: text('output_cap_field', { enum: ['max_tokens', 'max_completion_tokens'] })
      .notNull()
      .default('max_tokens'),
    visible: boolean().notNull().default(true),
    position: smallint().notNull().default(0),
    /** Counts changes, so that a stale form is noticed. */
    version: integer().notNull().default(1),
    createdAt: createdAt(),
  },
  (table) => [
    check(
      'models_limits_sane',
      sql`${table.contextTokens} > 0 and ${table.maxOutputTokens} > 0 and ${table.defaultMaxOutput} > 0 and ${table.minOutput} > 0 and ${table.minOutput} <= ${table.maxOutputTokens}`,
    ),
  ],
)

/**
 * What a model costs people and what it costs us, in micro-credits per one million tokens, from a moment on.
 * Ranges of one model cannot overlap (exclusion constraint in the migration).
 */
export const priceVersions = pgTable(
  'price_versions',
  {
    id: uuid().primaryKey(),
    modelId: text('model_id')
      .notNull()
      .references(() => models.id),
    validDuring: tstzrange('valid_during').notNull(),
    inputMicros: micros('input_micros').notNull(),
    cacheReadMicros: micros('cache_read_micros').notNull(),
    cacheWriteMicros: micros('cache_write_micros').notNull(),
    outputMicros: micros('output_micros').notNull(),
    reasoningMicros: micros('reasoning_micros').notNull(),
    requestMicros: micros('request_micros').notNull().default(sql`0`),
    costInputMicros: micros('cost_input_micros').notNull(),
    costCacheReadMicros: micros('cost_cache_read_micros').notNull(),
    costCacheWriteMicros: micros('cost_cache_write_micros').notNull(),
    costOutputMicros: micros('cost_output_micros').notNull(),
    costReasoningMicros: micros('cost_reasoning_micros').notNull(),
    /** Where the vendor's price came from, and the rate with which it was converted to the site's currency. */
    sourceUrl: text('source_url'),
    sourceDate: date('source_date'),
    sourceCurrency: text('source_currency'),
    exchangeRate: numeric('exchange_rate'),
    exchangeRateDate: date('exchange_rate_date'),
    createdAt: createdAt(),
    createdBy: text('created_by').notNull(),
  },
  (table) => [
    index('price_versions_model_idx').on(table.modelId, table.createdAt),
    check(
      'price_versions_not_negative',
      sql`least(${table.inputMicros}, ${table.cacheReadMicros}, ${table.cacheWriteMicros}, ${table.outputMicros}, ${table.reasoningMicros}, ${table.requestMicros}, ${table.costInputMicros}, ${table.costCacheReadMicros}, ${table.costCacheWriteMicros}, ${table.costOutputMicros}, ${table.costReasoningMicros}) >= 0`,
    ),
  ],
)

/** One way to reach models: a vendor's OpenAI-compatible base URL, a pool of keys, a way out. */
export const channels = pgTable(
  'channels',
  {
    id: uuid().primaryKey(),
    name: text().notNull(),
    vendor: text().notNull(),
    baseUrl: text('base_url').notNull(),
    /** Encrypted, since a proxy's URL may carry a password; null uses HTTPS_PROXY of the process. */
    proxySealed: bytea('proxy_sealed'),
    headers: jsonb().notNull().default({}).$type<Record<string, string>>(),
    priority: smallint().notNull().default(0),
    weight: smallint().notNull().default(1),
    status: text({ enum: ['active', 'disabled'] })
      .notNull()
      .default('active'),
    /** Whether its address, or its proxy's, may lie in a private network: the operator's explicit word. */
    ownNetwork: boolean('own_network').notNull().default(false),
    /** Counts changes, so that a stale form is noticed. */
    version: integer().notNull().default(1),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('channels_name_key').on(table.name),
    check('channels_weight_positive', sql`${table.weight} > 0`),
  ],
)

export const channelKeys = pgTable(
  'channel_keys',
  {
    id: uuid().primaryKey(),
    channelId: uuid('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    /** AES-256-GCM under ENCRYPTION_KEY. */
    keySealed: bytea('key_sealed').notNull(),
    /** Last four characters, to tell keys apart. */
    hint: text().notNull(),
    status: text({ enum: ['active', 'disabled', 'refused'] })
      .notNull()
      .default('active'),
    /** Since when the vendor refuses it, and the status with which it did; null while it is taken. */
    refusedAt: instant('refused_at'),
    refusedStatus: smallint('refused_status'),
    /** The last call made to try it: when, whether it worked (`ok`, else a code of ours), and how long its first token took. */
    testedAt: instant('tested_at'),
    testOutcome: text('test_outcome'),
    testFirstTokenMs: integer('test_first_token_ms'),
    createdAt: createdAt(),
  },
  (table) => [index('channel_keys_channel_idx').on(table.channelId)],
)

export const channelModels = pgTable(
  'channel_models',
  {
    channelId: uuid('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    modelId: text('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    /** The vendor's own name for the model. */
    vendorModel: text('vendor_model').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.channelId, table.modelId] }),
    index('channel_models_model_idx').on(table.modelId),
  ],
)
