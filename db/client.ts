import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { quietErrors } from '#db/quiet-errors.ts'

// bigint columns arrive as bigint, never as a float or a string (OID 20 = int8, 1016 = int8[]).
pg.types.setTypeParser(20, BigInt)
pg.types.setTypeParser(1016 as never, (text: string) => text.slice(1, -1).split(',').filter(Boolean).map(BigInt))

quietErrors()

export type Database = ReturnType<typeof createDatabase>
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
export type Executor = Database | Transaction

/**
 * Opens a pool on a database.
 * @param url connection string of the application's role
 * @param max connections at most; the process's share of the server's budget
 */
export function createDatabase(url: string, max: number) {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: 'undefined-behavior',
    // A lost lock or a forgotten transaction must fail loudly instead of freezing the money path.
    options: '-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s -c statement_timeout=60s -c timezone=UTC',
  })
  // An idle connection that the server closed is not an event of any request.
  pool.on('error', () => undefined)
  // While a transaction holds a connection its loss has no other listener between two statements, and an `error`
  // that nobody hears ends the process. The transaction learns of it with its next statement.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return drizzle({ client: pool })
}

/**
 * Runs work in one transaction on a connection of its own. Drizzle's own `transaction` keeps the connection for good
 * when it breaks before `begin`, until the pool is empty and everybody waits; and it tells of a failed rollback
 * instead of what had failed.
 */
export async function runTransaction<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await db.$client.connect()
  let first: { error: unknown } | undefined
  const noteFailure = (error: unknown) => {
    first = { error }
    throw error
  }
  try {
    return await drizzle({ client }).transaction((tx) => work(tx).catch(noteFailure))
  } catch (error) {
    throw first ? first.error : error
  } finally {
    // The pool throws a broken connection away.
    client.release()
  }
}
