import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect } from 'vitest'
import { createDatabase, type Database, type Executor } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { HOUSE } from '#lib/ledger/index.ts'
import { type SumReportsInput, sumReports } from '#lib/reports/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { WITHOUT_RULES } from '#tests/support/without-rules.ts'

export type HistoryDatabase = TestDatabase & { owner: Database }

/** A database without its rules, in which its owner may write rows of whatever happened whenever. */
export async function createHistoryDatabase(): Promise<HistoryDatabase> {
  const database = await createTestDatabase()
  const owner = createDatabase(database.ownerUrl, 3)
  await owner.execute(sql.raw(WITHOUT_RULES))
  const close = async () => {
    await owner.$client.end()
    await database.close()
  }
  return { ...database, owner, close }
}

/** Sums reports until nothing is left to do. */
export async function sumAll(ctx: Ctx, input: SumReportsInput = {}): Promise<void> {
  for (let rounds = 0; await sumReports(ctx, input); rounds++) expect(rounds).toBeLessThan(10_000)
}

const idsOf = (kind: number, count: number) =>
  Array.from({ length: count }, (_, index) => `0190000${kind}-0000-7000-8000-00000000000${index}`)
export const PEOPLE = idsOf(1, 5)
export const WALLETS = idsOf(2, 5)
export const CHANNELS = [null, ...idsOf(3, 2)]
export const MODELS = ['model-a', 'model-b', 'model-c']

export type PastCall = {
  userId: string
  modelId: string
  channelId: string | null
  outcome: 'completed' | 'stopped' | 'interrupted' | 'failed' | 'empty'
  tokens: [number, number, number, number, number]
  chargedMicros: number
  badDebtMicros: number
  vendorCostMicros: number
  firstTokenMs: number | null
  /** What its vendor cost was found to be beyond that, later. */
  late: { vendorCostMicros: number; at: Date } | null
  at: Date
}

export type PastTransfer = {
  kind: string
  /** Codes of house accounts, or a wallet's id. */
  debit: string
  credit: string
  amountMicros: number
  /** Of the lot that it brought, and of those that it used, with how much of each. */
  source: 'paid' | 'promotional' | 'code'
  parts: { source: 'paid' | 'promotional' | 'code'; micros: number }[]
  at: Date
}

const micros = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5_000_000 }))
const source = fc.constantFrom('paid' as const, 'promotional' as const, 'code' as const)

export function pastCall(from: Date, to: Date): fc.Arbitrary<PastCall> {
  const at = fc.date({ min: from, max: to, noInvalidDate: true })
  return fc.record({
    userId: fc.constantFrom(...PEOPLE),
    modelId: fc.constantFrom(...MODELS),
    channelId: fc.constantFrom(...CHANNELS),
    outcome: fc.constantFrom('completed', 'stopped', 'interrupted', 'failed', 'empty'),
    tokens: fc.tuple(...([0, 1, 2, 3, 4].map(() => fc.nat(100_000)) as [F, F, F, F, F])),
    chargedMicros: micros,
    badDebtMicros: micros,
    vendorCostMicros: micros,
    firstTokenMs: fc.option(fc.nat(40_000)),
    late: fc.option(fc.record({ vendorCostMicros: micros, at }), { freq: 3 }),
    at,
  })
}

type F = fc.Arbitrary<number>

const WAYS = [
  ['top_up', 'clearing', 'wallet'],
  ['grant', 'promotions', 'wallet'],
  ['redemption', 'promotions', 'wallet'],
  ['goodwill', 'goodwill', 'wallet'],
  ['usage', 'wallet', 'revenue'],
  ['refund', 'wallet', 'clearing'],
  ['expiry', 'wallet', 'expired'],
  ['bad_debt', 'badDebt', 'revenue'],
] as const

export function pastTransfer(from: Date, to: Date): fc.Arbitrary<PastTransfer> {
  const part = fc.record({ source, micros: fc.integer({ min: 1, max: 5_000_000 }) })
  return fc
    .record({
      way: fc.constantFrom(...WAYS),
      wallet: fc.constantFrom(...WALLETS),
      source,
      parts: fc.array(part, { minLength: 1, maxLength: 3 }),
      at: fc.date({ min: from, max: to, noInvalidDate: true }),
    })
    .map(({ way: [kind, debit, credit], wallet, parts, ...rest }) => ({
      kind,
      debit: debit === 'wallet' ? wallet : debit,
      credit: credit === 'wallet' ? wallet : credit,
      amountMicros: parts.reduce((sum, { micros: some }) => sum + some, 0),
      parts: debit === 'wallet' ? parts : [],
      ...rest,
    }))
}

const UNPRICED = {
  price_version_id: newId(),
  ...{ input_price_micros: 0, cache_read_price_micros: 0, cache_write_price_micros: 0, output_price_micros: 0 },
  ...{ reasoning_price_micros: 0, request_price_micros: 0, held_micros: 0, omitted_turns: 0, duration_ms: 1 },
}

/** Writes calls as if they had happened. Without a time they happen now. */
export async function insertCalls(db: Executor, calls: readonly (Omit<PastCall, 'at'> & { at?: Date })[]) {
  const records = calls.map((call) => {
    const [input, read, write, output, reasoning] = call.tokens
    return {
      ...UNPRICED,
      ...{ user_id: call.userId, id: newId(), wallet_id: call.userId, hold_id: newId(), model_id: call.modelId },
      ...{ channel_id: call.channelId, outcome: call.outcome, usage_source: 'reported', input_tokens: input },
      ...{ cache_read_tokens: read, cache_write_tokens: write, output_tokens: output, reasoning_tokens: reasoning },
      ...{ cost_micros: call.chargedMicros, charged_micros: call.chargedMicros, bad_debt_micros: call.badDebtMicros },
      ...{ vendor_cost_micros: call.vendorCostMicros, first_token_ms: call.firstTokenMs, created_at: call.at },
    }
  })
  await insert(db, 'usage_records', records)
  const late = calls.flatMap((call, index) => {
    const { hold_id, user_id, id: usage_record_id, model_id, channel_id } = records[index]!
    const none = { input_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, output_tokens: 0, reasoning_tokens: 0 }
    return call.late
      ? [
          {
            ...{ hold_id, user_id, usage_record_id, model_id, channel_id, ...none },
            ...{ vendor_cost_micros: call.late.vendorCostMicros, created_at: call.late.at },
          },
        ]
      : []
  })
  await insert(db, 'late_usage', late)
}

/** Writes transfers with their lots as if they had happened. */
export async function insertTransfers(db: Executor, transfers: readonly PastTransfer[]) {
  const rows: Record<'transfers' | 'lots' | 'lot_uses', object[]> = { transfers: [], lots: [], lot_uses: [] }
  for (const transfer of transfers) {
    const id = newId()
    const accountOf = (name: string) => HOUSE[name as keyof typeof HOUSE] ?? name
    const [debit, credit] = [accountOf(transfer.debit), accountOf(transfer.credit)]
    const created_at = transfer.at
    const addLot = (wallet_id: string, transfer_id: string, lotSource: string, amount_micros: number) =>
      rows.lots.push({ wallet_id, transfer_id, source: lotSource, amount_micros, noted_micros: 0, created_at })
    const parts = transfer.parts.map((part) => ({ lotId: newId(), ...part }))
    // What one lot paid for a call, the transfer says itself.
    const paidByOne = transfer.kind === 'usage' && parts.length === 1
    rows.transfers.push({
      ...{ id, kind: transfer.kind, debit_account_id: debit, credit_account_id: credit, created_at },
      lot_transfer_id: paidByOne ? parts[0]!.lotId : null,
      ...{ amount_micros: transfer.amountMicros, idempotency_key: id, request_hash: '\\x00', actor: 'test' },
    })
    if (credit === transfer.credit) addLot(credit, id, transfer.source, transfer.amountMicros)
    for (const { lotId, source: lotSource, micros: some } of parts) {
      addLot(debit, lotId, lotSource, some)
      if (!paidByOne)
        rows.lot_uses.push({ wallet_id: debit, transfer_id: id, lot_transfer_id: lotId, amount_micros: some })
    }
  }
  await insert(db, 'transfers', rows.transfers)
  await insert(db, 'lots', rows.lots)
  await insert(db, 'lot_uses', rows.lot_uses)
}

async function insert(db: Executor, table: string, rows: readonly object[]) {
  if (rows.length === 0) return
  const names = Object.keys(rows[0]!)
  const columns = sql.join(
    names.map((name) => sql.identifier(name)),
    sql`, `,
  )
  const values = sql.join(
    names.map((name) => (name === 'created_at' ? sql`coalesce(created_at, now())` : sql.identifier(name))),
    sql`, `,
  )
  await db.execute(sql`
    INSERT INTO ${sql.identifier(table)} (${columns})
    SELECT ${values} FROM json_populate_recordset(NULL::${sql.identifier(table)}, ${JSON.stringify(rows)}::json)`)
}
