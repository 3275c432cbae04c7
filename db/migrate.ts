import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'

// Bundled into the server this file has no folder of its own; the server runs in the project's root.
const FOLDER = join(import.meta.dirname ?? join(process.cwd(), 'db'), 'migrations')

/** Tables whose rows only the ledger's functions may write. */
const LEDGER_TABLES = ['accounts', 'wallets', 'transfers', 'holds', 'lots', 'lot_uses', 'spend_caps']

/** The ledger's verbs; its other functions are for these alone. */
const LEDGER_VERBS = [
  'ledger_open_wallet',
  'ledger_post',
  'ledger_hold',
  'ledger_capture',
  'ledger_expire',
  'ledger_set_cap',
  'ledger_suspend',
]
/** Tables that the application may add to and never change. */
const APPEND_ONLY_TABLES = ['usage_records', 'late_usage', 'audit_entries', 'payment_events']

/**
 * Brings a database to this release's schema: forward only, one process at a time.
 * @param ownerUrl role that owns the schema
 * @param appUrl role the application runs as; when it is another one it is granted what it needs and no more
 * @param onWait told when somebody else migrates, backs up or restores, which is waited for
 * @returns names of the migrations that were applied now
 * @throws {Error} when a migration of the journal is not in the database afterwards
 */
export async function migrateDatabase({
  ownerUrl,
  appUrl,
  onWait,
}: {
  ownerUrl: string
  appUrl: string
  onWait?: () => void
}): Promise<string[]> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'undefined-behavior migrate' })
  await client.connect()
  try {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS free', [ADVISORY_LOCKS.migration])
    if (!rows[0].free) {
      onWait?.()
      await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migration])
    }
    const before = await readMissing(client)
    await migrate(drizzle({ client }), { migrationsFolder: FOLDER })
    const missing = await readMissing(client)
    if (missing.length > 0) throw new Error(`migrations missing after migrating: ${missing.join(', ')}`)
    await grantToApplication(client, { ownerUrl, appUrl })
    return before
  } finally {
    await client.end()
  }
}

/**
 * Which migrations of this release a database lacks.
 * @returns their names; empty when the database is up to date
 */
export async function missingMigrations(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'undefined-behavior migrate' })
  await client.connect()
  try {
    return await readMissing(client)
  } finally {
    await client.end()
  }
}

async function readMissing(client: pg.Client): Promise<string[]> {
  const table = await client.query(`SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS there`)
  const applied = new Set<string>()
  if (table.rows[0].there) {
    const rows = await client.query<{ hash: string }>('SELECT hash FROM drizzle.__drizzle_migrations')
    for (const row of rows.rows) applied.add(row.hash)
  }
  return (await readMigrations()).filter(({ hash }) => !applied.has(hash)).map(({ tag }) => tag)
}

/** A change of the schema; `hash` is what a database remembers of it. */
export type Migration = { tag: string; hash: string; createdAt: number; sql: string }

/** The migrations of this release, in order. */
export async function readMigrations(): Promise<Migration[]> {
  const journal = JSON.parse(await readFile(join(FOLDER, 'meta', '_journal.json'), 'utf8')) as {
    entries: { tag: string; when: number }[]
  }
  return Promise.all(
    journal.entries.map(async ({ tag, when }) => {
      const sql = await readFile(join(FOLDER, `${tag}.sql`), 'utf8')
      return { tag, hash: createHash('sha256').update(sql).digest('hex'), createdAt: when, sql }
    }),
  )
}

/** Applies migrations within the caller's transaction, and has the database remember them as `migrateDatabase` does. */
export async function applyMigrations(client: pg.Client, migrations: readonly Migration[]): Promise<void> {
  for (const { sql, hash, createdAt } of migrations) {
    for (const statement of sql.split('--> statement-breakpoint')) await client.query(statement)
    await client.query('INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ($1, $2)', [hash, createdAt])
  }
}

function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username)
}

/** Lets the role that serves do what it needs and no more, in one statement; nothing when it owns the schema itself. */
export async function grantToApplication(
  client: pg.Client,
  { ownerUrl, appUrl }: { ownerUrl: string; appUrl: string },
): Promise<void> {
  const role = roleOf(appUrl)
  if (role === roleOf(ownerUrl)) return
  const name = client.escapeIdentifier(role)
  const ledger = LEDGER_TABLES.join(', ')
  const appendOnly = APPEND_ONLY_TABLES.join(', ')
  await client.query(`
    GRANT USAGE ON SCHEMA public, drizzle TO ${name};
    GRANT SELECT ON drizzle.__drizzle_migrations TO ${name};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ${ledger} FROM ${name};
    REVOKE UPDATE, DELETE, TRUNCATE ON ${appendOnly} FROM ${name};
    REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM ${name};
    GRANT EXECUTE ON FUNCTION ${LEDGER_VERBS.join(', ')} TO ${name};
  `)
}
