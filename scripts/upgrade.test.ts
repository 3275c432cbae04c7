import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { migrateDatabase } from '#db/migrate.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  type Admission,
  creditBackCall,
  exportStatement,
  getReceipt,
  getStatementEntry,
  type StatementLine,
  settle,
} from '#lib/inference/index.ts'
import { runVerification } from '#lib/jobs/index.ts'
import {
  captureHold,
  expireLots,
  exportTransfers,
  getTransfer,
  HOUSE,
  placeHold,
  postTransfer,
  releaseHold,
  setSpendCap,
} from '#lib/ledger/index.ts'
import { confirmOrder, listOrderTransfers, refundOrder } from '#lib/payments/index.ts'
import { APP_ROLE, OWNER_ROLE } from '#scripts/embedded-postgres.ts'
import { asAdmin, urlOf } from '#tests/support/cluster.ts'
import { type Buyer, createOrder } from '#tests/support/orders.ts'
import { admitCall, createChannel, createPayer, createPricedModel, type Payer } from '#tests/support/paid-call.ts'

const MIGRATIONS = path.resolve(import.meta.dirname, '../db/migrations')
const CHARGES_NAME_THEIR_LOT = '0010_ledger_speed'

/** What this release's verbs expect of a schema that is older. */
const LENT = [sql`ALTER TABLE usage_records ADD wallet_seq bigint`, sql`ALTER TABLE transfers ADD lot_transfer_id uuid`]
const TAKEN_BACK = [sql`ALTER TABLE usage_records DROP wallet_seq`, sql`ALTER TABLE transfers DROP lot_transfer_id`]

const cluster = inject('cluster')
const name = `ub_test_${randomBytes(6).toString('hex')}`
const ownerUrl = urlOf(cluster, OWNER_ROLE, name)
let db: Database
let ctx: Ctx & { db: Database }

beforeAll(async () => {
  await asAdmin(cluster.adminUrl, (client) => client.query(`CREATE DATABASE ${name} OWNER ${OWNER_ROLE}`))
  db = createDatabase(ownerUrl, 3)
  ctx = systemCtx('test', db)
})
afterAll(async () => {
  await db.$client.end()
  await asAdmin(cluster.adminUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
})

it('a service of before charges name their lot reads the same afterwards, and goes on', async () => {
  await migrateUpTo(CHARGES_NAME_THEIR_LOT)
  for (const change of LENT) await db.execute(change)
  const made = await fill()
  const before = await read(made)
  expect(before.statement.length).toBeGreaterThan(10)
  const { paidFrom } = before.entries.find(({ receipt }) => receipt?.id === made.paidByTwo.id)!
  expect(paidFrom.map(({ amountMicros }) => amountMicros)).toEqual(['3000', '1000'])
  expect(await differences()).toEqual([])
  for (const change of TAKEN_BACK) await db.execute(change)

  const applied = await migrateDatabase({ ownerUrl, appUrl: urlOf(cluster, APP_ROLE, name) })
  expect(applied[0]).toBe(CHARGES_NAME_THEIR_LOT)
  expect(await read(made)).toEqual(before)
  expect(await differences()).toEqual([])

  // What ended is still the same when it is asked for again, and what was under way ends.
  const { paidByOne, paidByTwo, poorer, free, admitted, bare } = made
  for (const { holdId, costMicros } of [paidByOne, paidByTwo, poorer, free]) {
    expect(await captureHold(ctx, { holdId, costMicros })).toMatchObject({ replayed: true })
    await expect(captureHold(ctx, { holdId, costMicros: costMicros + 1n })).rejects.toMatchObject({ code: 'conflict' })
  }
  await releaseHold(ctx, { holdId: bare })
  const { entry } = await settleAt(admitted, 700)
  const [latest] = (await read(made)).statement
  expect(latest).toMatchObject({ seq: BigInt(entry!.seq), amountMicros: 700n })
  expect(BigInt(entry!.seq)).toBe(before.statement[0]!.seq + 1n)
  const charge = await getStatementEntry(made.rich.ctx, { seq: entry!.seq })
  expect(charge.paidFrom.map(({ source, amountMicros }) => [source, amountMicros])).toEqual([['promotional', '700']])
  const { rows } = await db.execute(sql`SELECT hold_id FROM transfers WHERE lot_transfer_id IS NOT NULL`)
  expect(rows).toEqual([{ hold_id: admitted.holdId }])
  expect(await differences()).toEqual([])
})

/** Brings the empty database to what it was before a migration came. */
async function migrateUpTo(tag: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ub-migrations-'))
  try {
    cpSync(MIGRATIONS, folder, { recursive: true })
    const file = path.join(folder, 'meta', '_journal.json')
    const journal = JSON.parse(readFileSync(file, 'utf8')) as { entries: { tag: string }[] }
    const upTo = journal.entries.findIndex((entry) => entry.tag === tag)
    writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, upTo) }))
    await migrate(drizzle({ client: db.$client }), { migrationsFolder: folder })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Calls of every end that a call can have, and everything that credits come from and go to. */
async function fill() {
  const modelId = await createPricedModel(db, [await createChannel(db, 'http://127.0.0.1:9/v1')])
  const call = async (payer: Payer, tokens: number) => {
    const admission = await admitCall(payer, modelId)
    const { id, costMicros } = await settleAt(admission, tokens)
    return { id, holdId: admission.holdId, costMicros: BigInt(costMicros) }
  }

  const rich = await createPayer(db, 5_000n)
  const buyer: Buyer = { ...rich.ctx, userId: rich.userId, walletId: rich.walletId }
  const { id: orderId } = await createOrder(buyer, { provider: 'manual', method: null })
  await confirmOrder(ctx, { orderId })
  const paidByOne = await call(rich, 2_000)
  const paidByTwo = await call(rich, 4_000)
  const free = await call(rich, 0)
  await refundOrder(ctx, { orderId, amountMinor: 300n, reason: 'asked for it', requestId: newId() })
  const gift = { callId: paidByOne.holdId, amountMicros: 900n, reason: 'not what was asked', requestId: newId() }
  await creditBackCall(ctx, gift)
  await postTransfer(ctx, {
    kind: 'grant',
    debitAccountId: HOUSE.promotions,
    creditAccountId: rich.walletId,
    amountMicros: 50n,
    idempotencyKey: newId(),
    lot: { source: 'code', expiresAt: new Date(Date.now() - 1_000) },
  })
  await expireLots(ctx)

  const poor = await createPayer(db, 1_000n)
  const poorer = await call(poor, 5_000)
  const capped = await createPayer(db)
  await setSpendCap(ctx, {
    walletId: capped.walletId,
    spenderId: capped.userId,
    period: 'day',
    limitMicros: 1_000_000n,
    timeZone: 'Asia/Shanghai',
  })
  await call(capped, 100)
  await admitCall(capped, modelId)

  const admitted = await admitCall(rich, modelId)
  const bare = newId()
  const amounts = { fullMicros: 10n, minimumMicros: 10n, maxOpen: 20 }
  await placeHold(ctx, {
    holdId: bare,
    walletId: rich.walletId,
    spenderId: rich.userId,
    workerId: newId(),
    ...amounts,
  })
  return { payers: [rich, poor, capped], rich, orderId, paidByOne, paidByTwo, free, poorer, admitted, bare }
}

/** Ends a call that took so many tokens at a micro-credit each, or failed. */
function settleAt(admission: Admission, inputTokens: number) {
  const none = { cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }
  const failed = inputTokens === 0
  return settle(ctx, {
    admission,
    usageRecordId: newId(),
    result: {
      outcome: failed ? 'failed' : 'completed',
      errorCode: failed ? 'vendor_unreachable' : null,
      usage: { inputTokens, ...none },
      usageSource: failed ? 'none' : 'reported',
      vendorUsage: { inputTokens, ...none },
      quarantinedUsage: null,
      channelId: null,
      vendor: null,
      vendorRequestId: null,
      firstTokenMs: null,
      durationMs: 10,
      lengthCapped: false,
    },
  })
}

/** Everything that people and operators are shown of the books. */
async function read({ payers, orderId }: Awaited<ReturnType<typeof fill>>) {
  const statement: StatementLine[] = []
  const entries: Awaited<ReturnType<typeof getStatementEntry>>[] = []
  for (const { ctx: own } of payers) {
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
    rows.map(({ id, user_id }) => getReceipt(owner(user_id).ctx, { usageRecordId: id })),
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
