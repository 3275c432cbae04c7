import { bigint, index, integer, pgTable, text } from 'drizzle-orm/pg-core'

/** The table of rate-limiter-flexible, in the shape its PostgreSQL store expects. */
export const rateLimits = pgTable(
  'rate_limits',
  {
    key: text().primaryKey(),
    points: integer().notNull().default(0),
    /** Milliseconds since the epoch; null never expires. */
    expire: bigint({ mode: 'bigint' }),
  },
  (table) => [index('rate_limits_expire_idx').on(table.expire)],
)
