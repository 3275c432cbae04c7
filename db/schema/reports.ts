import {
  bigint,
  date,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import { instant, micros } from './columns.ts'

const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0)
const sum = (name: string) => bigint(name, { mode: 'bigint' }).notNull()

/**
 * Sums over tables that are too large to be summed for a page: a job adds what is new (`lib/reports`). Days begin at
 * midnight in the site's time zone; a change of it counts everything anew.
 */
export const reportProgress = pgTable('report_progress', {
  /** What is summed: `usage` or `ledger`. */
  name: text().primaryKey(),
  /** The zone that the days are cut in. */
  timeZone: text('time_zone').notNull(),
  /** Everything committed with an earlier time is in the sums, nothing later is. */
  through: timestamp({ withTimezone: true, mode: 'string' }).notNull(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

/** Calls by day, model and channel. The demo vendor is no channel: null. */
export const usageDays = pgTable(
  'usage_days',
  {
    day: date().notNull(),
    modelId: text('model_id').notNull(),
    channelId: uuid('channel_id'),
    calls: count('calls'),
    stopped: count('stopped'),
    interrupted: count('interrupted'),
    failed: count('failed'),
    empty: count('empty'),
    inputTokens: count('input_tokens'),
    cacheReadTokens: count('cache_read_tokens'),
    cacheWriteTokens: count('cache_write_tokens'),
    outputTokens: count('output_tokens'),
    reasoningTokens: count('reasoning_tokens'),
    chargedMicros: sum('charged_micros'),
    badDebtMicros: sum('bad_debt_micros'),
    vendorCostMicros: sum('vendor_cost_micros'),
  },
  (table) => [unique('usage_days_key').on(table.day, table.modelId, table.channelId).nullsNotDistinct()],
)

/** How many calls had their first token within a time: `bucket` is a step of a scale, see `lib/reports/latency.ts`. */
export const latencyDays = pgTable(
  'latency_days',
  {
    day: date().notNull(),
    modelId: text('model_id').notNull(),
    channelId: uuid('channel_id'),
    bucket: smallint().notNull(),
    calls: count('calls'),
  },
  (table) => [
    unique('latency_days_key').on(table.day, table.modelId, table.channelId, table.bucket).nullsNotDistinct(),
  ],
)

/** Calls by person and day: who was active, and who costs what. */
export const personDays = pgTable(
  'person_days',
  {
    userId: uuid('user_id').notNull(),
    day: date().notNull(),
    calls: count('calls'),
    chargedMicros: sum('charged_micros'),
    vendorCostMicros: sum('vendor_cost_micros'),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.day] }),
    index('person_days_day_idx').on(table.day, table.userId),
  ],
)

/** How many people called on a day. */
export const activeDays = pgTable('active_days', {
  day: date().primaryKey(),
  people: integer().notNull(),
})

/**
 * Credits moved by day, kind and accounts: house accounts by their code, all wallets together as `wallet`. What came into
 * or left a wallet is split by where the credits had come from (`source` of its lots); null between house accounts.
 */
export const ledgerDays = pgTable(
  'ledger_days',
  {
    day: date().notNull(),
    kind: text().notNull(),
    debit: text().notNull(),
    credit: text().notNull(),
    source: text({ enum: ['paid', 'promotional', 'code'] }),
    amountMicros: micros('amount_micros').notNull(),
  },
  (table) => [
    unique('ledger_days_key').on(table.day, table.kind, table.debit, table.credit, table.source).nullsNotDistinct(),
  ],
)
