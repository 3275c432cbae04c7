import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { getTableName, is } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { PgTable } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import type { Transaction } from '#db/client.ts'
import { applyMigrations, grantToApplication, type Migration, readMigrations } from '#db/migrate.ts'
import * as schema from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { systemCtx } from '#lib/ctx.ts'
import { restoreStructure, setStructureAside } from '#scripts/postgres/structure.ts'
import { PlainError } from '#scripts/run-main.ts'
import { BackupError } from './backup-error.ts'
import {
  breakOff,
  copyTarget,
  hasColumns,
  openConnection,
  readAppliedMigrations,
  readCounts,
  readSums,
  readTables,
  setSequences,
  type Table,
} from './catalog.ts'
import type { Manifest, TableManifest } from './manifest.ts'
import { type Backup, verifyBackup } from './read-backup.ts'

/** A connection that does not answer any more is given up. */
const ROLLBACK_MS = 5_000

const DISK_FULL = '53100'

export type RestoreOptions = {
  /** Role that owns the schema, and role that serves. */
  ownerUrl: string
  appUrl: string
  signal?: AbortSignal
}

/**
 * Puts a backup in the place of a database without people, in one transaction: all of it or nothing. The schema is made
 * anew as it was when the backup was made, and brought to this release once the rows are in. What was counted and summed
 * in the backup is counted and summed again before the commit.
 * @returns names of the migrations that were applied to what the backup held
 * @throws {BackupError} when the file is damaged, or of a newer release; nothing was changed
 * @throws {PlainError} when the database is not one to restore into; nothing was changed
 */
export async function restoreBackup(backup: Backup, { ownerUrl, appUrl, signal }: RestoreOptions): Promise<string[]> {
  const { manifest } = backup
  const { past, ahead } = splitMigrations(await readMigrations(), manifest)
  // All of it before anything is touched: a restore may take hours, and to find the damage at their end helps nobody.
  await verifyBackup(backup, signal)
  const client = await openConnection(ownerUrl, 'restore')
  const abort = () => breakOff(client)
  signal?.addEventListener('abort', abort)
  try {
    signal?.throwIfAborted()
    await lockMigrations(client)
    await client.query('BEGIN')
    await client.query(`SET LOCAL lock_timeout = '10s'; SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL jit = off`)
    await requireUnused(client)
    await dropEverything(client)
    await applyMigrations(client, past)
    await requireSameTables(client, manifest)
    await loadRows(client, backup)
    await setSequences(client, manifest.sequences)
    await compareFigures(client, manifest)
    await applyMigrations(client, ahead)
    await grantToApplication(client, { ownerUrl, appUrl })
    await recordAudit(systemCtx('restore', asTransaction(client)), {
      action: 'backup.restore',
      subjectType: 'service',
      subjectId: 'backup',
      after: { createdAt: manifest.createdAt, release: manifest.release },
    })
    await client.query('ANALYZE')
    await client.query('COMMIT')
    await client.end()
    return ahead.map(({ tag }) => tag)
  } catch (error) {
    // When this returns the database is as it was, so that it can be tried again at once.
    if (!signal?.aborted)
      await Promise.race([
        client.query('ROLLBACK').catch(() => undefined),
        wait(ROLLBACK_MS, undefined, { ref: false }),
      ])
    breakOff(client)
    signal?.throwIfAborted()
    const { code, message } = postgresErrorOf(error)
    if (code !== DISK_FULL) throw error
    throw new PlainError(`the database has no room for it, and is as it was: ${message}`, { cause: error })
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** A connection whose transaction is open, for what expects one of Drizzle's. */
function asTransaction(client: pg.Client): Transaction {
  return drizzle({ client }) as unknown as Transaction
}

/** @throws {BackupError} when the backup has had a migration that this release does not know */
function splitMigrations(known: readonly Migration[], { migrations, release }: Manifest) {
  const isPast = migrations.every((hash, index) => known[index]?.hash === hash)
  if (!isPast) {
    throw new BackupError(
      `it was made by release ${release}, whose database has changes that this release does not know: restore it with that release or a later one`,
    )
  }
  return { past: known.slice(0, migrations.length), ahead: known.slice(migrations.length) }
}

async function lockMigrations(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS free', [ADVISORY_LOCKS.migration])
  if (!rows[0].free) throw new PlainError('a migration, a backup or another restore is under way on this database')
}

/** @throws {PlainError} unless the database is empty, or a service's where nobody has been yet and that is stopped */
async function requireUnused(client: pg.Client): Promise<void> {
  const tables = (await readTables(client)).map(({ name }) => name)
  const migrated = (await readAppliedMigrations(client)) !== null
  const own = new Set<string>(
    Object.values(schema).flatMap((value) => (is(value, PgTable) ? [getTableName(value)] : [])),
  )
  const strange = tables.filter((name) => !migrated || !own.has(name))
  if (strange.length > 0) {
    throw new PlainError(
      `this database holds tables that are not of this service (${strange.slice(0, 5).join(', ')}): restore into a database of its own`,
    )
  }
  const service = await client.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'undefined-behavior' AND pid <> pg_backend_pid()`,
  )
  if (service.rowCount !== 0) throw new PlainError('the service is running on this database: stop it first')
  if (tables.length === 0) return
  // So that nobody comes in between.
  const names = tables.map((name) => `public.${client.escapeIdentifier(name)}`)
  await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`)
  const counts = await readCounts(
    client,
    ['users', 'orders', 'transfers'].filter((name) => tables.includes(name)),
  )
  const [found] = [...counts].filter(([, rows]) => rows > 0)
  if (found) {
    const what = found[0] === 'users' ? 'people' : found[0]
    throw new PlainError(
      `this database holds ${what} (${found[1]}): a backup is restored into one without. Use another DATABASE_URL or DATA_DIR, or empty this one with npm run db:reset`,
    )
  }
}

/** Drops what migrations made, and leaves the schema itself and extensions, which may be the server's administrator's. */
async function dropEverything(client: pg.Client): Promise<void> {
  await client.query(`
    DO $$
    DECLARE it record;
    BEGIN
      FOR it IN
        SELECT format('DROP TABLE IF EXISTS public.%I CASCADE', relname) AS statement
        FROM pg_class c
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
          AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      LOOP EXECUTE it.statement; END LOOP;
      FOR it IN
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) AS statement
        FROM pg_proc p
        WHERE pronamespace = 'public'::regnamespace AND proowner = current_user::regrole
          AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
      LOOP EXECUTE it.statement; END LOOP;
      FOR it IN
        SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', typname) AS statement
        FROM pg_type t
        WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e') AND typowner = current_user::regrole
          AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
      LOOP EXECUTE it.statement; END LOOP;
    END $$;
    CREATE SCHEMA IF NOT EXISTS drizzle;
    CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (
      id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
    DELETE FROM drizzle.__drizzle_migrations`)
}

/** @throws {BackupError} when the manifest names other tables or columns than its migrations make */
async function requireSameTables(client: pg.Client, { tables, leftOut, sums }: Manifest): Promise<void> {
  const made = await readTables(client)
  const listOf = (list: readonly Table[]) =>
    list
      .filter(({ name }) => !leftOut.includes(name))
      .map(({ name, columns }) => `${name}(${columns.toSorted().join()})`)
      .toSorted()
      .join()
  if (listOf(tables) !== listOf(made) || !sums.every((sum) => hasColumns(made, sum))) {
    throw new BackupError('its tables are not those of the release that it names')
  }
}

async function loadRows(client: pg.Client, backup: Backup): Promise<void> {
  const db = asTransaction(client)
  const names = (await readTables(client)).map(({ name }) => name)
  const before = await readRules(client)
  // The rows have passed the triggers once, by the rules of their day; what they are now must not depend on the order here.
  for (const name of names) {
    await client.query(`ALTER TABLE public.${client.escapeIdentifier(name)} DISABLE TRIGGER USER`)
  }
  const setAside = await setStructureAside(db, names)
  // Migrations come with rows of their own, which are among those of the backup.
  await client.query(`TRUNCATE ${names.map((name) => `public.${client.escapeIdentifier(name)}`).join(', ')}`)
  for (const table of backup.manifest.tables) await loadTable(client, backup, table)
  await requireFit(restoreStructure(db, setAside))
  for (const name of names) {
    await client.query(`ALTER TABLE public.${client.escapeIdentifier(name)} ENABLE TRIGGER USER`)
  }
  if ((await readRules(client)) !== before) throw new Error('a rule of the database was not brought back as it was')
}

async function loadTable(client: pg.Client, backup: Backup, table: TableManifest): Promise<void> {
  if (table.rows === 0) return
  const target = client.query(copyFrom(`COPY ${copyTarget(client, table)} FROM STDIN (FREEZE)`))
  await requireFit(pipeline(Readable.from(backup.rowsOf(table)), target))
}

/** @throws {BackupError} when rows are none that PostgreSQL can read, or break a rule (SQLSTATE of class 22 and 23) */
async function requireFit<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { code, message } = postgresErrorOf(error)
    if (!/^2[23]...$/.test(code ?? '')) throw error
    throw new BackupError(`its rows do not fit together: ${message}`, { cause: error })
  }
}

/** Drizzle wraps what the driver throws. */
function postgresErrorOf(error: unknown): { code?: string; message: string } {
  return ((error as Error).cause ?? error) as Error & { code?: string }
}

/** Every key, index, check and trigger, in one text. */
async function readRules(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ rule: string }>(`
    SELECT format('%s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) AS rule
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
    UNION ALL SELECT format('%s %s', pg_get_indexdef(indexrelid), indisvalid)
    FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s', pg_get_triggerdef(t.oid), tgenabled)
    FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT tgisinternal
    ORDER BY 1`)
  return rows.map(({ rule }) => rule).join('\n')
}

/** @throws {BackupError} when the database, asked itself, has other counts or sums than the backup */
async function compareFigures(client: pg.Client, { tables, sums }: Manifest): Promise<void> {
  const counts = await readCounts(
    client,
    tables.map(({ name }) => name),
  )
  const differing = tables
    .filter(({ name, rows }) => counts.get(name) !== rows)
    .map(({ name, rows }) => `${name}: ${rows} rows in the backup, ${counts.get(name)} restored`)
  const restored = await readSums(client, sums)
  for (const [index, { table, column, values }] of sums.entries()) {
    const found = restored[index]!.values
    for (const key of new Set([...Object.keys(values), ...Object.keys(found)])) {
      if (values[key] === found[key]) continue
      differing.push(
        `${table}.${column} ${key}: ${values[key] ?? 'none'} in the backup, ${found[key] ?? 'none'} restored`,
      )
    }
  }
  if (differing.length > 0) throw new BackupError(`its figures are not those of its rows: ${differing.join('; ')}`)
}
