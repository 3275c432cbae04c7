import { createInterface } from 'node:readline/promises'
import pg from 'pg'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import { parseEnv } from '#lib/env.ts'
import { withDatabase } from '#scripts/embedded-postgres.ts'
import { migrateFromEnv } from '#scripts/migrating.ts'
import { PlainError, runMain } from '#scripts/run-main.ts'

await runMain(() =>
  withDatabase('npm run db:reset', async () => {
    const { DATABASE_OWNER_URL: url } = parseEnv(process.env)
    const client = new pg.Client({ connectionString: url, application_name: 'undefined-behavior reset' })
    await client.connect()
    // What the server says before it ends a connection comes with the next statement as well.
    client.on('error', () => undefined)
    let name: string
    try {
      name = await readName(client)
      await refuse(client)
      await confirm(name)
      await takeLock(client)
      await refuse(client)
      await dropEverything(client)
    } finally {
      await client.end()
    }
    await migrateFromEnv()
    process.stdout.write(`"${name}" is empty and migrated; npm run seed fills in the first settings\n`)
  }),
)

/** As the server knows it: an address need not say it. */
async function readName(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name')
  return rows[0]!.name
}

/** @throws {PlainError} while the service runs, or for a role that may not do it */
async function refuse(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ others: bigint; role: string; may: boolean }>(
    `SELECT (SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'undefined-behavior') AS others,
     current_user AS role,
     has_database_privilege(current_database(), 'CREATE')
       AND NOT EXISTS (
         SELECT 1 FROM pg_namespace WHERE nspname IN ('public', 'drizzle') AND NOT pg_has_role(nspowner, 'USAGE')) AS may`,
  )
  const { others, role, may } = rows[0]!
  if (Number(others) > 0) throw new PlainError('the service is running on this database: stop it first')
  if (!may) {
    throw new PlainError(
      `the role "${role}" may not drop everything: DATABASE_OWNER_URL must name the one that owns the database`,
    )
  }
}

async function confirm(name: string): Promise<void> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<null>((resolve) => prompt.once('close', () => resolve(null)))
  const question = prompt.question(`Everything in the database "${name}" will be lost. Type its name to go on: `)
  const typed = await Promise.race([question, ended])
  prompt.close()
  if (typed?.trim() !== name) throw new PlainError('the name does not fit: nothing was changed')
}

/** For as long as the connection is open. */
async function takeLock(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS free', [ADVISORY_LOCKS.migration])
  if (!rows[0].free) throw new PlainError('a migration, a backup or a restore is under way: nothing was changed')
}

async function dropEverything(client: pg.Client): Promise<void> {
  try {
    // Statements that are sent together are one transaction.
    await client.query(
      `SET LOCAL lock_timeout = '10s';
       DROP SCHEMA IF EXISTS drizzle CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public`,
    )
  } catch (error) {
    if ((error as pg.DatabaseError).code !== '55P03') throw error
    throw new PlainError('somebody is still working in this database: nothing was changed')
  }
}
