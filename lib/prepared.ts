import type { SQL } from 'drizzle-orm'
import { PgDialect, type PreparedQueryConfig } from 'drizzle-orm/pg-core'
import type { QueryResult, QueryResultRow } from 'pg'
import type { Executor } from '#db/client.ts'

const dialect = new PgDialect()

/**
 * Runs a statement that each connection parses and plans once. For the few that are sent so often, and are planned for
 * so long, that it shows: planning took a quarter of what a hold and its capture cost.
 * @param name one for each text: the driver refuses a name that comes with another text
 */
export function executePrepared<T extends QueryResultRow>(
  db: Executor,
  name: string,
  statement: SQL,
): Promise<QueryResult<T>> {
  type Config = PreparedQueryConfig & { execute: QueryResult<T> }
  return db._.session.prepareQuery<Config>(dialect.sqlToQuery(statement), undefined, name, false).execute()
}
