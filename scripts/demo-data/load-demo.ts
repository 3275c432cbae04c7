import { sql } from 'drizzle-orm'
import { createDatabase, runTransaction } from '#db/client.ts'
import { recordAudit } from '#lib/audit.ts'
import { systemCtx } from '#lib/ctx.ts'
import { sumReports } from '#lib/reports/index.ts'
import { restoreStructure, setStructureAside } from '#scripts/postgres/structure.ts'
import { PlainError } from '#scripts/run-main.ts'
import { chargeCalls, drawCalls, rateCalls } from './calls.ts'
import { drawTurns, writeConversations, writeMessages } from './conversations.ts'
import { drawCredits, drawLotUses, drawReturns } from './credits.ts'
import {
  closeBooks,
  drawTransfers,
  writeHolds,
  writeLots,
  writeLotUses,
  writeReceipts,
  writeTransfers,
} from './ledger.ts'
import { writeOffer } from './offer.ts'
import { writeCodes, writeOrders } from './orders.ts'
import { drawPeople, prepareDemo, writePeople } from './people.ts'
import { type ProgressBar, startProgressBar } from './progress-bar.ts'
import { DEMO_SIZES, type DemoCtx, type DemoSize } from './scale.ts'
import { writeCaps, writeTraces } from './traces.ts'

const BATCH = 100_000

/** Tables that millions of rows go into. */
const LARGE_TABLES = [
  'conversations',
  'messages',
  'generations',
  'holds',
  'transfers',
  'lots',
  'lot_uses',
  'usage_records',
  'audit_entries',
]

/** Looked up by the rules of each transfer and receipt that is written: they stay. */
const KEPT = ['holds_pkey', 'lots_wallet_id_transfer_id_pk']

/** A year of a service that was never there. `loaded` is false when this database has one already. */
export type LoadedDemo = { loaded: boolean; size: DemoSize }

/**
 * Fills a seeded database with people, conversations, calls and payments of the last year, in one transaction of the role
 * that owns the schema: all of it or nothing.
 * @throws {PlainError} when the database holds people other than admins, or orders
 */
export async function loadDemo(
  size: DemoSize,
  { url, ownerUrl }: { url: string; ownerUrl: string },
  bar: ProgressBar = startProgressBar(totalWeight(size)),
): Promise<LoadedDemo> {
  const owned = createDatabase(ownerUrl, 1)
  try {
    const before = await findDemo(owned)
    if (before) return { loaded: false, size: before }
    await runTransaction(owned, async (tx) => {
      const ctx: DemoCtx = systemCtx('demo', tx)
      await requireEmpty(ctx)
      await write(ctx, size, bar)
    })
    bar.advance('statistics', (WEIGHTS.statistics * DEMO_SIZES[size].records) / BATCH)
    await tidy(owned)
    bar.advance('reports', (WEIGHTS.reports * DEMO_SIZES[size].records) / BATCH)
    await sum(url)
    bar.end()
    return { loaded: true, size }
  } finally {
    await owned.$client.end()
  }
}

async function findDemo(db: ReturnType<typeof createDatabase>): Promise<DemoSize | null> {
  const { rows } = await db.execute<{ size: DemoSize }>(sql`
    SELECT subject_id AS size FROM audit_entries WHERE action = 'demo.load' ORDER BY id LIMIT 1`)
  return rows[0]?.size ?? null
}

async function requireEmpty(ctx: DemoCtx): Promise<void> {
  const { rows } = await ctx.db.execute<{ people: boolean; orders: boolean }>(sql`
    SELECT EXISTS (SELECT 1 FROM users WHERE role <> 'admin') AS people, EXISTS (SELECT 1 FROM orders) AS orders`)
  const found = rows[0]!
  if (found.people || found.orders) {
    throw new PlainError(
      `this database holds ${found.people ? 'people' : 'orders'}: the demonstration goes into a new one (another DATA_DIR or DATABASE_URL)`,
    )
  }
}

async function write(ctx: DemoCtx, size: DemoSize, bar: ProgressBar): Promise<void> {
  const { records, messages } = DEMO_SIZES[size]
  const unit = records / BATCH
  const step = async (label: string, weight: number, work: () => Promise<unknown>) => {
    bar.advance(label, weight * unit)
    await work()
  }
  const inBatches = async (
    label: string,
    rows: number,
    weight: number,
    work: (from: number, upto: number) => Promise<void>,
  ) => {
    for (let from = 1; from <= rows; from += BATCH) {
      bar.advance(label, (weight * Math.min(BATCH, rows - from + 1)) / BATCH)
      await work(from, from + BATCH)
    }
  }
  // Big sorts stay in memory where they can; nothing of this is for a request.
  await ctx.db.execute(sql`SET LOCAL statement_timeout = 0`)
  await ctx.db.execute(sql`SET LOCAL work_mem = '256MB'`)
  await ctx.db.execute(sql`SET LOCAL maintenance_work_mem = '512MB'`)
  await ctx.db.execute(sql`SET LOCAL jit = off`)
  // With several processes the same seed would draw other numbers.
  await ctx.db.execute(sql`SET LOCAL max_parallel_workers_per_gather = 0`)

  await prepareDemo(ctx, DEMO_SIZES[size])
  await writeOffer(ctx)
  const setAside = await setStructureAside(ctx.db, LARGE_TABLES, KEPT)
  await drawPeople(ctx)
  await step('calls', WEIGHTS.draw, () => drawCalls(ctx))
  await writePeople(ctx)
  await step('prices', WEIGHTS.rate, () => rateCalls(ctx))
  await step('purchases', WEIGHTS.charge, () => chargeCalls(ctx))
  await drawCredits(ctx)
  await step('lots', WEIGHTS.lots, () => drawLotUses(ctx))
  await drawReturns(ctx)
  await step('balances', WEIGHTS.transfers, () => drawTransfers(ctx))
  await inBatches('holds', records, WEIGHTS.holds, (from, upto) => writeHolds(ctx, from, upto))
  await writeLots(ctx)
  const { rows } = await ctx.db.execute<{ last: bigint }>(sql`SELECT max(t) AS last FROM demo_transfers`)
  await inBatches('transfers', Number(rows[0]!.last), WEIGHTS.transfer, (from, upto) => writeTransfers(ctx, from, upto))
  await inBatches('lots', records, WEIGHTS.uses, (from, upto) => writeLotUses(ctx, from, upto))
  await closeBooks(ctx)
  await inBatches('receipts', records, WEIGHTS.receipts, (from, upto) => writeReceipts(ctx, from, upto))
  await step('conversations', WEIGHTS.conversations, () => writeConversations(ctx))
  await drawTurns(ctx)
  await inBatches('messages', messages / 2, WEIGHTS.messages, (from, upto) => writeMessages(ctx, from, upto))
  await writeOrders(ctx)
  await writeCodes(ctx)
  await writeTraces(ctx)
  await recordAudit(ctx, { action: 'demo.load', subjectType: 'demo', subjectId: size, after: DEMO_SIZES[size] })
  // A service that runs meanwhile has counted past days as empty.
  await ctx.db.execute(sql`DELETE FROM report_progress`)
  await restoreStructure(ctx.db, setAside, () => bar.advance('indexes', (WEIGHTS.indexes * unit) / setAside.length))
  await writeCaps(ctx)
}

/** What readers of a large database need: sizes for the planner, and which pages everybody sees. */
async function tidy(db: ReturnType<typeof createDatabase>): Promise<void> {
  const client = await db.$client.connect()
  try {
    await client.query('SET statement_timeout = 0')
    await client.query('VACUUM (ANALYZE)')
  } finally {
    client.release(true)
  }
}

/** The sums of the reports, as the job of the service would make them within its first minutes. */
async function sum(url: string): Promise<void> {
  const db = createDatabase(url, 2)
  try {
    const ctx = systemCtx('demo', db)
    while (await sumReports(ctx, { batchRows: 200_000 }));
  } finally {
    await db.$client.end()
  }
}

/** Seconds or so that a hundred thousand calls or turns take on a busy machine: they only move the bar. */
const WEIGHTS = {
  draw: 1,
  rate: 1.8,
  charge: 0.7,
  lots: 0.4,
  transfers: 0.3,
  holds: 2.9,
  transfer: 8.7,
  uses: 3.6,
  receipts: 5,
  conversations: 2.3,
  messages: 12,
  indexes: 3.3,
  statistics: 1.1,
  reports: 1.5,
}

function totalWeight(size: DemoSize): number {
  const { records, messages } = DEMO_SIZES[size]
  const { messages: turns, ...others } = WEIGHTS
  return (Object.values(others).reduce((sum, weight) => sum + weight, 0) * records + (turns * messages) / 2) / BATCH
}
