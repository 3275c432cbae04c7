import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { demoPayEnvironment } from '#scripts/demo-pay/environment.ts'
import { isAlive } from '#scripts/lock-file.mjs'
import { canReach } from '#scripts/postgres/identity.ts'
import { readPostmaster } from '#scripts/postgres/postmaster.ts'

const root = path.dirname(import.meta.dirname)
const NOBODY = { uid: 65_534, gid: 65_534 }
const isRoot = process.getuid?.() === 0

type Holder = { child: ChildProcess; lines: string[]; url: string; exit: Promise<number | null> }

const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function makeDataDir(user: typeof NOBODY | undefined): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ub-data-'))
  chmodSync(folder, 0o711)
  if (user) chownSync(folder, user.uid, user.gid)
  cleanups.push(() => {
    const postmaster = existsSync(path.join(folder, 'postgres'))
      ? readPostmaster(path.join(folder, 'postgres'))
      : undefined
    if (postmaster && isAlive(postmaster.pid)) process.kill(postmaster.pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  return folder
}

const ADDRESS = 'http://localhost:4711'
const STAND_IN = 'http://127.0.0.1:4712'

function startHolder(dataDir: string, kind: 'service' | 'command', user?: typeof NOBODY): Holder {
  const child = spawn(process.execPath, ['tests/support/hold-database.ts', kind, ADDRESS, STAND_IN], {
    cwd: root,
    env: { PATH: process.env.PATH, DATA_DIR: dataDir, NODE_ENV: 'test', APP_URL: 'http://elsewhere.example' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  })
  const holder: Holder = {
    child,
    lines: [],
    url: '',
    exit: once(child, 'exit').then(([code]) => code as number | null),
  }
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      holder.lines.push(line)
      child.emit('line', line)
    })
  }
  cleanups.push(() => {
    child.kill('SIGKILL')
  })
  return holder
}

async function untilOpen(holder: Holder): Promise<Holder> {
  const ended = holder.exit.then((code) => {
    throw new Error(`ended with ${code}: ${holder.lines.join('\n')}`)
  })
  for (;;) {
    const line = holder.lines.find((entry) => entry.startsWith('open '))
    if (line) return { ...holder, url: line.slice('open '.length) }
    await Promise.race([once(holder.child, 'line'), ended])
  }
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const postmasterPid = (dataDir: string) => readPostmaster(path.join(dataDir, 'postgres'))?.pid ?? 0
const readRun = (dataDir: string) => JSON.parse(readFileSync(path.join(dataDir, 'run.json'), 'utf8'))

const users = isRoot && canReach(path.join(root, 'scripts'), NOBODY) ? [undefined, NOBODY] : [undefined]

describe.each(users)('an embedded database of user %j', (user) => {
  test('names its holder, refuses a second service, lets commands attach, and ends with its holder', async () => {
    const dataDir = makeDataDir(user)
    const service = await untilOpen(startHolder(dataDir, 'service', user))
    expect(readRun(dataDir)).toMatchObject({
      pid: service.child.pid,
      command: 'test service',
      port: Number(new URL(service.url).port),
    })
    expect(statSync(path.join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600)

    const second = startHolder(dataDir, 'service', user)
    expect(await second.exit).toBe(1)
    expect(second.lines).toEqual([expect.stringContaining(`in use by test service (process ${service.child.pid},`)])

    const command = await untilOpen(startHolder(dataDir, 'command', user))
    expect(command.url).toBe(service.url)
    // Links that the command makes lead to the service, whatever its own environment says.
    expect(command.lines).toContain(`address ${ADDRESS}`)
    const { AUTH_SECRET } = JSON.parse(readFileSync(path.join(dataDir, 'secrets.json'), 'utf8'))
    const { STRIPE_SECRET_KEY } = demoPayEnvironment(STAND_IN, AUTH_SECRET)
    expect(command.lines).toContain(`pays at ${STAND_IN} with ${STRIPE_SECRET_KEY}`)
    command.child.kill('SIGTERM')
    expect(await command.exit).toBe(0)

    const pid = postmasterPid(dataDir)
    expect(isAlive(pid)).toBe(true)
    service.child.kill('SIGTERM')
    expect(await service.exit).toBe(0)
    expect(isAlive(pid)).toBe(false)
    expect(existsSync(path.join(dataDir, 'run.json'))).toBe(false)
  })

  test('survives its holder being killed: the next start adopts the server, with all data', async () => {
    const dataDir = makeDataDir(user)
    const first = await untilOpen(startHolder(dataDir, 'service', user))
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    const pid = postmasterPid(dataDir)
    first.child.kill('SIGKILL')
    await first.exit

    const next = await untilOpen(startHolder(dataDir, 'service', user))
    expect(postmasterPid(dataDir)).toBe(pid)
    expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    next.child.kill('SIGTERM')
    await next.exit
    expect(isAlive(pid)).toBe(false)
  })
})

test('holder and server killed: the next start recovers, with all data', async () => {
  const dataDir = makeDataDir(undefined)
  const first = await untilOpen(startHolder(dataDir, 'service'))
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  process.kill(postmasterPid(dataDir), 'SIGKILL')
  first.child.kill('SIGKILL')
  await first.exit

  const next = await untilOpen(startHolder(dataDir, 'service'))
  expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  next.child.kill('SIGTERM')
  expect(await next.exit).toBe(0)
})

test('the number of a dead server that another process has now is not mistaken for the server', async () => {
  const dataDir = makeDataDir(undefined)
  const first = await untilOpen(startHolder(dataDir, 'service'))
  const stale = readFileSync(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')
  first.child.kill('SIGTERM')
  await first.exit
  writeFileSync(path.join(dataDir, 'postgres', 'postmaster.pid'), stale.replace(/^\d+/, String(process.pid)))

  const next = await untilOpen(startHolder(dataDir, 'service'))
  expect(postmasterPid(dataDir)).not.toBe(process.pid)
  next.child.kill('SIGTERM')
  expect(await next.exit).toBe(0)
})

test('a command waits for another command and says for whom', async () => {
  const dataDir = makeDataDir(undefined)
  const first = await untilOpen(startHolder(dataDir, 'command'))
  const second = startHolder(dataDir, 'command')
  await once(second.child, 'line')
  expect(second.lines).toEqual([`waiting for test command (process ${first.child.pid}) …`])
  first.child.kill('SIGTERM')
  await untilOpen(second)
  second.child.kill('SIGTERM')
  expect(await second.exit).toBe(0)
})

test('a database whose secrets are gone is not given new ones', async () => {
  const dataDir = makeDataDir(undefined)
  const first = await untilOpen(startHolder(dataDir, 'command'))
  first.child.kill('SIGTERM')
  await first.exit
  rmSync(path.join(dataDir, 'secrets.json'))
  const second = startHolder(dataDir, 'command')
  expect(await second.exit).toBe(1)
  expect(second.lines.join('\n')).toContain('secrets.json is missing')
  expect(existsSync(path.join(dataDir, 'secrets.json'))).toBe(false)
})

test.runIf(isRoot)("root's own closed folder is no obstacle", async () => {
  const closed = makeDataDir(undefined)
  chmodSync(closed, 0o700)
  const dataDir = path.join(closed, 'inside')
  const holder = await untilOpen(startHolder(dataDir, 'service'))
  expect(await query(holder.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  holder.child.kill('SIGTERM')
  expect(await holder.exit).toBe(0)
})
