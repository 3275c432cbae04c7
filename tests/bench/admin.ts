import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { createDatabase, type Database } from '#db/client.ts'
import { makeSessionCookie } from '#lib/auth/index.ts'
import { newId } from '#lib/id.ts'
import { openDatabase } from '#scripts/embedded-postgres.ts'
import { buildWhenStale } from '#scripts/next-build.ts'
import { ADMIN_VISITS, addressOf, findDemoFacts } from '#tests/support/admin-visits.ts'
import { startService } from '#tests/support/service.ts'
import { formatTable } from './table.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const BUDGET_MS = 300
/** Rounds before anything is measured: code is compiled and pages of tables are read in. */
const WARM_UP = 3
/** How many pages a list is followed before its page counts as one far down. */
const DEPTH = 8

const OPTIONS = {
  rounds: { type: 'string', default: '25' },
  size: { type: 'string', default: 'large' },
  only: { type: 'string', default: '' },
} as const

type Row = { name: string; address: string; isFloor: boolean; times: number[] }

/**
 * Asks the production server for every page and list of the cockpit on the large demonstration, and prints how long each
 * took beside bare ones.
 * @returns whether each is within the budget
 */
export async function benchAdmin(args: string[]): Promise<boolean> {
  const { values } = parseArgs({ args, options: OPTIONS })
  await buildWhenStale(ROOT)
  const kept = process.env.BENCH_DATA_DIR
  const dataDir = kept ?? mkdtempSync(path.join(tmpdir(), 'ub-bench-'))
  try {
    await seed(dataDir, values.size)
    process.env.DATA_DIR = dataDir
    const database = await openDatabase({ command: 'npm run bench -- admin', kind: 'service' })
    try {
      return await measure({ rounds: Number(values.rounds), only: values.only, size: values.size })
    } finally {
      await database.close()
    }
  } finally {
    if (!kept) rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Makes the demonstration, unless the folder has it. */
async function seed(dataDir: string, size: string): Promise<void> {
  const child = spawn(process.execPath, ['scripts/seed.ts', '--demo', size], {
    cwd: ROOT,
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      ADMIN_EMAIL: 'admin@example.com',
      ADMIN_PASSWORD: `a password of ${newId()}`,
    },
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the demonstration could not be made (exit code ${code})`)
}

async function measure({ rounds, only, size }: { rounds: number; only: string; size: string }): Promise<boolean> {
  const {
    DATABASE_URL: url,
    DATABASE_OWNER_URL: ownerUrl,
    AUTH_SECRET,
    ENCRYPTION_KEY,
  } = process.env as Record<string, string>
  const db = createDatabase(url!, 2)
  const service = await startService(
    { url: url!, ownerUrl: ownerUrl! },
    { AUTH_SECRET: AUTH_SECRET!, ENCRYPTION_KEY: ENCRYPTION_KEY! },
  )
  try {
    say(await describeData(db, size))
    const cookie = await signIn(db, service.port)
    const ask = (address: string) => askFor(`${service.url}${address}`, cookie)
    const rows = await listAddresses(db, ask, only)
    for (let round = 1; round <= WARM_UP + rounds; round++) {
      for (const row of rows) {
        const { ms } = await ask(row.address)
        if (round > WARM_UP) row.times.push(ms)
      }
      process.stderr.write(`round ${round} of ${WARM_UP + rounds}\n`)
    }
    const slow = rows.filter((row) => !row.isFloor && quantile(row.times, 0.95) > BUDGET_MS)
    say(tableOf(rows))
    say(
      `load of the machine: ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores; ${rounds} rounds, one request at a time`,
    )
    say(slow.length === 0 ? `each page within ${BUDGET_MS} ms (p95)` : `${slow.length} beyond ${BUDGET_MS} ms (p95)`)
    return slow.length === 0
  } finally {
    await service.stop()
    await db.$client.end()
  }
}

async function describeData(db: Database, size: string): Promise<string> {
  const { rows } = await db.execute<{ line: string }>(sql`
    SELECT concat_ws(', ', 'PostgreSQL ' || current_setting('server_version'), pg_size_pretty(pg_database_size(current_database())),
      (SELECT string_agg(reltuples::bigint || ' ' || relname, ', ' ORDER BY relname) FROM pg_class
       WHERE relname IN ('users', 'messages', 'usage_records', 'transfers', 'orders'))) AS line`)
  return `the ${size} demonstration: ${rows[0]!.line}; Node ${process.versions.node}`
}

async function signIn(db: Database, port: number): Promise<string> {
  const sessionId = newId()
  await db.execute(sql`
    INSERT INTO sessions (id, user_id, ip, user_agent, expires_at)
    SELECT ${sessionId}, id, '', 'bench', now() + interval '1 day' FROM users WHERE role = 'admin' ORDER BY id LIMIT 1`)
  const { name, value } = await makeSessionCookie({ proto: 'http', host: `localhost:${port}` }, sessionId)
  return `${name}=${value}`
}

/** What a page took until it was there whole; an export, until it began. */
async function askFor(url: string, cookie: string): Promise<{ ms: number; text: string }> {
  const from = performance.now()
  const response = await fetch(url, { headers: { cookie }, redirect: 'manual' })
  const isExport = response.headers.get('content-type')?.startsWith('text/csv')
  let text = ''
  if (isExport) {
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
  } else text = await response.text()
  const ms = performance.now() - from
  // A search that finds one thing leads there.
  if (![200, 307].includes(response.status)) throw new Error(`${url} answered ${response.status}`)
  return { ms, text }
}

async function listAddresses(
  db: Database,
  ask: (address: string) => Promise<{ text: string }>,
  only: string,
): Promise<Row[]> {
  const row = (name: string, address: string, isFloor = false): Row => ({ name, address, isFloor, times: [] })
  const rows = [row('bare route', '/api/health', true), row('bare page', '/admin/packages', true)]
  const facts = await findDemoFacts(db)
  for (const [place, visits] of Object.entries(ADMIN_VISITS)) {
    if (!place.includes(only)) continue
    for (const rest of visits(facts)) {
      const { path: address } = addressOf(place, rest)
      rows.push(row(place, address))
      if (place.startsWith('api/')) continue
      const deep = await follow(ask, address)
      if (deep !== address) rows.push(row(`${place}, far down`, deep))
    }
  }
  return rows
}

/** Goes on to the next page some times, as far as there is one. */
async function follow(ask: (address: string) => Promise<{ text: string }>, first: string): Promise<string> {
  let address = first
  for (let page = 0; page < DEPTH; page++) {
    const { text } = await ask(address)
    const next = /href="([^"]*[?&;]after=[^"]*)"/.exec(text)?.[1]
    if (!next) break
    address = next.replaceAll('&amp;', '&')
  }
  return address
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ name, address, isFloor, times }) => {
    const p95 = quantile(times, 0.95)
    const verdict = isFloor ? 'floor' : p95 > BUDGET_MS ? 'TOO SLOW' : 'ok'
    return [shorten(address), name, quantile(times, 0.5).toFixed(0), p95.toFixed(0), verdict]
  })
  return formatTable([['address', 'page', 'p50 ms', 'p95 ms', ''], ...lines])
}

/** An id says nothing to a reader. */
function shorten(address: string): string {
  const short = address.replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{22}/g, (id) => `…${id.slice(-4)}`)
  return short.length > 70 ? `${short.slice(0, 69)}…` : short
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
