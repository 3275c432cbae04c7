import pg from 'pg'
import { migrateDatabase } from '#db/migrate.ts'
import { parseEnv } from '#lib/env.ts'
import { PlainError } from '#scripts/run-main.ts'

const OLDEST_SERVER = 150_000

/**
 * Brings the database of the environment to this release's schema.
 * @returns names of the migrations applied now
 * @throws {PlainError} when the server is older than PostgreSQL 15
 */
export async function migrateFromEnv(): Promise<string[]> {
  const { DATABASE_URL: appUrl, DATABASE_OWNER_URL: ownerUrl = appUrl } = parseEnv(process.env)
  if (!appUrl || !ownerUrl) throw new Error('the database has not been resolved')
  await requireServerVersion(ownerUrl)
  const onWait = () => process.stderr.write('waiting until a migration, a backup or a restore has ended …\n')
  return migrateDatabase({ ownerUrl, appUrl, onWait })
}

/** @throws {PlainError} when the server is older than PostgreSQL 15 */
export async function requireServerVersion(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ number: string; version: string }>(
      `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version`,
    )
    const [server] = rows
    if (Number(server?.number) < OLDEST_SERVER) {
      throw new PlainError(`the database is PostgreSQL ${server?.version}: 15 or newer is needed`)
    }
  } finally {
    await client.end()
  }
}
