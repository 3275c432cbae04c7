import { createInterface } from 'node:readline/promises'
import pg from 'pg'
import { parseEnv } from '#lib/env.ts'
import { withDatabase } from '#scripts/embedded-postgres.ts'
import { migrateFromEnv } from '#scripts/migrating.ts'
import { PlainError, runMain } from '#scripts/run-main.ts'

await runMain(() =>
  withDatabase('npm run db:reset', async () => {
    const { DATABASE_OWNER_URL: url } = parseEnv(process.env)
    const name = decodeURIComponent(new URL(url ?? '').pathname.slice(1))
    await confirm(name)
    await dropEverything(url ?? '')
    await migrateFromEnv()
    process.stdout.write(`"${name}" is empty and migrated; npm run seed fills in the first settings\n`)
  }),
)

async function confirm(name: string): Promise<void> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
  const question = prompt.question(`Everything in the database "${name}" will be lost. Type its name to go on: `)
  const typed = await Promise.race([question, ended])
  prompt.close()
  if (typed.trim() !== name) throw new PlainError('the name does not fit: nothing was changed')
}

async function dropEverything(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ others: bigint }>(
      `SELECT count(*) AS others FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'undefined-behavior' AND pid <> pg_backend_pid()`,
    )
    if (Number(rows[0]?.others) > 0) throw new PlainError('the service is running on this database: stop it first')
    await client.query('DROP SCHEMA IF EXISTS drizzle CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  } finally {
    await client.end()
  }
}
