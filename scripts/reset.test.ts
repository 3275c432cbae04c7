import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { sql } from 'drizzle-orm'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import { createDatabase } from '#db/client.ts'
import { systemCtx } from '#lib/ctx.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { runAdmin, TEST_SECRETS } from '#tests/support/service.ts'

const root = path.dirname(import.meta.dirname)
let database: TestDatabase
let name: string

beforeAll(async () => {
  database = await createTestDatabase()
  name = new URL(database.url).pathname.slice(1)
  // Its connections look like those of a service.
  await database.db.$client.end()
})
afterAll(() => database.close().catch(() => undefined))

async function withService<T>(work: (db: ReturnType<typeof createDatabase>) => Promise<T>): Promise<T> {
  const db = createDatabase(database.url, 2)
  try {
    return await work(db)
  } finally {
    await db.$client.end()
  }
}

const siteName = () =>
  withService(async (db) => {
    const { rows } = await db.execute<{ value: string }>(sql`SELECT value FROM settings WHERE key = 'site_name'`)
    return rows[0]?.value
  })

beforeEach(() => withService((db) => setSetting(systemCtx('test', db), { key: 'site_name', value: 'Kept' })))

async function run(script: string, { typed = '', env = {} }: { typed?: string; env?: Record<string, string> } = {}) {
  const child = spawn(process.execPath, [path.join(root, 'scripts', script)], {
    env: {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      DATABASE_URL: database.url,
      DATABASE_OWNER_URL: database.ownerUrl,
      ...TEST_SECRETS,
      ...env,
    },
    stdio: 'pipe',
  })
  child.stdin.on('error', () => undefined).end(typed)
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

const withoutName = (url: string) => {
  const bare = new URL(url)
  bare.pathname = ''
  return bare.href
}

it.each([
  ['another name is typed', { typed: 'undefined\n' }],
  ['nothing is typed', { typed: '\n' }],
  ['nobody is there to type', {}],
])('drops nothing when %s', async (_what, options) => {
  const { code, stderr } = await run('reset.ts', options)
  expect(code).toBe(1)
  expect(stderr).toContain('the name does not fit')
  expect(await siteName()).toBe('Kept')
})

it.each(['', '\n'])(
  'drops nothing when the address does not say the name, and neither does anybody (%j)',
  async (typed) => {
    const env = {
      DATABASE_URL: withoutName(database.url),
      DATABASE_OWNER_URL: withoutName(database.ownerUrl),
      PGDATABASE: name,
    }
    const { code, stderr } = await run('reset.ts', { typed, env })
    expect(code).toBe(1)
    expect(stderr).toContain(`the database "${name}"`)
    expect(await siteName()).toBe('Kept')
  },
)

it('asks nothing while the service runs', async () => {
  const { code, stderr } = await withService(async (db) => {
    await db.execute(sql`SELECT 1`)
    return run('reset.ts', { typed: `${name}\n` })
  })
  expect(code).toBe(1)
  expect(stderr).toBe('the service is running on this database: stop it first\n')
  expect(await siteName()).toBe('Kept')
})

it('says which role it needs, as where only the one that serves is known', async () => {
  const { code, stderr } = await run('reset.ts', { typed: `${name}\n`, env: { DATABASE_OWNER_URL: '' } })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^the role "\w+" may not drop everything: DATABASE_OWNER_URL must name [^\n]+\n$/)
  expect(await siteName()).toBe('Kept')
})

it('does not come between a backup and its tables', async () => {
  const other = new pg.Client({ connectionString: database.ownerUrl })
  await other.connect()
  await other.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migration])
  const { code, stderr } = await run('reset.ts', { typed: `${name}\n` })
  await other.end()
  expect(code).toBe(1)
  expect(stderr).toContain('a migration, a backup or a restore is under way')
  expect(await siteName()).toBe('Kept')
})

it('drops everything when the name is typed, and what follows is as on the first day', async () => {
  const { code, stdout, stderr } = await run('reset.ts', { typed: `${name}\n` })
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(stdout).toContain(`"${name}" is empty and migrated`)
  expect(await siteName()).toBeUndefined()
  const seeded = await run('seed.ts')
  expect(seeded).toMatchObject({ code: 0 })
  expect(seeded.stdout).toContain('/link/')
  expect(await runAdmin(database, ['verify-ledger'])).toMatchObject({ code: 0 })
})
