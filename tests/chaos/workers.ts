import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createAccount } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { findWallet, HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { buildWhenStale } from '#scripts/next-build.ts'
import { findFreePort } from '#scripts/ports.ts'
import { runMain } from '#scripts/run-main.ts'
import { onStopRequest } from '#scripts/signals.ts'
import { findInPath } from '#scripts/testing/install-lines.ts'
import { createPrefix, startEntry } from '#tests/nginx/entry.ts'
import { createModel } from '#tests/support/chat.ts'
import { cloneDatabase, startTestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { answers, type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { runAdmin, type Service, startService, TEST_SECRETS } from '#tests/support/service.ts'
import { compareSums, compareWithTold, findUnstored } from './checks.ts'
import { signIn } from './client.ts'
import { clientPortsOf } from './open-connections.ts'
import { type Failure, Load } from './worker-load.ts'

const PASSWORD = 'correct horse battery'
const WORKERS = 4
const DRAIN_SECONDS = 20
/** What the drain may take beyond its limit: see `scripts/server/workers.ts`. */
const DRAIN_MARGIN_MS = 8_000
const WORD_MS = 60
/** Heard on the side of the client while another process starts, on a machine of two cores. */
const GAP_MS_MAX = 3_000
const REPLACED_WITHIN_MS = 60_000
const ENDED_WITHIN_MS = 90_000

const failed: string[] = []
let service: Service | undefined
/** Whether answers take longer than a drain may. */
let talkLong = false

await runMain(async () => {
  const { values } = parseArgs({
    options: { people: { type: 'string', default: '16' }, kills: { type: 'string', default: '3' } },
  })
  await buildWhenStale(path.resolve(import.meta.dirname, '..', '..'))
  const cluster = await startTestCluster({ adminUrl: undefined, durable: true })
  const database = await cloneDatabase(cluster)
  const vendor = await startFakeVendor()
  vendor.setBehavior(talk)
  const remove = async () => {
    if (service) killGroup(service.pid)
    await service?.gone
    await vendor.close()
    await database.close()
    await cluster.stop()
  }
  onStopRequest(() => void remove().finally(() => process.exit(130)))
  try {
    await tryEverything({ database, vendor, people: Number(values.people), kills: Number(values.kills) })
  } finally {
    await remove()
  }
  for (const line of failed.slice(0, 50)) say(`  ${line}`)
  say(failed.length === 0 ? 'nobody but the clients of dead processes noticed' : `${failed.length} FAILURES`)
  process.exit(failed.length === 0 ? 0 : 1)
})

type Setting = { database: TestDatabase; vendor: FakeVendor; people: number; kills: number }

async function tryEverything({ database, vendor, people, kills }: Setting): Promise<void> {
  Object.assign(process.env, TEST_SECRETS, { DATABASE_URL: database.url })
  const modelId = await createModel(database.db, vendor.url, { maxOutputTokens: 4_000 })
  const port = await findFreePort()
  const env = { SERVER_WORKERS: String(WORKERS), UB_DRAIN_SECONDS: String(DRAIN_SECONDS), LOG_LEVEL: 'info' }
  const start = async () => {
    service = await startService(database, env, { port, detached: true })
    return service
  }
  await start()
  const cookies: string[] = []
  for (let i = 0; i < people; i++) cookies.push(await enter(database, `http://localhost:${port}`, i))

  const load = new Load()
  for (const cookie of cookies) load.addReader({ port, cookie }, modelId)
  const visitor = { port, cookie: cookies[0]! }
  for (const page of ['/', '/account', '/api/status', '/api/conversations']) {
    load.addAsker(visitor, page, { keepAlive: true, pauseMs: 60 })
  }
  load.addAsker(visitor, '/api/status', { keepAlive: true, pauseMs: 5 })
  load.addAsker(visitor, '/api/status', { keepAlive: false, pauseMs: 30 })
  load.addAsker({ port, cookie: '' }, '/sign-in', { keepAlive: false, pauseMs: 100 })
  await wait(8_000)
  say(`${WORKERS} processes, ${people} readers and 7 askers; ${load.answered} answered in the first 8 s`)

  await changeSetting(database, port)
  for (let kill = 1; kill <= kills; kill++) await killOne({ database, load, port, number: kill })
  await askOneToLeave(database, load)
  await loseThePrimary(database, load, start)
  await stopAll(load, start, { database, vendor })

  const all = await load.finish(ENDED_WITHIN_MS)
  check(all, `answers had not ended for their readers after ${ENDED_WITHIN_MS / 1_000} s`)
  await checkBooks(database, vendor, load)
  const ends = load.told.flatMap(({ ends }) => ends.map(({ status }) => status))
  say(`answers: ${load.told.length} asked for; ${list(ends)}; ${load.resumed} times somebody came back to one`)
  if (findInPath('nginx')) await behindNginx({ port, cookie: cookies[0]!, database, kills })
  else say('there is no nginx here: what it hides was not tried')
}

/** Kills the process that has most to do. */
async function killOne({
  database,
  load,
  port,
  number,
}: {
  database: TestDatabase
  load: Load
  port: number
  number: number
}) {
  await untilBusy(load)
  const { id, pid } = await busiest(database)
  const from = performance.now() - 10_000
  process.kill(pid, 'SIGSTOP')
  const ports = clientPortsOf(pid, port)
  const { rows } = await database.db.$client.query<{ id: string }>(
    'SELECT id FROM generations WHERE running_worker_id = $1',
    [id],
  )
  const lost = new Set(rows.map((row) => row.id))
  const printed = service!.output().length
  const killedAt = performance.now()
  process.kill(pid, 'SIGKILL')
  const [replacedMs, endedMs] = await Promise.all([
    until(() => service!.output().slice(printed).includes('"a worker serves"'), REPLACED_WITHIN_MS),
    until(() => [...lost].every((each) => load.endedAt.has(each)), ENDED_WITHIN_MS),
  ])
  await wait(Math.max(0, 6_000 - (performance.now() - killedAt)))

  const since = <T extends { at: number }>(what: readonly T[]) => what.filter(({ at }) => at > killedAt)
  const failures = since(load.failures)
  const strangers = failures.filter((failure) => failure.port === undefined || !ports.has(failure.port))
  const refused = load.refusals.filter((at) => at > killedAt).length
  const isOthers = (gap: Load['gaps'][number]) => !lost.has(gap.generationId) && !(gap.port && ports.has(gap.port))
  const before = longest(load.gaps.filter(({ at }) => at > from && at <= killedAt))
  const after = longest(since(load.gaps).filter(isOthers))
  say(
    `kill ${number}: process ${pid} with ${ports.size} connections and ${lost.size} answers. Replaced after ${seconds(replacedMs)}; ` +
      `its answers were ended for their readers after ${seconds(endedMs)}. Failed on its connections: ${failures.length - strangers.length}, ` +
      `on others: ${strangers.length}; refused: ${refused}. Longest gap of the others' streams: ${Math.round(after)} ms, before ${Math.round(before)} ms`,
  )
  check(replacedMs !== null, `process ${pid} was not replaced`)
  check(endedMs !== null, `what process ${pid} did was not ended`)
  check(refused === 0, `${refused} connections were refused while a process was replaced`)
  check(after < GAP_MS_MAX, `streams of the others stood still for ${Math.round(after)} ms`)
  for (const failure of strangers) failed.push(`kill ${number}: ${tell(failure, killedAt)}`)
}

/** What an operator changes is seen on every connection, whichever process has it; and how many the database has. */
async function changeSetting(database: TestDatabase, port: number): Promise<void> {
  const name = 'Another name'
  await runAdmin(database, ['setting', 'set', 'site_name', name])
  const from = performance.now()
  const sees = async (page: string) => {
    const reply = await fetch(`http://localhost:${port}${page}`, { headers: { connection: 'close' } })
    return (await reply.text()).includes(name)
  }
  let seen = 0
  for (; seen < 2 * WORKERS && performance.now() < from + 30_000; ) {
    const all = await Promise.all(['/', '/sign-in'].map(sees))
    seen = all.every(Boolean) ? seen + 1 : 0
  }
  const { rows } = await database.db.$client.query<{ count: bigint }>(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'undefined-behavior'",
  )
  say(
    `a setting was seen by all processes within ${seconds(performance.now() - from)}; ${rows[0]!.count} connections to the database`,
  )
  check(seen === 2 * WORKERS, 'a changed setting is not seen by all processes')
}

/** One process alone is asked to end: nobody notices. */
async function askOneToLeave(database: TestDatabase, load: Load): Promise<void> {
  await untilBusy(load)
  const { pid } = await busiest(database)
  const printed = service!.output().length
  const askedAt = performance.now()
  process.kill(pid, 'SIGTERM')
  const replacedMs = await until(
    () => service!.output().slice(printed).includes('"a worker serves"'),
    REPLACED_WITHIN_MS,
  )
  const goneMs = await until(() => !isThere(pid), DRAIN_SECONDS * 1_000 + DRAIN_MARGIN_MS)
  const failures = load.failures.filter(({ at }) => at > askedAt)
  say(
    `SIGTERM to process ${pid} alone: another served after ${seconds(replacedMs)}, it was gone after ${seconds(performance.now() - askedAt)}; failed: ${failures.length}`,
  )
  check(replacedMs !== null && goneMs !== null, `process ${pid} was not replaced, or did not end`)
  for (const failure of failures) failed.push(`SIGTERM to one: ${tell(failure, askedAt)}`)
}

/** The process that runs the others is killed: they end what they are answering, and the next service takes over. */
async function loseThePrimary(database: TestDatabase, load: Load, start: () => Promise<Service>): Promise<void> {
  await untilBusy(load)
  const { rows } = await database.db.$client.query<{ id: string; pid: number }>(`
    SELECT g.id, w.pid FROM generations g JOIN workers w ON w.id = g.running_worker_id WHERE g.status = 'running'`)
  const killedAt = performance.now()
  process.kill(service!.pid, 'SIGKILL')
  await service!.gone
  await start()
  const backMs = performance.now() - killedAt
  const endedMs = await until(() => rows.every(({ id }) => load.endedAt.has(id)), ENDED_WITHIN_MS)
  const pids = [...new Set(rows.map(({ pid }) => pid))]
  const goneMs = await until(() => !pids.some(isThere), DRAIN_SECONDS * 1_000 + DRAIN_MARGIN_MS)
  const failures = load.failures.filter(({ at }) => at > killedAt)
  const completed = await database.db.$client.query<{ count: bigint }>(
    "SELECT count(*) FROM generations WHERE status = 'completed' AND id = ANY($1)",
    [rows.map(({ id }) => id)],
  )
  say(
    `SIGKILL to the primary with ${rows.length} answers running: the next one served after ${seconds(backMs)}; ${completed.rows[0]!.count} of them were completed; ` +
      `the processes without it were gone after ${seconds(goneMs === null ? null : performance.now() - killedAt)}; failed: ${failures.length} (${list(failures.map(({ how }) => how))})`,
  )
  check(endedMs !== null, 'an answer of before had no end')
  check(goneMs !== null, 'processes stayed behind without their primary')
  check(Number(completed.rows[0]!.count) === rows.length, 'answers were broken off with the primary')
}

/** Stops the service under load and starts it again. */
async function stopAll(
  load: Load,
  start: () => Promise<Service>,
  { database, vendor }: Pick<Setting, 'database' | 'vendor'>,
): Promise<void> {
  talkLong = true
  const asked = vendor.requests.length
  await until(() => vendor.requests.length >= asked + 3, ENDED_WITHIN_MS)
  talkLong = false
  await untilBusy(load)
  const { rows } = await database.db.$client.query<{ id: string }>(
    "SELECT id FROM generations WHERE status = 'running'",
  )
  const running = rows.map(({ id }) => id)
  const askedAt = performance.now()
  process.kill(service!.pid, 'SIGTERM')
  const code = await service!.gone
  const tookMs = performance.now() - askedAt
  const failures = load.failures.filter(({ at }) => at > askedAt)
  const late = failures.filter(({ at }) => at > askedAt + DRAIN_SECONDS * 1_000 - 500)
  const early = failures.filter((failure) => !late.includes(failure))
  const ended = running.filter((id) => load.endedAt.has(id)).length
  const firstRefusal = load.refusals.find((at) => at > askedAt)
  say(
    `SIGTERM with ${running.length} answers running: ended with ${code} after ${seconds(tookMs)} (limit ${DRAIN_SECONDS} s); first refused after ` +
      `${firstRefusal ? `${Math.round(firstRefusal - askedAt)} ms` : 'never'}; ${ended} answers seen to end, failed within the limit: ${early.length}, at the limit: ${late.length}`,
  )
  check(code === 0, `the service ended with ${code}`)
  check(tookMs < DRAIN_SECONDS * 1_000 + DRAIN_MARGIN_MS, `the service took ${seconds(tookMs)} to end`)
  for (const failure of early) failed.push(`SIGTERM: ${tell(failure, askedAt)}`)
  await start()
  const resumedMs = await until(() => running.every((id) => load.endedAt.has(id)), ENDED_WITHIN_MS)
  say(`after the next start all of them had ended for their readers within ${seconds(resumedMs)}`)
  check(resumedMs !== null, 'an answer had no end after the next start')
}

async function checkBooks(database: TestDatabase, vendor: FakeVendor, load: Load): Promise<void> {
  const sent = vendor.requests.map(({ body }) => {
    const messages = body.messages as { role: string; content: string }[]
    return messages.findLast(({ role }) => role === 'user')!.content
  })
  const differences = [
    ...(await compareSums(database.db)),
    ...(await compareWithTold(database.db, load.told)),
    ...(await findUnstored(database.db, sent)),
  ]
  failed.push(...differences)
  const verified = await runAdmin(database, ['verify-ledger'])
  check(verified.code === 0, `verify-ledger ended with ${verified.code}: ${verified.stdout}${verified.stderr}`)
  say(
    `${differences.length} differences between what was told and what is stored; ${verified.stdout.trim().split('\n').at(-1)}`,
  )
}

/** Pages asked for through the shipped nginx while one of the processes behind it is killed. */
async function behindNginx({
  port,
  cookie,
  database,
  kills,
}: {
  port: number
  cookie: string
  database: TestDatabase
  kills: number
}) {
  const prefix = createPrefix()
  const entry = await startEntry(prefix, {
    BACKEND_URL: `http://127.0.0.1:${port}`,
    APP_URL: `http://localhost:${port}`,
    TLS: 'off',
  })
  const load = new Load()
  // As the service knows its address, nginx passes on what it is asked for.
  const target = { port: entry.http, cookie }
  for (let i = 0; i < 6; i++) load.addAsker(target, '/account', { keepAlive: i % 2 === 0, pauseMs: 20 })
  try {
    for (let kill = 1; kill <= kills; kill++) {
      await wait(3_000)
      const printed = service!.output().length
      const answered = load.answered
      const failures = load.failures.length
      const { pid } = await anyWorker(database)
      // Long enough for it to have something to answer.
      process.kill(pid, 'SIGSTOP')
      await wait(500)
      const lost = clientPortsOf(pid, port).size
      process.kill(pid, 'SIGKILL')
      await until(() => service!.output().slice(printed).includes('"a worker serves"'), REPLACED_WITHIN_MS)
      await wait(1_000)
      const seen = load.failures.slice(failures)
      say(
        `behind nginx, kill ${kill}: a process with ${lost} connections; ${load.answered - answered} answered, ${seen.length} failed (${list(seen.map(({ how }) => how))})`,
      )
      for (const failure of seen) failed.push(`behind nginx: ${failure.what} ${failure.how}`)
    }
  } finally {
    await load.finish(5_000)
    await entry.stop()
    prefix.remove()
  }
}

function talk(...args: Parameters<ReturnType<typeof answers>>): void | Promise<void> {
  const words = talkLong ? Math.round((DRAIN_SECONDS * 2_000) / WORD_MS) : 40 + Math.floor(Math.random() * 60)
  return answers({ text: Array.from({ length: words }, (_, i) => `word${i} `), intervalMs: WORD_MS })(...args)
}

async function enter(database: TestDatabase, url: string, number: number): Promise<string> {
  const ctx = systemCtx('workers', database.db)
  const email = `person${number}@example.com`
  const ownerId = await createAccount(ctx, { email, name: `Person ${number}`, role: 'user', password: PASSWORD })
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId })
  await postTransfer(ctx, {
    kind: 'grant',
    debitAccountId: HOUSE.promotions,
    creditAccountId: wallet!.id,
    amountMicros: 1_000_000_000n,
    idempotencyKey: `workers:${email}`,
    lot: { source: 'promotional' },
  })
  return signIn(url, { email, password: PASSWORD })
}

async function busiest(database: TestDatabase): Promise<{ id: string; pid: number }> {
  const { rows } = await database.db.$client.query<{ id: string; pid: number }>(`
    SELECT w.id, w.pid FROM workers w
    WHERE w.stopped_at IS NULL AND w.heartbeat_at > now() - interval '15 s'
    ORDER BY (SELECT count(*) FROM generations g WHERE g.running_worker_id = w.id) DESC LIMIT 1`)
  return rows[0]!
}

async function anyWorker(database: TestDatabase): Promise<{ pid: number }> {
  const { rows } = await database.db.$client.query<{ pid: number }>(`
    SELECT pid FROM workers WHERE stopped_at IS NULL AND heartbeat_at > now() - interval '15 s' ORDER BY id LIMIT 1`)
  return rows[0]!
}

/** Waits until questions are taken again, so that each death meets work under way. */
async function untilBusy(load: Load): Promise<void> {
  const count = () => load.told.filter(({ starts }) => starts.length > 0).length
  const before = count()
  const busy = await until(() => count() >= before + 3, ENDED_WITHIN_MS)
  check(busy !== null, 'nobody can send any more')
}

/** @returns how long it took to come true; null when it did not */
async function until(isTrue: () => boolean, withinMs: number): Promise<number | null> {
  const from = performance.now()
  while (performance.now() < from + withinMs) {
    if (isTrue()) return performance.now() - from
    await wait(20)
  }
  return null
}

function check(holds: boolean, complaint: string): void {
  if (!holds) failed.push(complaint)
}

function longest(gaps: readonly { ms: number }[]): number {
  return gaps.reduce((most, { ms }) => Math.max(most, ms), 0)
}

function tell({ at, what, how, isStream }: Failure, from: number): string {
  return `${isStream ? 'stream' : 'request'} ${what}: ${how}, ${Math.round(at - from)} ms later`
}

function seconds(ms: number | null): string {
  return ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`
}

function list(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none'
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
