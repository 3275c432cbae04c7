import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isAlive } from '#scripts/lock-file.mjs'
import { readPostmaster } from '#scripts/postgres/postmaster.ts'
import { asOwner, readContents } from '#tests/support/backups.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createPayer } from '#tests/support/paid-call.ts'
import { runAdmin, TEST_SECRETS } from '#tests/support/service.ts'

const root = path.resolve(import.meta.dirname, '..', '..')
const folder = mkdtempSync(path.join(tmpdir(), 'ub-backups-'))
const dataDirs: string[] = []
const children: ChildProcess[] = []
let source: TestDatabase

beforeAll(async () => {
  chmodSync(folder, 0o711)
  source = await createTestDatabase()
  await createPayer(source.db)
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const dataDir of dataDirs) {
    const cluster = path.join(dataDir, 'postgres')
    const postmaster = existsSync(cluster) ? readPostmaster(cluster) : undefined
    if (postmaster && isAlive(postmaster.pid)) process.kill(postmaster.pid, 'SIGKILL')
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  await source.close()
})

const environmentOf = ({ url, ownerUrl }: TestDatabase) => ({ DATABASE_URL: url, DATABASE_OWNER_URL: ownerUrl })

/** Runs a script of ours as a person would, in `folder`, and hands out standard output as it came. */
async function run(script: string, args: string[], env: Record<string, string>, shell = 'exec "$@"') {
  const child = spawn('sh', ['-c', shell, 'sh', process.execPath, path.join(root, 'scripts', script), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: folder, NODE_ENV: 'production', INIT_CWD: folder, ...TEST_SECRETS, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const [stdout, stderr, [code]] = await Promise.all([buffer(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, stdout, stderr }
}

const answerOf = ({ stdout }: { stdout: Buffer }) => JSON.parse(stdout.toString())

test('a backup is made, checked and restored, each with its answer', async () => {
  const made = await run('admin.ts', ['backup', '--json'], environmentOf(source))
  expect(made).toMatchObject({ code: 0, stderr: '' })
  const { file, bytes, tables, sums } = answerOf(made)
  // Where the person typed, whatever folder npm runs in.
  expect(path.dirname(file)).toBe(folder)
  expect(path.basename(file)).toMatch(/^undefined-behavior-\d{4}-\d\d-\d\dT[\d-]{8}Z\.tar$/)
  expect(statSync(file)).toMatchObject({ size: bytes, mode: 0o100600 })
  expect(tables).toContainEqual({ name: 'wallets', rows: 1, bytes: expect.any(Number) })
  expect(sums).toContainEqual({ table: 'wallets', column: 'posted_micros', by: null, values: { all: '10000000' } })

  const checked = await run('admin.ts', ['backup', 'verify', path.basename(file)], {})
  expect(checked).toMatchObject({ code: 0, stderr: '' })
  expect(checked.stdout.toString()).toContain('10 credits in wallets, 0 of them held\n  grant: 10\n')
  expect(checked.stdout.toString()).toMatch(/every byte is as it was written\n$/)

  const target = await createEmptyDatabase()
  const restored = await run('admin.ts', ['restore', file, '--json'], environmentOf(target))
  expect(restored).toMatchObject({ code: 0, stderr: '' })
  expect(answerOf(restored)).toMatchObject({ differences: 0, sameKey: true, applied: [] })
  const again = await run('admin.ts', ['restore', file, '--json'], environmentOf(target))
  expect(again.code).toBe(1)
  expect(answerOf(again).error.message).toContain('this database holds people (1)')
  await target.close()
})

test('under another key it is restored and said loudly; books that do not add up end it with 1', async () => {
  const broken = await createTestDatabase()
  await createPayer(broken.db)
  await asOwner(broken.ownerUrl, (owner) => owner.query('UPDATE wallets SET posted_micros = posted_micros + 1'))
  const file = path.join(folder, 'broken.tar')
  expect((await run('admin.ts', ['backup', '--out', file], environmentOf(broken))).code).toBe(0)
  const target = await createEmptyDatabase()
  const restored = await run('admin.ts', ['restore', file], {
    ...environmentOf(target),
    ENCRYPTION_KEY: '00'.repeat(32),
  })
  expect(restored.code).toBe(1)
  expect(restored.stdout.toString()).toContain('*** ANOTHER ENCRYPTION_KEY ***')
  expect(restored.stdout.toString()).toContain('restored: every count and sum is that of the backup')
  expect(restored.stdout.toString()).toContain('THE LEDGER DOES NOT ADD UP')
  expect((await readContents(target)).wallets).toBe((await readContents(broken)).wallets)
  await Promise.all([target.close(), broken.close()])
})

test('into a pipe goes the backup alone; a reader that leaves, or a disk that is full, ends it with 1', async () => {
  const piped = await run('admin.ts', ['backup', '--out', '-', '--json'], environmentOf(source))
  expect(piped.code).toBe(0)
  expect(JSON.parse(piped.stderr)).toMatchObject({ file: null, bytes: piped.stdout.length })
  const file = path.join(folder, 'piped.tar')
  writeFileSync(file, piped.stdout)
  expect((await run('admin.ts', ['backup', 'verify', file], {})).code).toBe(0)

  const left = await run('admin.ts', ['backup', '--out', '-'], environmentOf(source), '{ "$@"; echo $? >&2; } | true')
  expect(left.stderr).toMatch(/^the backup was not taken to its end: .*EPIPE.*\n1\n$/)
  const full = await run('admin.ts', ['backup', '--out', 'full.tar'], environmentOf(source), 'ulimit -f 8; "$@"')
  expect(full).toMatchObject({ code: 1, stderr: expect.stringMatching(/full\.tar cannot be written: EFBIG/) })
  expect(readdirSync(folder).filter((name) => name.startsWith('full.tar'))).toEqual([])
})

test('a folder, a file that is there, and places that cannot be written', async () => {
  const within = mkdtempSync(path.join(folder, 'within-'))
  expect((await runAdmin(source, ['backup', '--out', within])).code).toBe(0)
  const [name] = readdirSync(within)
  const there = await runAdmin(source, ['backup', '--out', path.join(within, name!)])
  expect(there).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is there already') })
  const nowhere = await runAdmin(source, ['backup', '--out', path.join(within, 'no', 'where.tar')])
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('the backup cannot be written: ENOENT') })
  const notOne = await runAdmin(source, ['backup', 'verify', path.join(root, 'package.json')])
  expect(notOne).toMatchObject({ code: 1, stderr: 'this backup cannot be used: it is no backup of this service\n' })
  expect((await runAdmin(source, ['restore'])).code).toBe(2)
  const help = await runAdmin(source, ['help', 'backup'])
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('npm run -s admin -- backup --out - | …') })
})

test('Ctrl-C in the middle leaves nothing behind', async () => {
  const file = path.join(folder, 'stopped.tar')
  await asOwner(source.ownerUrl, async (owner) => {
    // It waits for the table, as it would long for a large one.
    await owner.query('BEGIN; LOCK TABLE workers IN ACCESS EXCLUSIVE MODE')
    const child = spawn(process.execPath, ['scripts/admin.ts', 'backup', '--out', file], {
      cwd: root,
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...TEST_SECRETS, ...environmentOf(source) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    children.push(child)
    const said = text(child.stderr)
    const waits = `SELECT FROM pg_locks WHERE relation = 'workers'::regclass AND NOT granted`
    await vi.waitUntil(async () => (await owner.query(waits)).rowCount === 1, { timeout: 30_000 })
    expect(existsSync(`${file}.partial`)).toBe(true)
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([1, null])
    expect(await said).toBe('stopped: nothing was written\n')
  })
  expect(readdirSync(folder).filter((name) => name.startsWith('stopped.tar'))).toEqual([])
})

test('an embedded database is backed up beside its service, and restored where none runs', async () => {
  const [first, second] = ['first', 'second'].map((name) => path.join(folder, name)) as [string, string]
  dataDirs.push(first, second)
  const own = { AUTH_SECRET: '', ENCRYPTION_KEY: '' }
  expect((await run('seed.ts', [], { DATA_DIR: first, ...own })).code).toBe(0)
  const person = ['create-user', '--email', 'ada@example.com']
  expect((await run('admin.ts', person, { DATA_DIR: first, ...own })).code).toBe(0)

  const holder = spawn(process.execPath, ['tests/support/hold-database.ts', 'service', 'http://localhost:4711'], {
    cwd: root,
    env: { PATH: process.env.PATH, DATA_DIR: first, NODE_ENV: 'test' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(holder)
  for await (const line of holder.stdout.setEncoding('utf8')) if (line.includes('open ')) break
  const file = path.join(folder, 'embedded.tar')
  expect(await run('admin.ts', ['backup', '--out', file], { DATA_DIR: first, ...own })).toMatchObject({ code: 0 })
  holder.kill('SIGTERM')
  await once(holder, 'exit')

  const restored = await run('admin.ts', ['restore', file, '--json'], { DATA_DIR: second, ...own })
  expect(restored).toMatchObject({ code: 0 })
  // A new installation has made a new key.
  expect(answerOf(restored)).toMatchObject({ differences: 0, sameKey: false })
  const third = path.join(folder, 'third')
  dataDirs.push(third)
  const { ENCRYPTION_KEY } = JSON.parse(readFileSync(path.join(first, 'secrets.json'), 'utf8'))
  const keyed = await run('admin.ts', ['restore', file, '--json'], { DATA_DIR: third, AUTH_SECRET: '', ENCRYPTION_KEY })
  expect(answerOf(keyed)).toMatchObject({ differences: 0, sameKey: true })
  const link = await run('admin.ts', ['sign-in-link', '--user', 'ada@example.com'], { DATA_DIR: second, ...own })
  expect(link.code).toBe(0)
  // What was started for the command has ended with it.
  expect(readPostmaster(path.join(second, 'postgres'))).toBeUndefined()
})
