import { bigint, customType, timestamp } from 'drizzle-orm/pg-core'

/** An instant, always with time zone; the database's clock sets it. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/** When a row was made. */
export const createdAt = () => instant('created_at').notNull().defaultNow()

/** An amount of micro-credits. */
export const micros = (name: string) => bigint(name, { mode: 'bigint' })

// Domains of the migrations. PostgreSQL reads the CHECK of a domain once in a connection, that of a table with each
// statement that writes it.
const domain = <T>(type: string) => customType<{ data: T; driverData: T }>({ dataType: () => type })

/** An amount of micro-credits that the database keeps from being negative. */
export const microsNotNegative = domain<bigint>('micros_not_negative')
/** An amount of micro-credits that the database keeps above zero. */
export const microsPositive = domain<bigint>('micros_positive')
/** A whole number that the database keeps from being negative. */
export const countNotNegative = domain<number>('count_not_negative')

export const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/** A range of instants as PostgreSQL writes it: `["from","to")`. */
export const tstzrange = customType<{ data: string }>({ dataType: () => 'tstzrange' })
