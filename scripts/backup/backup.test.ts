import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { applyMigrations, missingMigrations, readMigrations } from '#db/migrate.ts'
import { acceptLink, createFirstAdminLink } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { runVerification } from '#lib/jobs/index.ts'
import { addChannel, seedDatabase } from '#lib/models/index.ts'
import { asOwner, readContents, readFiles, readStructure, rewriteBackup } from '#tests/support/backups.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { fillWithDemo } from '#tests/support/demo-database.ts'
import { startFakeVendor } from '#tests/support/fake-vendor.ts'
import { admitCall, carryOut, createChannel, createPayer, createPricedModel } from '#tests/support/paid-call.ts'
import { writeWholeFile } from './backup-file.ts'
import { readSequences, setSequences } from './catalog.ts'
import { type Manifest, sha256Hex } from './manifest.ts'
import { verifyBackup, withBackup } from './read-backup.ts'
import { restoreBackup } from './restore-backup.ts'
import { listTar, type Sink } from './tar.ts'
import { writeBackup } from './write-backup.ts'

const KEY = '5e'.repeat(32)

const folder = mkdtempSync(path.join(tmpdir(), 'ub-backup-'))
const databases: TestDatabase[] = []
let files = 0

afterEach(async () => {
  for (const database of databases.splice(0)) await database.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const newFile = () => path.join(folder, `${++files}.tar`)

async function opened(making: Promise<TestDatabase>): Promise<TestDatabase> {
  const database = await making
  databases.push(database)
  return database
}

async function backUp({ ownerUrl }: Pick<TestDatabase, 'ownerUrl'>, file = newFile()): Promise<string> {
  await writeWholeFile(file, async (sink) => void (await writeBackup({ url: ownerUrl, encryptionKey: KEY, sink })))
  return file
}

function restore(file: string, { ownerUrl, url }: TestDatabase, signal?: AbortSignal): Promise<string[]> {
  return withBackup(file, (backup) => restoreBackup(backup, { ownerUrl, appUrl: url, signal }))
}

const verify = (file: string) => withBackup(file, (backup) => verifyBackup(backup))
const manifestOf = (file: string) => withBackup(file, async ({ manifest }) => manifest)

describe('a service that has run for a year', () => {
  let source: TestDatabase
  let file: string

  beforeAll(async () => {
    source = await createTestDatabase()
    await fillWithDemo(source)
    await source.db.execute(sql`
      INSERT INTO sessions (id, user_id, ip, user_agent, expires_at)
      SELECT gen_random_uuid(), id, '::1', 'test', now() + interval '30 days' FROM users`)
    // What COPY must escape.
    await source.db.execute(sql`UPDATE users SET name = E'a\tb\nc\\d\r余额 \\N' WHERE email = 'admin@example.com'`)
    file = await backUp(source)
  })
  afterAll(() => source.close())

  it('comes back in an empty database with every row, rule and right', async () => {
    const target = await opened(createEmptyDatabase())
    expect(await restore(file, target)).toEqual([])
    const [before, after] = [await readContents(source), await readContents(target)]
    expect(after).toEqual({
      ...before,
      sessions: '0 ',
      one_time_links: '0 ',
      audit_entries: expect.not.stringMatching(before.audit_entries!),
    })
    expect(Number.parseInt(before.sessions!, 10)).toBeGreaterThan(0)
    expect(Number.parseInt(after.audit_entries!, 10)).toBe(Number.parseInt(before.audit_entries!, 10) + 1)
    expect(await readStructure(target)).toEqual(await readStructure(source))
    const { differences, checks } = await runVerification(systemCtx('test', target.db), { source: 'command' })
    expect(differences).toBe(0)
    expect(checks.find(({ name }) => name === 'wallet_balance')!.checked).toBeGreaterThan(40)
  })

  it('takes the place of one that was only migrated and seeded, whose link for the first admin opens nothing', async () => {
    const target = await opened(createTestDatabase())
    await seedDatabase(systemCtx('seed', target.db))
    const link = await createFirstAdminLink(systemCtx('seed', target.db))
    await endIdle(target)
    await restore(file, target)
    expect((await readContents(target)).models).toBe((await readContents(source)).models)
    const visitor = { db: target.db, actor: { type: 'anonymous' as const } }
    const accepting = acceptLink(visitor, { token: link!.token, password: 'a long walk by the sea' })
    await expect(accepting).rejects.toMatchObject({ code: expect.stringMatching(/link|not_found/) })
  })

  it('is opened by tar and gunzip', async () => {
    const unpacked = mkdtempSync(path.join(folder, 'unpacked-'))
    execFileSync('tar', ['-xf', file, '-C', unpacked])
    const text = readFileSync(path.join(unpacked, 'manifest.json'))
    const line = readFileSync(path.join(unpacked, 'manifest.json.sha256'), 'utf8')
    expect(line).toBe(`${sha256Hex(text)}  manifest.json\n`)
    const manifest = JSON.parse(text.toString()) as Manifest
    expect(manifest.tables.map(({ name }) => name)).not.toContain('sessions')
    for (const { name, rows, bytes, sha256, parts } of manifest.tables) {
      if (parts.length === 0) continue
      const text = execFileSync('sh', ['-c', `gunzip -c tables/${name}/*.gz`], { cwd: unpacked, maxBuffer: 1e9 })
      expect([text.length, sha256Hex(text), text.toString().split('\n').length - 1]).toEqual([bytes, sha256, rows])
    }
    const { rows } = await source.db.execute<{ kind: string; sum: string }>(
      sql`SELECT kind, sum(amount_micros)::text AS sum FROM transfers GROUP BY kind`,
    )
    expect(manifest.sums.find(({ table }) => table === 'transfers')!.values).toEqual(
      Object.fromEntries(rows.map(({ kind, sum }) => [kind, sum])),
    )
  })

  it('is nobody else’s to read, and its name is there when the file is whole', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const next = newFile()
    await writeWholeFile(next, async (sink) => {
      const watching: Sink = (bytes) => {
        expect(existsSync(next)).toBe(false)
        return sink(bytes)
      }
      await writeBackup({ url: source.ownerUrl, encryptionKey: KEY, sink: watching })
    })
    expect(existsSync(next)).toBe(true)
    await expect(backUp(source, next)).rejects.toThrow(`${next} is there already`)
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([])
  })

  it('can be backed up by the role that serves too', async () => {
    const [again, first] = [await manifestOf(await backUp({ ownerUrl: source.url })), await manifestOf(file)]
    expect(again.tables).toEqual(first.tables)
  })

  const cutOff = (owner: pg.Client) =>
    owner.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'undefined-behavior backup' AND datname = current_database()`)

  it.each([
    ['the connection is lost', (owner: pg.Client) => cutOff(owner)],
    ['somebody presses Ctrl-C', (_owner: pg.Client, stop: AbortController) => stop.abort(new Error('stopped'))],
    ['the disk is full', () => Promise.reject(new Error('ENOSPC'))],
  ])('leaves no file when %s', async (_what, harm) => {
    const next = newFile()
    const stop = new AbortController()
    let written = 0
    const ending = asOwner(source.ownerUrl, (owner) =>
      writeWholeFile(next, async (sink) => {
        const harming: Sink = async (bytes) => {
          await sink(bytes)
          if (++written === 3) await harm(owner, stop)
        }
        await writeBackup({ url: source.ownerUrl, encryptionKey: KEY, sink: harming, signal: stop.signal })
      }),
    )
    await expect(ending).rejects.toThrow()
    expect(written).toBeGreaterThanOrEqual(3)
    expect(readdirSync(folder).filter((name) => name.includes(path.basename(next)))).toEqual([])
  })
})

/** Closes what a pool has open; the next query opens anew. */
async function endIdle({ ownerUrl, url }: TestDatabase): Promise<void> {
  await asOwner(url, async (client) => {
    await client.query(`
      SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'undefined-behavior'`)
  })
  await asOwner(ownerUrl, async (client) => {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'undefined-behavior'`,
    )
    expect(rowCount).toBe(0)
  })
}

describe('under load', () => {
  it('is one moment of a service that goes on', async () => {
    const source = await opened(createTestDatabase({ poolMax: 20 }))
    const vendor = await startFakeVendor()
    const modelId = await createPricedModel(source.db, [await createChannel(source.db, vendor.url)])
    const payers = await Promise.all(Array.from({ length: 6 }, () => createPayer(source.db)))
    let [ended, running] = [0, true]
    const callOnAndOn = async (payer: (typeof payers)[number]) => {
      while (running) {
        await carryOut(payer, await admitCall(payer, modelId))
        ended++
      }
    }
    const calls = payers.map(callOnAndOn)
    const untilEnded = async (count: number) => {
      while (ended < count) await new Promise((resolve) => setImmediate(resolve))
    }
    await untilEnded(30)
    const file = newFile()
    let first = true
    let atFirst = 0
    await writeWholeFile(file, async (sink) => {
      const slow: Sink = async (bytes) => {
        if (first) {
          // The snapshot is older than the first byte: what ends from here on must not be in any table.
          first = false
          atFirst = ended
          await untilEnded(ended + 60)
        }
        await sink(bytes)
      }
      await writeBackup({ url: source.ownerUrl, encryptionKey: KEY, sink: slow })
    })
    running = false
    await Promise.all(calls)
    await vendor.close()

    const target = await opened(createEmptyDatabase())
    await restore(file, target)
    expect((await runVerification(systemCtx('test', target.db), { source: 'command' })).differences).toBe(0)
    const wallets = await target.db.execute<{ id: string; seq: bigint; posted: bigint }>(
      sql`SELECT id, seq, posted_micros AS posted FROM wallets`,
    )
    expect(wallets.rows).toHaveLength(6)
    for (const { id, seq, posted } of wallets.rows) {
      // The source itself tells what the wallet had at that number.
      const { rows } = await source.db.execute<{ balance: bigint; last: bigint }>(sql`
        SELECT coalesce(t.debit_balance_micros, t.credit_balance_micros) AS balance, w.seq AS last
        FROM transfers t, wallets w
        WHERE w.id = ${id} AND ((t.debit_account_id, t.debit_seq) = (w.id, ${seq}::bigint)
          OR (t.credit_account_id, t.credit_seq) = (w.id, ${seq}::bigint))`)
      expect(rows[0]!.balance).toBe(posted)
      expect(seq).toBeLessThan(rows[0]!.last)
    }
    const count = await target.db.execute<{ receipts: bigint }>(sql`SELECT count(*) AS receipts FROM usage_records`)
    expect(Number(count.rows[0]!.receipts)).toBeGreaterThanOrEqual(30)
    expect(Number(count.rows[0]!.receipts)).toBeLessThanOrEqual(atFirst + payers.length)
  })
})

describe('a small service', () => {
  let source: TestDatabase
  let file: string
  const VENDOR_KEY = 'sk-vendor-key-that-nobody-may-read'

  beforeAll(async () => {
    source = await createTestDatabase()
    await createPayer(source.db)
    await addChannel(systemCtx('test', source.db), {
      name: 'vendor',
      vendor: 'test',
      baseUrl: 'https://vendor.example/v1',
      key: VENDOR_KEY,
      models: [],
    })
    file = await backUp(source)
  })
  afterAll(() => source.close())

  it('has no secret of the environment in its backup', async () => {
    const texts = [...(await readFiles(file)).values()].map((bytes) => gunzipSync(bytes).toString('latin1'))
    const all = [readFileSync(file, 'latin1'), ...texts].join('\n')
    expect(all).toContain('https://vendor.example/v1')
    for (const secret of [VENDOR_KEY, KEY, process.env.AUTH_SECRET!, process.env.ENCRYPTION_KEY!, 'test-owner']) {
      expect(all).not.toContain(secret)
      expect(all).not.toContain(Buffer.from(secret).toString('hex'))
    }
  })

  it('is refused with any byte of its backup changed, wherever it lies', async () => {
    const whole = readFileSync(file)
    const damaged = newFile()
    const handle = await open(file, 'r')
    const entries = await listTar(handle)
    await handle.close()
    const places = entries.flatMap(({ offset, size }) => [
      ...[0, 99, 100, 130, 140, 148, 156, 257, 300, 511].map((at) => offset - 512 + at),
      ...(size > 0 ? [0, 4, 9, size >> 1, size - 1].map((at) => offset + at) : []),
      offset + size,
      offset + 512 * Math.ceil(size / 512) - 1,
    ])
    places.push(whole.length - 1, whole.length - 600)
    for (const place of places) {
      const changed = Buffer.from(whole)
      changed[place]! ^= 1
      writeFileSync(damaged, changed)
      await expect(verify(damaged), `byte ${place}`).rejects.toThrow('this backup cannot be used')
    }
    for (const length of [0, 1, 511, 512, 1_000, whole.length >> 1, whole.length - 1_024, whole.length - 1]) {
      writeFileSync(damaged, whole.subarray(0, length))
      await expect(verify(damaged), `cut at ${length}`).rejects.toThrow('this backup cannot be used')
    }
    writeFileSync(damaged, Buffer.concat([whole, Buffer.alloc(512)]))
    await expect(verify(damaged)).rejects.toThrow('does not end where it should')
    await verify(file)
  })

  const partOf = (table: string) => `tables/${table}/000001.copy.gz`
  /** Puts other rows into a table, with hashes that fit them. */
  const replaceRows = (
    { manifest, files }: Parameters<Parameters<typeof rewriteBackup>[2]>[0],
    name: string,
    change: (text: string) => string,
  ) => {
    const table = manifest.tables.find((table) => table.name === name)!
    const rows = Buffer.from(change(gunzipSync(files.get(partOf(name))!).toString()))
    const packed = gzipSync(rows)
    files.set(partOf(name), packed)
    Object.assign(table, {
      rows: rows.toString().split('\n').length - 1,
      bytes: rows.length,
      sha256: sha256Hex(rows),
      parts: [{ bytes: packed.length, sha256: sha256Hex(packed) }],
    })
  }
  const wrong: [string, Parameters<typeof rewriteBackup>[2], string][] = [
    ['a missing part', ({ files }) => void files.delete(partOf('wallets')), 'tables/wallets/000001.copy.gz is missing'],
    [
      'a part too many',
      ({ files }) => void files.set('tables/zzz/000001.copy.gz', Buffer.alloc(9)),
      'does not belong to it',
    ],
    [
      'a missing table',
      ({ manifest, files }) => {
        files.delete(partOf('wallets'))
        manifest.tables = manifest.tables.filter(({ name }) => name !== 'wallets')
      },
      'its tables are not those',
    ],
    [
      'a missing column',
      ({ manifest }) => void manifest.tables.find(({ name }) => name === 'wallets')!.columns.pop(),
      'its tables are not those',
    ],
    [
      'another count',
      ({ manifest }) => void manifest.tables.find(({ name }) => name === 'transfers')!.rows++,
      'transfers: 2 rows in the backup, 1 restored',
    ],
    [
      'another sum',
      ({ manifest }) => {
        manifest.sums.find(({ column }) => column === 'posted_micros')!.values.all = '10000001'
      },
      'wallets.posted_micros all: 10000001 in the backup, 10000000 restored',
    ],
    [
      'a sum of what is not there',
      ({ manifest }) => void manifest.sums.push({ table: 'wallets', column: 'none', by: null, values: {} }),
      'its tables are not those',
    ],
    [
      'a row twice',
      (contents) => replaceRows(contents, 'wallets', (text) => text + text),
      'its rows do not fit together',
    ],
    [
      'a wallet of nobody',
      (contents) => replaceRows(contents, 'wallets', (text) => text.replace(/^\w{8}/, '00000000')),
      'its rows do not fit together',
    ],
    [
      'an overdrawn wallet',
      (contents) => replaceRows(contents, 'wallets', (text) => text.replace('\t10000000\t', '\t-1\t')),
      'its rows do not fit together',
    ],
    [
      'rows that are none',
      (contents) => replaceRows(contents, 'wallets', () => 'nonsense\n'),
      'its rows do not fit together',
    ],
    [
      'migrations of a newer release',
      ({ manifest }) => void manifest.migrations.push('ab'.repeat(32)),
      'changes that this release does not know',
    ],
    [
      'migrations in another order',
      ({ manifest }) => void manifest.migrations.reverse(),
      'changes that this release does not know',
    ],
    ['a newer format', ({ manifest }) => Object.assign(manifest, { format: 2 }), 'it was made by a newer release'],
    [
      'a manifest that is none',
      ({ manifest }) => Object.assign(manifest, { tables: 7 }),
      'its manifest is not understood',
    ],
  ]

  it('with another backup than its own changes nothing', async () => {
    const seeded = await opened(createTestDatabase())
    await seedDatabase(systemCtx('seed', seeded.db))
    await endIdle(seeded)
    const before = [await readContents(seeded), await readStructure(seeded)]
    for (const [what, change, complaint] of wrong) {
      const other = newFile()
      await rewriteBackup(file, other, change)
      await expect(restore(other, seeded), what).rejects.toThrow(complaint)
      expect([await readContents(seeded), await readStructure(seeded)], what).toEqual(before)
    }
    const cut = newFile()
    writeFileSync(cut, readFileSync(file).subarray(0, -600))
    await expect(restore(cut, seeded)).rejects.toThrow('it was cut off')
    await expect(restore(path.join(folder, 'none'), seeded)).rejects.toThrow('the backup cannot be read')
    const same = newFile()
    await rewriteBackup(file, same, () => undefined)
    await restore(same, seeded)
    expect((await readContents(seeded)).wallets).toBe((await readContents(source)).wallets)
  })

  it('is not put over people, beside a running service, among others’ tables, or into a migration', async () => {
    const used = await opened(createTestDatabase())
    await createPayer(used.db, 0n)
    await endIdle(used)
    const before = await readContents(used)
    await expect(restore(file, used)).rejects.toThrow('this database holds people (1)')
    expect(await readContents(used)).toEqual(before)

    const busy = await opened(createTestDatabase())
    await busy.db.execute(sql`SELECT 1`)
    await expect(restore(file, busy)).rejects.toThrow('the service is running on this database: stop it first')
    await endIdle(busy)
    await asOwner(busy.ownerUrl, async (owner) => {
      await owner.query('SELECT pg_advisory_lock(7161702026)')
      await expect(restore(file, busy)).rejects.toThrow('a migration, a backup or another restore is under way')
      await owner.query('SELECT pg_advisory_unlock(7161702026)')
      await owner.query('CREATE TABLE somebody_elses AS SELECT 1 AS one')
      await expect(restore(file, busy)).rejects.toThrow('not of this service (somebody_elses)')
      expect((await owner.query('SELECT one FROM somebody_elses')).rows).toEqual([{ one: 1 }])
    })

    const strange = await opened(createEmptyDatabase())
    await asOwner(strange.ownerUrl, (owner) => owner.query('CREATE TABLE users AS SELECT 1 AS one'))
    await expect(restore(file, strange)).rejects.toThrow('not of this service (users)')
    await expect(backUp(strange)).rejects.toThrow('has never been migrated')
  })

  it('is as it was when somebody stops the restore in the middle', async () => {
    const target = await opened(createTestDatabase())
    const before = [await readContents(target), await readStructure(target)]
    const stop = new AbortController()
    await withBackup(file, async (backup) => {
      let read = 0
      const slow = {
        ...backup,
        async *rowsOf(table: Manifest['tables'][number]) {
          yield* backup.rowsOf(table)
          if (++read > backup.manifest.tables.length + 5) stop.abort(new Error('stopped'))
        },
      }
      const options = { ownerUrl: target.ownerUrl, appUrl: target.url, signal: stop.signal }
      await expect(restoreBackup(slow, options)).rejects.toThrow('stopped')
    })
    expect([await readContents(target), await readStructure(target)]).toEqual(before)
    await restore(file, target)
  })

  it('serves as one role that may do everything', async () => {
    const target = await opened(createEmptyDatabase())
    await restore(file, { ...target, url: target.ownerUrl })
    await asOwner(target.ownerUrl, async (owner) => {
      await expect(owner.query('UPDATE transfers SET amount_micros = 1')).rejects.toThrow('append-only')
      await expect(owner.query('TRUNCATE accounts CASCADE')).rejects.toThrow('append-only')
    })
  })
})

it('a backup of an older release is brought to this one', async () => {
  const [old, target] = [await opened(createEmptyDatabase()), await opened(createTestDatabase())]
  const migrations = await readMigrations()
  const at = migrations.findIndex(({ tag }) => tag.startsWith('0004'))
  await asOwner(old.ownerUrl, async (owner) => {
    await owner.query(`CREATE SCHEMA drizzle;
      CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`)
    await applyMigrations(owner, migrations.slice(0, at))
    await owner.query(`INSERT INTO users (id, email, name) VALUES (gen_random_uuid(), 'old@example.com', 'Old')`)
    await owner.query(`
      SELECT ledger_post(gen_random_uuid(), 'grant', '00000000-0000-7000-8000-000000000003',
        ledger_open_wallet('user', (SELECT id FROM users)), 12, 'key', '\\x00', 'test', p_lot_source => 'promotional')`)
  })
  const file = await backUp(old)
  expect((await manifestOf(file)).tables.map(({ name }) => name)).not.toContain('orders')
  expect(await restore(file, target)).toEqual(migrations.slice(at).map(({ tag }) => tag))
  expect(await missingMigrations(target.url)).toEqual([])
  const fresh = await opened(createTestDatabase())
  expect(await readStructure(target)).toEqual(await readStructure(fresh))
  const { rows } = await target.db.execute(sql`SELECT email, posted_micros AS micros FROM users, wallets`)
  expect(rows).toEqual([{ email: 'old@example.com', micros: 12n }])
  expect((await runVerification(systemCtx('test', target.db), { source: 'command' })).differences).toBe(0)
})

it('sequences go on where they were', async () => {
  const database = await opened(createEmptyDatabase())
  await asOwner(database.ownerUrl, async (owner: pg.Client) => {
    await owner.query('CREATE SEQUENCE fresh; CREATE SEQUENCE used')
    await owner.query(`SELECT nextval('used'), nextval('used')`)
    const sequences = await readSequences(owner)
    expect(sequences).toEqual([
      { name: 'fresh', value: '1', called: false },
      { name: 'used', value: '2', called: true },
    ])
    await owner.query(`SELECT nextval('used'), nextval('fresh'), nextval('fresh')`)
    await setSequences(owner, sequences)
    expect((await owner.query(`SELECT nextval('used')::int AS used, nextval('fresh')::int AS fresh`)).rows).toEqual([
      { used: 3, fresh: 1 },
    ])
  })
})
