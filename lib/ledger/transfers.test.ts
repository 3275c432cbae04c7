import { asc, eq, or, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lotsLeft, lotUses, transfers } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, openWallet, type PostTransferInput, placeHold, postTransfer } from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: Ctx
let ownerId: string
let walletId: string

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  ctx = systemCtx('test', database.db)
})
beforeEach(async () => {
  ownerId = newId()
  walletId = await openWallet(ctx, { ownerType: 'user', ownerId })
})
afterAll(() => database.close())

const credit = (fields: Partial<PostTransferInput> = {}): PostTransferInput => ({
  kind: 'grant',
  debitAccountId: HOUSE.promotions,
  creditAccountId: walletId,
  amountMicros: 1_000n,
  idempotencyKey: newId(),
  lot: { source: 'promotional' },
  ...fields,
})
const debit = (amountMicros: bigint): PostTransferInput => ({
  kind: 'adjustment',
  debitAccountId: walletId,
  creditAccountId: HOUSE.adjustments,
  amountMicros,
  idempotencyKey: newId(),
})
const wallet = async () => (await findWallet(ctx, { ownerType: 'user', ownerId }))!
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const history = () =>
  database.db
    .select()
    .from(transfers)
    .where(or(eq(transfers.debitAccountId, walletId), eq(transfers.creditAccountId, walletId)))
    .orderBy(asc(sql`coalesce(debit_seq, credit_seq)`))

describe('postTransfer', () => {
  it('moves credits once, numbers the wallet’s movements, and proves its balance', async () => {
    await postTransfer(ctx, credit({ amountMicros: 500n, reason: 'welcome' }))
    await postTransfer(ctx, credit({ amountMicros: 700n }))
    await postTransfer(ctx, debit(300n))
    expect(await wallet()).toMatchObject({ postedMicros: 900n, availableMicros: 900n })
    const rows = await history()
    expect(
      rows.map((row) => [row.debitSeq ?? row.creditSeq, row.debitBalanceMicros ?? row.creditBalanceMicros]),
    ).toEqual([
      [1n, 500n],
      [2n, 1_200n],
      [3n, 900n],
    ])
    expect(rows[0]).toMatchObject({ actor: 'system:test', reason: 'welcome', debitSeq: null, debitBalanceMicros: null })
  })

  it('the same key with the same request is the same transfer, even fifty at once', async () => {
    const request = credit()
    const results = await Promise.all(Array.from({ length: 50 }, () => postTransfer(ctx, request)))
    expect(new Set(results.map((result) => result.transferId)).size).toBe(1)
    expect(results.filter((result) => !result.replayed)).toHaveLength(1)
    expect(await wallet()).toMatchObject({ postedMicros: 1_000n })
  })

  it('the same key with another request is a conflict, and moves nothing', async () => {
    const request = credit()
    await postTransfer(ctx, request)
    expect(await codeOf(postTransfer(ctx, { ...request, amountMicros: 1_001n }))).toBe('conflict')
    expect(await codeOf(postTransfer(ctx, { ...request, reason: 'other' }))).toBe('conflict')
    expect(await wallet()).toMatchObject({ postedMicros: 1_000n })
    expect(await history()).toHaveLength(1)
  })

  it('never takes more than is free: what is held is not', async () => {
    await postTransfer(ctx, credit())
    await placeHold(ctx, {
      holdId: newId(),
      walletId,
      spenderId: ownerId,
      fullMicros: 600n,
      minimumMicros: 600n,
      maxOpen: 5,
      workerId: newId(),
    })
    expect(await codeOf(postTransfer(ctx, debit(401n)))).toBe('insufficient_credits')
    expect(await codeOf(postTransfer(ctx, debit(400n)))).toBe('done')
    expect(await wallet()).toMatchObject({ postedMicros: 600n, heldMicros: 600n, availableMicros: 0n })
  })

  it('takes exactly what is there when many race for it', async () => {
    await postTransfer(ctx, credit())
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => codeOf(postTransfer(ctx, debit(90n)))))
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(11)
    expect(outcomes.filter((outcome) => outcome === 'insufficient_credits')).toHaveLength(19)
    expect(await wallet()).toMatchObject({ postedMicros: 10n })
  })

  it('moves between two wallets in both directions at once, and keeps the sum', async () => {
    const otherOwner = newId()
    const otherId = await openWallet(ctx, { ownerType: 'team', ownerId: otherOwner })
    await postTransfer(ctx, credit())
    await postTransfer(ctx, credit({ creditAccountId: otherId }))
    const move = (from: string, to: string) =>
      postTransfer(ctx, { ...debit(10n), debitAccountId: from, creditAccountId: to, lot: { source: 'paid' } })
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? move(walletId, otherId) : move(otherId, walletId))),
    )
    const other = (await findWallet(ctx, { ownerType: 'team', ownerId: otherOwner }))!
    expect((await wallet()).postedMicros + other.postedMicros).toBe(2_000n)
    expect(other.postedMicros).toBe(1_000n)
  })

  it('refuses nothing, less than nothing, and an account against itself', async () => {
    await expect(postTransfer(ctx, credit({ amountMicros: 0n }))).rejects.toThrow()
    await expect(postTransfer(ctx, credit({ amountMicros: -1n }))).rejects.toThrow()
    await expect(postTransfer(ctx, credit({ debitAccountId: walletId }))).rejects.toThrow()
    expect(await history()).toEqual([])
  })

  it('drains lots: soonest expiry first, then promotional before code before paid', async () => {
    const later = new Date('2099-01-01')
    const sooner = new Date('2098-01-01')
    await postTransfer(ctx, credit({ amountMicros: 10n, lot: { source: 'paid' } }))
    await postTransfer(ctx, credit({ amountMicros: 10n, lot: { source: 'promotional' } }))
    await postTransfer(ctx, credit({ amountMicros: 10n, lot: { source: 'code' } }))
    await postTransfer(ctx, credit({ amountMicros: 10n, lot: { source: 'paid', expiresAt: later } }))
    await postTransfer(ctx, credit({ amountMicros: 10n, lot: { source: 'code', expiresAt: sooner } }))
    const { transferId } = await postTransfer(ctx, debit(37n))
    const left = await database.db
      .select()
      .from(lotsLeft)
      .where(eq(lotsLeft.walletId, walletId))
      .orderBy(asc(lotsLeft.transferId))
    expect(left.map((lot) => lot.remainingMicros)).toEqual([10n, 0n, 3n, 0n, 0n])
    const uses = await database.db.select().from(lotUses).where(eq(lotUses.transferId, transferId))
    expect(uses.reduce((sum, use) => sum + use.amountMicros, 0n)).toBe(37n)
  })

  it('carries amounts beyond what a double can hold', async () => {
    const amountMicros = 9_007_199_254_740_993n
    await postTransfer(ctx, credit({ amountMicros }))
    expect(await wallet()).toMatchObject({ postedMicros: amountMicros })
  })
})
