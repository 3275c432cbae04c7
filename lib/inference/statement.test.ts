import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemCtx } from '#lib/ctx.ts'
import {
  estimateMessages,
  exportStatement,
  getBalance,
  getSpending,
  getStatementEntry,
  listPaidModels,
  listStatement,
  type StatementFilter,
  type StatementLine,
} from '#lib/inference/index.ts'
import { HOUSE, postTransfer, suspendWallet } from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import {
  admitCall,
  carryOut,
  createChannel,
  createPayer,
  createPricedModel,
  type Payer,
} from '#tests/support/paid-call.ts'
import { insertPastCalls } from '#tests/support/past-calls.ts'

let database: TestDatabase
let vendor: FakeVendor
let cheap: string
let dear: string

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  const channel = await createChannel(database.db, vendor.url)
  cheap = await createPricedModel(database.db, [channel], { displayName: 'Cheap' })
  dear = await createPricedModel(database.db, [channel], { displayName: 'Dear', input: '10', output: '40' })
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const MINUTE = 60_000

/** Somebody whose calls began at an instant, one a minute, of both models in turn. */
async function createSpender({ from, count, everyMs = MINUTE }: { from: string; count: number; everyMs?: number }) {
  const payer = await createPayer(database.db)
  await insertPastCalls(database, {
    userId: payer.userId,
    walletId: payer.walletId,
    modelIds: [cheap, dear],
    count,
    from: new Date(from),
    everyMs,
  })
  return payer
}

function take(payer: Payer, micros: bigint): Promise<unknown> {
  return postTransfer(systemCtx('test', database.db), {
    kind: 'adjustment',
    debitAccountId: payer.walletId,
    creditAccountId: HOUSE.adjustments,
    amountMicros: micros,
    idempotencyKey: `take:${payer.userId}:${micros}`,
    reason: 'counted twice',
  })
}

async function exportAll(payer: Payer, filter: StatementFilter = {}): Promise<StatementLine[]> {
  const lines: StatementLine[] = []
  for await (const batch of exportStatement(payer.ctx, filter)) lines.push(...batch)
  return lines
}

describe('the statement', () => {
  it('has what came in and what was charged, each with the balance after it', async () => {
    const payer = await createPayer(database.db)
    const { receipt } = await carryOut(payer, await admitCall(payer, cheap))
    await take(payer, 500_000n)
    const { lines, days, nextBefore } = await listStatement(payer.ctx)
    expect(nextBefore).toBeNull()
    expect(lines).toMatchObject([
      { seq: 3n, kind: 'adjustment', direction: 'out', amountMicros: 500_000n, reason: 'counted twice', call: null },
      {
        seq: 2n,
        kind: 'usage',
        direction: 'out',
        amountMicros: BigInt(receipt.chargedMicros),
        call: { receiptId: receipt.id, modelId: cheap, modelName: 'Cheap', usage: receipt.usage },
      },
      { seq: 1n, kind: 'grant', direction: 'in', amountMicros: 10_000_000n, balanceMicros: 10_000_000n },
    ])
    expect(lines[0]!.balanceMicros).toBe((await payer.wallet()).postedMicros)
    expect(lines[1]!.balanceMicros).toBe(10_000_000n - BigInt(receipt.chargedMicros))
    expect(days.at(0)).toMatchObject({ closingMicros: lines[0]!.balanceMicros })
    expect(days.reduce((sum, day) => sum + day.spentMicros, 0n)).toBe(BigInt(receipt.chargedMicros))
  })

  it('is read page by page without a gap or a repeat while it grows', async () => {
    const payer = await createSpender({ from: '2026-03-01T08:00:00Z', count: 45 })
    const seen: bigint[] = []
    let before: bigint | undefined
    for (;;) {
      const page = await listStatement(payer.ctx, { limit: 10, before })
      seen.push(...page.lines.map(({ seq }) => seq))
      if (page.nextBefore === null) break
      before = page.nextBefore
      await take(payer, BigInt(seen.length))
    }
    expect(seen).toEqual(Array.from({ length: 46 }, (_, i) => BigInt(46 - i)))
  })

  it('ends a page exactly where the wallet began without promising another', async () => {
    const payer = await createSpender({ from: '2026-03-01T08:00:00Z', count: 9 })
    expect((await listStatement(payer.ctx, { limit: 10 })).nextBefore).toBeNull()
    expect((await listStatement(payer.ctx, { limit: 9 })).nextBefore).toBe(2n)
  })

  it('reckons days by the clock of the reader, with the spend and the closing balance of the whole day', async () => {
    // 15:58 to 16:01 UTC is 23:58 to 00:01 in Shanghai.
    const payer = await createSpender({ from: '2026-03-01T15:58:00Z', count: 4 })
    const utc = await listStatement(payer.ctx, { kind: 'spending', limit: 1 })
    expect(utc.days).toEqual([{ day: '2026-03-01', spentMicros: 4_006n, closingMicros: utc.lines[0]!.balanceMicros }])
    const shanghai = await listStatement(payer.ctx, { kind: 'spending', timeZone: 'Asia/Shanghai' })
    const [fourth, , second] = shanghai.lines
    expect(shanghai.lines.map(({ day }) => day)).toEqual(['2026-03-02', '2026-03-02', '2026-03-01', '2026-03-01'])
    expect(shanghai.days).toEqual([
      { day: '2026-03-02', spentMicros: 2_005n, closingMicros: fourth!.balanceMicros },
      { day: '2026-03-01', spentMicros: 2_001n, closingMicros: second!.balanceMicros },
    ])
    const later = await listStatement(payer.ctx, { kind: 'spending', timeZone: 'Asia/Shanghai', before: second!.seq })
    expect(later.days).toEqual([shanghai.days[1]])
  })

  it('shows only what a filter asks for', async () => {
    const payer = await createSpender({ from: '2026-03-01T15:58:00Z', count: 4 })
    await take(payer, 7n)
    const seqs = async (filter: StatementFilter) => {
      const shown = (await listStatement(payer.ctx, filter)).lines.map(({ seq }) => Number(seq))
      expect((await exportAll(payer, filter)).map(({ seq }) => Number(seq))).toEqual(shown)
      return shown
    }
    expect(await seqs({})).toEqual([6, 5, 4, 3, 2, 1])
    expect(await seqs({ kind: 'spending' })).toEqual([5, 4, 3, 2])
    expect(await seqs({ kind: 'in' })).toEqual([1])
    expect(await seqs({ kind: 'other' })).toEqual([6])
    expect(await seqs({ modelId: dear })).toEqual([5, 3])
    expect(await seqs({ modelId: dear, kind: 'in' })).toEqual([])
    expect(await seqs({ modelId: 'no-such-model' })).toEqual([])
    expect(await seqs({ from: '2026-03-01', to: '2026-03-01' })).toEqual([5, 4, 3, 2])
    expect(await seqs({ from: '2026-03-02', to: '2026-03-02', timeZone: 'Asia/Shanghai' })).toEqual([5, 4])
    expect((await listStatement(payer.ctx, { modelId: dear })).days[0]!.spentMicros).toBe(1_001n + 1_003n)
  })

  it('is exported whole, beyond one batch', async () => {
    const payer = await createSpender({ from: '2026-01-01T00:00:00Z', count: 2_500 })
    const sizes: number[] = []
    const seen: bigint[] = []
    for await (const batch of exportStatement(payer.ctx, {})) {
      sizes.push(batch.length)
      seen.push(...batch.map(({ seq }) => seq))
    }
    expect(sizes).toEqual([1_000, 1_000, 501])
    expect(seen).toEqual(Array.from({ length: 2_501 }, (_, i) => BigInt(2_501 - i)))
  })

  it('refuses what is no date, no zone and no number', async () => {
    const { ctx } = await createPayer(database.db)
    for (const input of [
      { from: '2026-02-30' },
      { timeZone: '+08:00' },
      { timeZone: "UTC'; --" },
      { before: 0n },
      { limit: 101 },
    ]) {
      await expect(listStatement(ctx, input), JSON.stringify(input, replaceBigint)).rejects.toThrow()
    }
  })
})

function replaceBigint(_key: string, value: unknown) {
  return typeof value === 'bigint' ? String(value) : value
}

describe('an entry', () => {
  it('of a call carries its receipt and the lot that paid', async () => {
    const payer = await createPayer(database.db)
    const { receipt } = await carryOut(payer, await admitCall(payer, cheap))
    const entry = await getStatementEntry(payer.ctx, { seq: '2' })
    expect(entry).toMatchObject({
      seq: '2',
      kind: 'usage',
      direction: 'out',
      amountMicros: receipt.chargedMicros,
      receipt: { id: receipt.id },
      lot: null,
      paidFrom: [{ seq: '1', source: 'promotional', amountMicros: receipt.chargedMicros, expiresAt: null }],
    })
    expect(JSON.parse(JSON.stringify(entry))).toEqual(entry)
  })

  it('that brought credits says what is left of them and until when', async () => {
    const payer = await createPayer(database.db, 0n)
    const expiresAt = new Date(Date.now() + 86_400_000)
    await postTransfer(systemCtx('test', database.db), {
      kind: 'promotion',
      debitAccountId: HOUSE.promotions,
      creditAccountId: payer.walletId,
      amountMicros: 5_000_000n,
      idempotencyKey: `promotion:${payer.userId}`,
      reason: 'spring',
      lot: { source: 'promotional', expiresAt },
    })
    await take(payer, 2_000_000n)
    expect(await getStatementEntry(payer.ctx, { seq: '1' })).toMatchObject({
      kind: 'promotion',
      direction: 'in',
      reason: 'spring',
      lot: { source: 'promotional', remainingMicros: '3000000', expiresAt: expiresAt.toISOString() },
      receipt: null,
      paidFrom: [],
    })
    expect((await getBalance(payer.ctx)).expiring).toEqual([{ micros: 3_000_000n, at: expiresAt }])
  })

  it('is found by its number only', async () => {
    const payer = await createPayer(database.db)
    for (const seq of ['2', '999999999999999999']) {
      await expect(getStatementEntry(payer.ctx, { seq })).rejects.toMatchObject({ code: 'not_found' })
    }
    for (const seq of ['0', '-1', '1.5', '9'.repeat(19), '']) {
      await expect(getStatementEntry(payer.ctx, { seq }), seq).rejects.toThrow()
    }
  })
})

describe('spending', () => {
  it('is added up by day in the reader’s zone, days without a call included, and by model', async () => {
    const payer = await createSpender({ from: '2026-03-01T15:58:00Z', count: 4 })
    const period = { from: '2026-02-28', to: '2026-03-03' }
    expect((await getSpending(payer.ctx, period)).byDay).toEqual([
      { day: '2026-02-28', micros: 0n },
      { day: '2026-03-01', micros: 4_006n },
      { day: '2026-03-02', micros: 0n },
      { day: '2026-03-03', micros: 0n },
    ])
    const inShanghai = { ...period, timeZone: 'Asia/Shanghai' }
    const { byDay, byModel } = await getSpending(payer.ctx, inShanghai)
    expect(byDay.map(({ micros }) => micros)).toEqual([0n, 2_001n, 2_005n, 0n])
    const ofCheap = await getSpending(payer.ctx, { ...inShanghai, modelId: cheap })
    expect(ofCheap.byDay.map(({ micros }) => micros)).toEqual([0n, 1_000n, 1_002n, 0n])
    expect(ofCheap.byModel).toEqual(byModel)
    expect(byModel).toEqual([
      { modelId: dear, modelName: 'Dear', micros: 2_004n, calls: 2 },
      { modelId: cheap, modelName: 'Cheap', micros: 2_002n, calls: 2 },
    ])
    expect((await getSpending(payer.ctx, { from: '2026-03-02', to: '2026-03-02' })).byModel).toEqual([])
    expect((await listPaidModels(payer.ctx)).map(({ modelName }) => modelName)).toEqual(['Cheap', 'Dear'])
  })

  it('counts a day of 23 hours and one of 25 whole', async () => {
    // Berlin puts its clocks forward on 29 March 2026 and back on 25 October.
    const payer = await createSpender({ from: '2026-03-28T23:00:00Z', count: 23, everyMs: 60 * MINUTE })
    const zone = { timeZone: 'Europe/Berlin' }
    const spring = await getSpending(payer.ctx, { from: '2026-03-29', to: '2026-03-29', ...zone })
    expect(spring.byDay[0]!.micros).toBe(23_000n + 253n)
    const other = await createSpender({ from: '2026-10-24T22:00:00Z', count: 25, everyMs: 60 * MINUTE })
    const autumn = await getSpending(other.ctx, { from: '2026-10-25', to: '2026-10-25', ...zone })
    expect(autumn.byDay[0]!.micros).toBe(25_000n + 300n)
  })

  it('is not read over more than a year', async () => {
    const { ctx } = await createPayer(database.db)
    await expect(getSpending(ctx, { from: '2025-01-01', to: '2026-01-02' })).rejects.toThrow()
    await expect(getSpending(ctx, { from: '2026-01-02', to: '2026-01-01' })).rejects.toThrow()
    expect((await getSpending(ctx, { from: '2025-01-01', to: '2026-01-01' })).byDay).toHaveLength(366)
  })
})

describe('the balance', () => {
  it('says how many more messages it lasts for, by the median of the latest', async () => {
    const payer = await createPayer(database.db)
    expect(await getBalance(payer.ctx)).toEqual({
      availableMicros: 10_000_000n,
      heldMicros: 0n,
      messagesLeft: null,
      state: 'fine',
      isSuspended: false,
      expiring: [],
    })
    expect(await estimateMessages(payer.ctx, { amountsMicros: [1_000_000n] })).toBeNull()
    await insertPastCalls(database, {
      userId: payer.userId,
      walletId: payer.walletId,
      modelIds: [cheap],
      count: 30,
      from: new Date('2026-03-01T00:00:00Z'),
      everyMs: MINUTE,
    })
    // The latest twenty cost 1,010 to 1,029; the median is 1,019.
    const { availableMicros, messagesLeft } = await getBalance(payer.ctx)
    expect(messagesLeft).toBe(Number(availableMicros / 1_019n))
    const amountsMicros = [0n, 1_018n, 1_019n, 20_379n, 1_000_000n]
    expect(await estimateMessages(payer.ctx, { amountsMicros })).toEqual([0, 0, 1, 19, 981])
  })

  it('is low when it lasts for a few messages, and empty at zero', async () => {
    const payer = await createSpender({ from: '2026-03-01T00:00:00Z', count: 1 })
    await take(payer, (await payer.wallet()).availableMicros - 9_999n)
    expect(await getBalance(payer.ctx)).toMatchObject({ messagesLeft: 9, state: 'low' })
    await take(payer, 9_999n)
    expect(await getBalance(payer.ctx)).toMatchObject({ messagesLeft: 0, state: 'empty' })
  })

  it('tells what running answers hold', async () => {
    const payer = await createPayer(database.db)
    const { heldMicros } = await admitCall(payer, cheap)
    expect(await getBalance(payer.ctx)).toMatchObject({ heldMicros, availableMicros: 10_000_000n - heldMicros })
  })

  it('tells that nothing new can begin while a payment is disputed', async () => {
    const payer = await createPayer(database.db)
    await suspendWallet(systemCtx('test', database.db), { walletId: payer.walletId, suspended: true })
    expect(await getBalance(payer.ctx)).toMatchObject({ isSuspended: true, availableMicros: 10_000_000n })
    await suspendWallet(systemCtx('test', database.db), { walletId: payer.walletId, suspended: false })
    expect(await getBalance(payer.ctx)).toMatchObject({ isSuspended: false })
  })
})

describe('an outsider', () => {
  it('sees nothing of it', async () => {
    const payer = await createSpender({ from: '2026-03-01T00:00:00Z', count: 3 })
    const outsider = await createPayer(database.db, 0n)
    const period = { from: '2026-02-01', to: '2026-03-31' }
    expect(await listStatement(outsider.ctx)).toEqual({ lines: [], days: [], nextBefore: null })
    expect(await exportAll(outsider)).toEqual([])
    const { byDay, byModel } = await getSpending(outsider.ctx, period)
    expect(byModel).toEqual([])
    expect(byDay.every(({ micros }) => micros === 0n)).toBe(true)
    expect(await listPaidModels(outsider.ctx)).toEqual([])
    await expect(getStatementEntry(outsider.ctx, { seq: '2' })).rejects.toMatchObject({ code: 'not_found' })
    expect(await getBalance(outsider.ctx)).toMatchObject({ availableMicros: 0n, messagesLeft: null, state: 'empty' })
    expect((await listStatement(payer.ctx)).lines).toHaveLength(4)
  })

  it('who is nobody is refused', async () => {
    const ctx = { db: database.db, actor: { type: 'anonymous' } as const }
    const refused = { code: 'unauthenticated' }
    await expect(listStatement(ctx)).rejects.toMatchObject(refused)
    await expect(exportStatement(ctx, {}).next()).rejects.toMatchObject(refused)
    await expect(getStatementEntry(ctx, { seq: '1' })).rejects.toMatchObject(refused)
    await expect(getSpending(ctx, { from: '2026-01-01', to: '2026-01-01' })).rejects.toMatchObject(refused)
    await expect(getBalance(ctx)).rejects.toMatchObject(refused)
    await expect(estimateMessages(ctx, { amountsMicros: [1n] })).rejects.toMatchObject(refused)
  })
})
