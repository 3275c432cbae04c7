import { sql } from 'drizzle-orm'
import type { Executor } from '#db/client.ts'

/** Statements that bring back what was set aside, each written by PostgreSQL. */
export type SetAside = string[]

/**
 * Drops the indexes and keys of tables inside a transaction: built at the end they take a third of the time and half the
 * room, and they refuse what breaks them all the same. Triggers and exclusion constraints stay in force.
 * @param kept indexes that the triggers of each row look into: they stay
 */
export async function setStructureAside(
  db: Executor,
  names: readonly string[],
  kept: readonly string[] = [],
): Promise<SetAside> {
  const tables = sql`${`{${names.join(',')}}`}::regclass[]`
  const keptIndexes = sql`${`{${kept.join(',')}}`}::regclass[]`
  // Foreign keys go first and come back last: they stand on the others.
  const constraints = await db.execute<{ drop: string; restore: string; foreign: boolean }>(sql`
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS restore,
      contype = 'f' AS foreign
    FROM pg_constraint
    WHERE (contype = 'f' AND (conrelid = ANY (${tables}) OR confrelid = ANY (${tables})))
      OR (contype IN ('p', 'u') AND conrelid = ANY (${tables}) AND conindid <> ALL (${keptIndexes}))
    ORDER BY contype = 'f' DESC, conrelid::regclass::text, conname`)
  for (const { drop } of constraints.rows) await db.execute(sql.raw(drop))
  const indexes = await db.execute<{ drop: string; restore: string }>(sql`
    SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS restore
    FROM pg_index
    WHERE indrelid = ANY (${tables}) AND indexrelid <> ALL (${keptIndexes})
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'x')
    ORDER BY indrelid::regclass::text, indexrelid::regclass::text`)
  for (const { drop } of indexes.rows) await db.execute(sql.raw(drop))
  const keys = constraints.rows.filter(({ foreign }) => !foreign)
  const foreignKeys = constraints.rows.filter(({ foreign }) => foreign)
  return [...keys, ...indexes.rows, ...foreignKeys].map(({ restore }) => restore)
}

/** Brings back what was set aside. @param told after each statement */
export async function restoreStructure(
  db: Executor,
  setAside: SetAside,
  told: () => void = () => undefined,
): Promise<void> {
  for (const statement of setAside) {
    await db.execute(sql.raw(statement))
    told()
  }
}
