import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { afterAll, expect, inject, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { migrateDatabase } from '#db/migrate.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  exportStatement,
  getReceipt,
  getStatementEntry,
  type SettleInput,
  type StatementLine,
  settle,
} from '#lib/inference/index.ts'
import { runVerification } from '#lib/jobs/index.ts'
import { captureHold, exportTransfers, getTransfer, releaseHold } from '#lib/ledger/index.ts'
import { listOrderTransfers } from '#lib/payments/index.ts'
import { APP_ROLE, OWNER_ROLE } from '#scripts/embedded-postgres.ts'
import { asAdmin, urlOf } from '#tests/support/cluster.ts'

const MIGRATIONS = path.resolve(import.meta.dirname, '../db/migrations')
/**
 * Services of older releases, their rows and what was shown of them: calls of every end that a call can have, and
 * everything that credits come from and go to. Both were written by the verbs of the release of 0010, on the schema of the
 * migration that names them, with the two columns lent that 0009 lacked.
 */
const SERVICES = path.join(import.meta.dirname, 'upgrades')

type Person = { userId: string; walletId: string }
type Call = { id: string; holdId: string; costMicros: bigint }
type Service = {
  made: Record<'paidByOne' | 'paidByTwo' | 'poorer' | 'free', Call> & {
    payers: Person[]
    orderId: string
    /** A call that had been let in, and a hold of no call. */
    admission: SettleInput['admission']
    bare: string
  }
  reading: Awaited<ReturnType<typeof read>>
}

const cluster = inject('cluster')
const names: string[] = []
let db: Database
let ctx: Ctx & { db: Database }

afterAll(async () => {
  await asAdmin(cluster.adminUrl, async (client) => {
    for (const name of names) await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
  })
})

it.each(['0009_bin', '0010_ledger_speed'])('a service of %s reads the same afterwards, and goes on', async (latest) => {
  const { made, reading } = JSON.parse(readFileSync(path.join(SERVICES, `${latest}.json`), 'utf8'), revive) as Service
  const name = `ub_test_${randomBytes(6).toString('hex')}`
  const ownerUrl = urlOf(cluster, OWNER_ROLE, name)
  await asAdmin(cluster.adminUrl, (client) => client.query(`CREATE DATABASE ${name} OWNER ${OWNER_ROLE}`))
  names.push(name)
  db = createDatabase(ownerUrl, 3)
  ctx = systemCtx('test', db)
  try {
    await migrateUpTo(latest)
    await fill(name, readFileSync(path.join(SERVICES, `${latest}.sql`), 'utf8'))

    const applied = await migrateDatabase({ ownerUrl, appUrl: urlOf(cluster, APP_ROLE, name) })
    expect(applied.length).toBeGreaterThan(0)
    expect(plain(await read(made))).toEqual(plain(reading))
    expect(await differences()).toEqual([])

    // What ended is still the same when it is asked for again, and what was under way ends.
    const { paidByOne, paidByTwo, poorer, free, admission, bare } = made
    for (const { holdId, costMicros } of [paidByOne, paidByTwo, poorer, free]) {
      expect(await captureHold(ctx, { holdId, costMicros })).toMatchObject({ replayed: true })
      await expect(captureHold(ctx, { holdId, costMicros: costMicros + 1n })).rejects.toMatchObject({
        code: 'conflict',
      })
    }
    await releaseHold(ctx, { holdId: bare })
    const { entry } = await settleAt(admission, 700)
    const [newest] = (await read(made)).statement
    expect(newest).toMatchObject({ seq: BigInt(entry!.seq), amountMicros: 700n })
    expect(BigInt(entry!.seq)).toBe(BigInt(reading.statement[0]!.seq) + 1n)
    const charge = await getStatementEntry(userCtx(made.payers[0]!), { seq: entry!.seq })
    expect(charge.paidFrom.map(({ source, amountMicros }) => [source, amountMicros])).toEqual([['promotional', '700']])
    const { rows } = await db.execute(sql`SELECT hold_id FROM transfers ORDER BY id DESC LIMIT 1`)
    expect(rows).toEqual([{ hold_id: admission.holdId }])
    expect(await differences()).toEqual([])
  } finally {
    await db.$client.end()
  }
})

/** Brings the empty database to what it was with its latest migration. */
async function migrateUpTo(latest: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ub-migrations-'))
  try {
    cpSync(MIGRATIONS, folder, { recursive: true })
    const file = path.join(folder, 'meta', '_journal.json')
    const journal = JSON.parse(readFileSync(file, 'utf8')) as { entries: { tag: string }[] }
    const upTo = journal.entries.findIndex(({ tag }) => tag === latest) + 1
    writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, upTo) }))
    await migrate(drizzle({ client: db.$client }), { migrationsFolder: folder })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Writes the rows of a service past the rules of its tables, in whatever order they come. */
async function fill(name: string, rows: string): Promise<void> {
  const { username, password } = new URL(cluster.adminUrl)
  const url = new URL(urlOf(cluster, OWNER_ROLE, name))
  await asAdmin(Object.assign(url, { username, password }).href, async (client) => {
    await client.query(`SET session_replication_role = replica; ${rows}`)
  })
}

/** Amounts are written `12n`. */
function revive(_key: string, value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value
}

/** As it is after being written down, so that both sides of a comparison were. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? `${part}n` : part)))

const userCtx = ({ userId }: Person): UserCtx => ({
  db,
  actor: { type: 'user', userId, role: 'user', sessionId: newId() },
})

/** Ends a call that took so many tokens at a micro-credit each. */
function settleAt(admission: Service['made']['admission'], inputTokens: number) {
  const usage = { inputTokens, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }
  return settle(ctx, {
    admission,
    usageRecordId: newId(),
    result: {
      outcome: 'completed',
      errorCode: null,
      usage,
      usageSource: 'reported',
      vendorUsage: usage,
      quarantinedUsage: null,
      channelId: null,
      vendor: null,
      vendorRequestId: null,
      firstTokenMs: null,
      durationMs: 10,
    },
  })
}

/** Everything that people and operators are shown of the books. */
async function read({ payers, orderId }: Pick<Service['made'], 'payers' | 'orderId'>) {
  const statement: StatementLine[] = []
  const entries: Awaited<ReturnType<typeof getStatementEntry>>[] = []
  for (const payer of payers) {
    const own = userCtx(payer)
    const lines = await all(exportStatement(own, {}))
    statement.push(...lines)
    for (const { seq } of lines) entries.push(await getStatementEntry(own, { seq: String(seq) }))
  }
  const lines = await all(exportTransfers(ctx))
  const transfers = await Promise.all(lines.map(({ id }) => getTransfer(ctx, { transferId: id })))
  const { rows } = await db.execute<{ id: string; user_id: string }>(
    sql`SELECT id, user_id FROM usage_records ORDER BY id`,
  )
  const owner = (id: string) => payers.find(({ userId }) => userId === id)!
  const receipts = await Promise.all(
    rows.map(({ id, user_id }) => getReceipt(userCtx(owner(user_id)), { usageRecordId: id })),
  )
  const order = await listOrderTransfers(ctx, { orderId })
  return { statement, entries, transfers, receipts, order }
}

async function all<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) found.push(...batch)
  return found
}

async function differences() {
  const { checks } = await runVerification(ctx, { source: 'command' })
  return checks.filter((check) => check.differences > 0)
}
