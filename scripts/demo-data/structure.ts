import { sql } from 'drizzle-orm'
import type { DemoCtx } from './scale.ts'

/** Tables that millions of rows go into. */
const LARGE_TABLES = [
  'conversations',
  'messages',
  'generations',
  'holds',
  'admissions',
  'transfers',
  'lots',
  'lot_uses',
  'usage_records',
  'audit_entries',
]

/** Statements that bring back what was set aside, each written by PostgreSQL. */
export type SetAside = string[]

/**
 * Drops the indexes and keys of the large tables inside the transaction: built at the end they take a third of the
 * time and half the room, and they refuse what breaks them all the same. Triggers stay in force.
 */
export async function setStructureAside(ctx: DemoCtx): Promise<SetAside> {
  const tables = sql`${`{${LARGE_TABLES.join(',')}}`}::regclass[]`
  // Foreign keys go first and come back last: they stand on the others.
  const constraints = await ctx.db.execute<{ drop: string; restore: string; foreign: boolean }>(sql`
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS restore,
      contype = 'f' AS foreign
    FROM pg_constraint
    WHERE (contype = 'f' AND (conrelid = ANY (${tables}) OR confrelid = ANY (${tables})))
      OR (contype IN ('p', 'u') AND conrelid = ANY (${tables}))
    ORDER BY contype = 'f' DESC, conrelid::regclass::text, conname`)
  for (const { drop } of constraints.rows) await ctx.db.execute(sql.raw(drop))
  const indexes = await ctx.db.execute<{ drop: string; restore: string }>(sql`
    SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS restore
    FROM pg_index WHERE indrelid = ANY (${tables}) ORDER BY indrelid::regclass::text, indexrelid::regclass::text`)
  for (const { drop } of indexes.rows) await ctx.db.execute(sql.raw(drop))
  const keys = constraints.rows.filter(({ foreign }) => !foreign)
  const foreignKeys = constraints.rows.filter(({ foreign }) => foreign)
  return [...keys, ...indexes.rows, ...foreignKeys].map(({ restore }) => restore)
}

/** Brings back what was set aside. @param told after each statement */
export async function restoreStructure(ctx: DemoCtx, setAside: SetAside, told: () => void): Promise<void> {
  for (const statement of setAside) {
    await ctx.db.execute(sql.raw(statement))
    told()
  }
}
