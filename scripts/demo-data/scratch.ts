import { type SQL, sql } from 'drizzle-orm'
import type { DemoCtx } from './scale.ts'

/** Keeps what a query draws in a temporary table of the transaction, with its size, so that the next query is planned well. */
export async function draw(ctx: DemoCtx, table: string, query: SQL): Promise<void> {
  await ctx.db.execute(sql`CREATE TEMP TABLE ${sql.identifier(table)} ON COMMIT DROP AS ${query}`)
  await ctx.db.execute(sql`ANALYZE ${sql.identifier(table)}`)
}
