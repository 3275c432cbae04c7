import { bigint, customType, timestamp } from 'drizzle-orm/pg-core'

/** An instant, always with time zone; the database's clock sets it. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/** When a row was made. */
export const createdAt = () => instant('created_at').notNull().defaultNow()

/** An amount of micro-credits. */
export const micros = (name: string) => bigint(name, { mode: 'bigint' })

export const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/** A range of instants as PostgreSQL writes it: `["from","to")`. */
export const tstzrange = customType<{ data: string }>({ dataType: () => 'tstzrange' })
