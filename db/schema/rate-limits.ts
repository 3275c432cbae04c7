import { bigint, index, integer, pgTable, text } from 'drizzle-orm/pg-core'

/** Tries of one key within one window; `lib/rate-limit.ts` counts them. */
export const rateLimits = pgTable(
  'rate_limits',
  {
    key: text().primaryKey(),
    points: integer().notNull().default(0),
    /** When the window ends, in milliseconds since the epoch. */
    expire: bigint({ mode: 'bigint' }),
  },
  (table) => [index('rate_limits_expire_idx').on(table.expire)],
)
