import { eq } from 'drizzle-orm'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { holds, transfers } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  captureHold,
  findWallet,
  HOUSE,
  openWallet,
  type PlaceHoldInput,
  placeHold,
  postTransfer,
  releaseHold,
  suspendWallet,
} from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { insert } from '#tests/support/ledger-rows.ts'

let database: TestDatabase
let owner: pg.Client
let ctx: Ctx
let ownerId: string
let walletId: string
const workerId = newId()

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  ctx = systemCtx('test', database.db)
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
})
beforeEach(async () => {
  ownerId = newId()
  walletId = await openWallet(ctx, { ownerType: 'user', ownerId })
  await grant(1_000n)
})
afterAll(async () => {
  await owner.end()
  await database.close()
})

const grant = (amountMicros: bigint) =>
  postTransfer(ctx, {
    kind: 'grant',
    debitAccountId: HOUSE.promotions,
    creditAccountId: walletId,
    amountMicros,
    idempotencyKey: newId(),
    lot: { source: 'promotional' },
  })
const hold = (fields: Partial<PlaceHoldInput> = {}): PlaceHoldInput => ({
  holdId: newId(),
  walletId,
  spenderId: ownerId,
  fullMicros: 300n,
  minimumMicros: 300n,
  maxOpen: 100,
  workerId,
  ...fields,
})
const wallet = async () => (await findWallet(ctx, { ownerType: 'user', ownerId }))!
const holdRow = async (holdId: string) => (await database.db.select().from(holds).where(eq(holds.id, holdId)))[0]
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

describe('placeHold', () => {
  it('reserves nothing while the wallet is suspended, and what was held before goes on', async () => {
    const running = hold()
    await placeHold(ctx, running)
    await suspendWallet(ctx, { walletId, suspended: true })
    await suspendWallet(ctx, { walletId, suspended: true })
    expect((await wallet()).suspended).toBe(true)
    expect(await placeHold(ctx, hold({ fullMicros: 1n, minimumMicros: 1n }))).toMatchObject({
      outcome: 'suspended',
      amountMicros: 0n,
      openHolds: 1,
    })
    expect(await placeHold(ctx, running)).toMatchObject({ outcome: 'held', amountMicros: 300n })
    await captureHold(ctx, { holdId: running.holdId, costMicros: 200n })
    expect(await wallet()).toMatchObject({ postedMicros: 800n, heldMicros: 0n })
    await suspendWallet(ctx, { walletId, suspended: false })
    expect(await placeHold(ctx, hold())).toMatchObject({ outcome: 'held' })
    await expect(suspendWallet(ctx, { walletId: newId(), suspended: true })).rejects.toMatchObject({
      cause: { code: 'UB005' },
    })
  })

  it('reserves without moving', async () => {
    const request = hold()
    expect(await placeHold(ctx, request)).toEqual({
      outcome: 'held',
      amountMicros: 300n,
      availableMicros: 700n,
      heldMicros: 300n,
      openHolds: 1,
      cap: null,
    })
    expect(await wallet()).toMatchObject({ postedMicros: 1_000n, heldMicros: 300n, availableMicros: 700n })
    expect(await holdRow(request.holdId)).toMatchObject({ state: 'open', openWorkerId: workerId, amountMicros: 300n })
  })

  it('takes what is free when that is at least the minimum, else nothing', async () => {
    expect(await placeHold(ctx, hold({ fullMicros: 5_000n, minimumMicros: 900n }))).toMatchObject({
      amountMicros: 1_000n,
    })
    const refused = hold({ fullMicros: 1n, minimumMicros: 1n })
    expect(await placeHold(ctx, refused)).toMatchObject({
      outcome: 'insufficient',
      amountMicros: 0n,
      heldMicros: 1_000n,
    })
    expect(await holdRow(refused.holdId)).toBeUndefined()
  })

  it('the same id again is the same hold; for another request it is a conflict', async () => {
    const request = hold()
    const results = await Promise.all(Array.from({ length: 10 }, () => placeHold(ctx, request)))
    expect(results.every((result) => result.outcome === 'held' && result.amountMicros === 300n)).toBe(true)
    expect(await wallet()).toMatchObject({ heldMicros: 300n, openHolds: 1 })
    expect(await codeOf(placeHold(ctx, { ...request, fullMicros: 301n }))).toBe('conflict')
    // Another process may ask again for the same call.
    expect(await placeHold(ctx, { ...request, workerId: newId() })).toMatchObject({ outcome: 'held' })
  })

  it('is not held again once it has ended: nothing would be reserved for who asks', async () => {
    const [captured, released] = [hold(), hold()]
    await placeHold(ctx, captured)
    await captureHold(ctx, { holdId: captured.holdId, costMicros: 10n })
    await placeHold(ctx, released)
    await releaseHold(ctx, { holdId: released.holdId })
    const before = await wallet()
    expect(await codeOf(placeHold(ctx, captured))).toBe('conflict')
    expect(await codeOf(placeHold(ctx, released))).toBe('conflict')
    expect(await wallet()).toEqual(before)
  })

  it('lets a hundred race, and exactly as many win as the wallet can pay for', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () => placeHold(ctx, hold({ fullMicros: 90n, minimumMicros: 90n }))),
    )
    expect(outcomes.filter(({ outcome }) => outcome === 'held')).toHaveLength(11)
    expect(outcomes.filter(({ outcome }) => outcome === 'insufficient')).toHaveLength(89)
    expect(await wallet()).toMatchObject({ heldMicros: 990n, availableMicros: 10n, openHolds: 11 })
  })

  it('counts what is open', async () => {
    const [first] = [hold({ fullMicros: 1n, minimumMicros: 1n, maxOpen: 2 }), 0]
    await placeHold(ctx, first)
    await placeHold(ctx, hold({ fullMicros: 1n, minimumMicros: 1n, maxOpen: 2 }))
    const third = hold({ fullMicros: 1n, minimumMicros: 1n, maxOpen: 2 })
    expect(await placeHold(ctx, third)).toMatchObject({ outcome: 'too_many', openHolds: 2 })
    await releaseHold(ctx, first)
    expect(await placeHold(ctx, third)).toMatchObject({ outcome: 'held' })
  })

  it('refuses amounts that make no sense', async () => {
    await expect(placeHold(ctx, hold({ minimumMicros: 0n }))).rejects.toThrow()
    await expect(placeHold(ctx, hold({ fullMicros: 10n, minimumMicros: 11n }))).rejects.toThrow()
    await expect(placeHold(ctx, hold({ walletId: newId() }))).rejects.toThrow()
  })
})

describe('captureHold', () => {
  it('charges what the call cost and gives the rest back', async () => {
    const request = hold()
    await placeHold(ctx, request)
    expect(await captureHold(ctx, { holdId: request.holdId, costMicros: 120n, externalRef: 'receipt-1' })).toEqual({
      chargedMicros: 120n,
      badDebtMicros: 0n,
      replayed: false,
    })
    expect(await wallet()).toMatchObject({ postedMicros: 880n, heldMicros: 0n, openHolds: 0 })
    expect(await holdRow(request.holdId)).toMatchObject({ state: 'captured', capturedMicros: 120n, openWorkerId: null })
    const [transfer] = await database.db.select().from(transfers).where(eq(transfers.holdId, request.holdId))
    expect(transfer).toMatchObject({
      kind: 'usage',
      debitAccountId: walletId,
      creditAccountId: HOUSE.revenue,
      amountMicros: 120n,
      externalRef: 'receipt-1',
    })
  })

  it('repeated it changes nothing; with another cost it is a conflict', async () => {
    const { holdId } = hold()
    await placeHold(ctx, hold({ holdId }))
    await captureHold(ctx, { holdId, costMicros: 120n })
    expect(await captureHold(ctx, { holdId, costMicros: 120n })).toMatchObject({ chargedMicros: 120n, replayed: true })
    expect(await codeOf(captureHold(ctx, { holdId, costMicros: 121n }))).toBe('conflict')
    expect(await codeOf(releaseHold(ctx, { holdId }))).toBe('conflict')
    expect(await wallet()).toMatchObject({ postedMicros: 880n })
  })

  it('ends once when capture and release race', async () => {
    for (let round = 0; round < 10; round++) {
      const { holdId } = hold()
      await placeHold(ctx, hold({ holdId, fullMicros: 10n, minimumMicros: 10n }))
      const before = (await wallet()).postedMicros
      const outcomes = await Promise.all([
        codeOf(captureHold(ctx, { holdId, costMicros: 7n })),
        codeOf(releaseHold(ctx, { holdId })),
        codeOf(captureHold(ctx, { holdId, costMicros: 3n })),
      ])
      expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1)
      const ended = (await holdRow(holdId))!
      expect(before - (await wallet()).postedMicros).toBe(ended.capturedMicros)
      expect(await wallet()).toMatchObject({ heldMicros: 0n, openHolds: 0 })
    }
  })

  it.each(['remembers', 'forgot'])(
    'takes more than was held from what is free, and books the rest as bad debt, of who %s the hold',
    async (who) => {
      const first = hold()
      const { amountMicros } = await placeHold(ctx, first)
      const remembered = who === 'remembers' ? { walletId, amountMicros } : undefined
      await placeHold(ctx, hold({ fullMicros: 600n, minimumMicros: 600n }))
      // 1000 posted, 900 held, 100 free: this call may cost its 300 and those 100; 50 more are lost.
      expect(await captureHold(ctx, { holdId: first.holdId, costMicros: 450n, remembered })).toMatchObject({
        chargedMicros: 400n,
        badDebtMicros: 50n,
      })
      expect(await wallet()).toMatchObject({ postedMicros: 600n, heldMicros: 600n, availableMicros: 0n })
      const booked = await database.db.select().from(transfers).where(eq(transfers.holdId, first.holdId))
      expect(booked.map(({ kind, amountMicros }) => [kind, amountMicros]).sort()).toEqual([
        ['bad_debt', 50n],
        ['usage', 400n],
      ])
      expect(booked.find(({ kind }) => kind === 'bad_debt')).toMatchObject({
        debitAccountId: HOUSE.badDebt,
        creditAccountId: HOUSE.revenue,
      })
      expect(await captureHold(ctx, { holdId: first.holdId, costMicros: 450n, remembered })).toMatchObject({
        replayed: true,
        badDebtMicros: 50n,
      })
    },
  )

  it.each([
    [10n, { constraint: 'transfers_idempotency_key' }],
    [5_000n, { code: 'UB009' }],
  ])('of a call that costs %s is refused whole when somebody has used its key', async (costMicros, cause) => {
    const request = hold()
    const { amountMicros } = await placeHold(ctx, request)
    await insert(owner, 'transfers', { idempotency_key: `capture:${request.holdId}` })
    const before = await wallet()
    const ending = captureHold(ctx, { holdId: request.holdId, costMicros, remembered: { walletId, amountMicros } })
    await expect(ending).rejects.toMatchObject({ cause })
    expect(await wallet()).toEqual(before)
    expect(await holdRow(request.holdId)).toMatchObject({ state: 'open' })
  })

  it('rolls back with the caller', async () => {
    const request = hold()
    await placeHold(ctx, request)
    const crash = database.db.transaction(async (tx) => {
      await captureHold({ ...ctx, db: tx }, { holdId: request.holdId, costMicros: 100n })
      throw new Error('crash before commit')
    })
    await expect(crash).rejects.toThrow('crash')
    expect(await wallet()).toMatchObject({ postedMicros: 1_000n, heldMicros: 300n, openHolds: 1 })
  })
})

describe('releaseHold', () => {
  it('gives all of it back, once', async () => {
    const request = hold()
    await placeHold(ctx, request)
    await releaseHold(ctx, request)
    await releaseHold(ctx, request)
    expect(await wallet()).toMatchObject({ postedMicros: 1_000n, heldMicros: 0n, openHolds: 0 })
    expect(await holdRow(request.holdId)).toMatchObject({ state: 'released', capturedMicros: 0n })
    expect(await codeOf(captureHold(ctx, { holdId: request.holdId, costMicros: 1n }))).toBe('conflict')
  })
})
