import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { runMain } from '#scripts/run-main.ts'
import { asOwner } from '#tests/support/backups.ts'
import { cloneDatabase, startTestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { startFakeVendor } from '#tests/support/fake-vendor.ts'
import { admitCall, carryOut, createChannel, createPayer, createPricedModel } from '#tests/support/paid-call.ts'
import { TEST_SECRETS } from '#tests/support/service.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const CALLERS = 8
/** What a command may need more for a large database than for an empty one. */
const MORE_MEMORY_MB = 150
const ROWS_PER_MB = 250

// A large database is backed up while calls are paid, and restored: both in bounded memory, and the books add up.
await runMain(async () => {
  const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '500' } } })
  const cluster = await startTestCluster({ adminUrl: undefined, durable: true })
  const folder = mkdtempSync(path.join(tmpdir(), 'ub-chaos-backup-'))
  const vendor = await startFakeVendor()
  Object.assign(process.env, TEST_SECRETS)
  try {
    const source = await cloneDatabase(cluster, { poolMax: 20 })
    // The calls are made in this process, whose environment must be whole.
    process.env.DATABASE_URL = source.url
    const small = await command(source, ['backup', '--out', path.join(folder, 'small.tar')])
    await fill(source, Number(values.megabytes))
    const load = await startLoad(source, vendor.url)
    const alone = await load.rate(5_000)
    const file = path.join(folder, 'large.tar')
    const begunAt = performance.now()
    const [backup, beside] = await Promise.all([command(source, ['backup', '--out', file]), load.rate(5_000)])
    const seconds = (performance.now() - begunAt) / 1_000
    await load.stop()
    say(`${values.megabytes} MB in ${seconds.toFixed(1)} s into ${(statSync(file).size / 1e6).toFixed(0)} MB`)
    say(`calls a second: ${alone.toFixed(0)} alone, ${beside.toFixed(0)} beside the backup`)
    await command(source, ['backup', 'verify', file])
    const target = await cloneDatabase({ ...cluster, template: 'template0' })
    const restore = await command(target, ['restore', file])
    say(`memory: ${small} MB for a small backup, ${backup} MB for a large one, ${restore} MB for its restore`)
    await Promise.all([source.close(), target.close()])
    const most = small + MORE_MEMORY_MB
    if (backup > most || restore > most) throw new Error(`more than ${most} MB of memory were taken`)
    say('everything adds up')
  } finally {
    await vendor.close()
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Runs a verb of the operator to its good end. @returns the most memory it had, in MB; 0 where nobody knows */
async function command(database: TestDatabase, args: string[]): Promise<number> {
  const child = spawn(process.execPath, ['scripts/admin.ts', ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      DATABASE_OWNER_URL: database.ownerUrl,
      ...TEST_SECRETS,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, readPeak(child.pid!))
  }, 50)
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  clearInterval(watch)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${said}`)
  return most
}

function readPeak(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024)
  } catch {
    return 0
  }
}

/** Rows that compress badly, in a table that grows with a service. */
function fill({ ownerUrl }: TestDatabase, megabytes: number): Promise<unknown> {
  return asOwner(ownerUrl, (owner) =>
    owner.query(
      `INSERT INTO audit_entries (id, actor_type, actor_id, action, subject_type, subject_id, reason)
       SELECT gen_random_uuid(), 'system', 'test', 'test', 'test', i,
         (SELECT string_agg(encode(sha256((i || ':' || j)::bytea), 'hex'), '') FROM generate_series(1, 62) AS j)
       FROM generate_series(1, $1::int) AS i`,
      [megabytes * ROWS_PER_MB],
    ),
  )
}

/** People who pay for calls, one after the other. */
async function startLoad({ db }: TestDatabase, vendorUrl: string) {
  const modelId = await createPricedModel(db, [await createChannel(db, vendorUrl)])
  const payers = await Promise.all(Array.from({ length: CALLERS }, () => createPayer(db, 100_000_000n)))
  let [ended, running] = [0, true]
  const calling = payers.map(async (payer) => {
    while (running) {
      await carryOut(payer, await admitCall(payer, modelId))
      ended++
    }
  })
  return {
    /** Calls a second over so many milliseconds. */
    async rate(ms: number): Promise<number> {
      const before = ended
      await new Promise((resolve) => setTimeout(resolve, ms))
      return ((ended - before) * 1_000) / ms
    },
    async stop(): Promise<void> {
      running = false
      await Promise.all(calling)
    },
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
