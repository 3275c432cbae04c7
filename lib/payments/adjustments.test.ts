import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { adjustments, auditEntries, lots, transfers, users } from '#db/schema/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, openWallet, placeHold } from '#lib/ledger/index.ts'
import {
  type AdjustWalletInput,
  adjustWallet,
  approveAdjustment,
  listAdjustments,
  rejectAdjustment,
  verifyAdjustments,
} from '#lib/payments/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { breakBooks, foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx & { db: TestDatabase['db'] }
let ada: UserCtx
let bob: UserCtx
let ownerId: string
let walletId: string

const adminNamed = async (name: string): Promise<UserCtx> => {
  const userId = newId()
  await database.db.insert(users).values({ id: userId, email: `${userId}@example.test`, name, role: 'admin' })
  return { db: database.db, actor: { type: 'user', userId, role: 'admin', sessionId: newId() } }
}

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  system = systemCtx('test', database.db)
  ada = await adminNamed('Ada')
  bob = await adminNamed('Bob')
})
beforeEach(async () => {
  ownerId = newId()
  walletId = await openWallet(system, { ownerType: 'user', ownerId })
  await setSetting(system, { key: 'adjustment_approval_above_micros', value: null })
})
afterAll(() => database.close())

const change = (fields: Partial<AdjustWalletInput> = {}): AdjustWalletInput => ({
  kind: 'grant',
  ownerType: 'user',
  ownerId,
  amountMicros: 1_000n,
  reason: 'for the tests',
  idempotencyKey: newId(),
  ...fields,
})
const correction = (amountMicros: bigint, fields: Partial<AdjustWalletInput> = {}) =>
  change({ kind: 'adjustment', amountMicros, ...fields })
const needApprovalAbove = (micros: bigint) =>
  setSetting(system, { key: 'adjustment_approval_above_micros', value: micros.toString() })
const balance = async () => (await findWallet(system, { ownerType: 'user', ownerId }))!.postedMicros
const audits = () =>
  database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, ownerId)).orderBy(auditEntries.id)
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
/** Everything that a refused call must leave as it was. */
const everything = async () => {
  const { rows } = await database.db.execute(sql`SELECT
    (SELECT json_agg(a ORDER BY id) FROM adjustments a) AS adjustments,
    (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM audit_entries) AS audits,
    (SELECT json_agg(w ORDER BY id) FROM wallets w) AS wallets`)
  return rows
}
const waiting = async (input = change()) => {
  await needApprovalAbove(0n)
  const { adjustmentId, state, transferId } = await adjustWallet(ada, input)
  expect({ state, transferId }).toEqual({ state: 'waiting', transferId: null })
  return { adjustmentId }
}

describe('adjustWallet', () => {
  it('grants: a transfer from promotions, a promotional lot, and who did it and why', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000)
    const { transferId, state } = await adjustWallet(ada, change({ lotExpiresAt: expiresAt }))
    expect(state).toBe('posted')
    const [transfer] = await database.db.select().from(transfers).where(eq(transfers.id, transferId!))
    expect(transfer).toMatchObject({
      kind: 'grant',
      debitAccountId: HOUSE.promotions,
      creditAccountId: walletId,
      amountMicros: 1_000n,
      actor: `user:${ada.actor.userId}`,
      reason: 'for the tests',
    })
    const [lot] = await database.db.select().from(lots).where(eq(lots.transferId, transferId!))
    expect(lot).toMatchObject({ source: 'promotional', amountMicros: 1_000n, expiresAt })
    expect(await audits()).toMatchObject([
      {
        action: 'credits.grant',
        actorId: ada.actor.userId,
        reason: 'for the tests',
        after: { credits: '0.001', transferId },
      },
    ])
  })

  it('adjusts up and down, against the account of adjustments', async () => {
    const up = await adjustWallet(system, correction(700n))
    const down = await adjustWallet(system, correction(-300n))
    expect(await balance()).toBe(400n)
    const [added] = await database.db.select().from(transfers).where(eq(transfers.id, up.transferId!))
    const [taken] = await database.db.select().from(transfers).where(eq(transfers.id, down.transferId!))
    expect(added).toMatchObject({ kind: 'adjustment', debitAccountId: HOUSE.adjustments, creditAccountId: walletId })
    expect(taken).toMatchObject({
      kind: 'adjustment',
      debitAccountId: walletId,
      creditAccountId: HOUSE.adjustments,
      amountMicros: 300n,
    })
    expect((await audits()).map(({ action, after }) => [action, (after as { credits: string }).credits])).toEqual([
      ['credits.adjust', '0.0007'],
      ['credits.adjust', '-0.0003'],
    ])
  })

  it('takes what is free and never what a call holds', async () => {
    await adjustWallet(system, change())
    const hold = { holdId: newId(), walletId, spenderId: ownerId, workerId: newId(), maxOpen: 5 }
    await placeHold(system, { ...hold, fullMicros: 600n, minimumMicros: 600n })
    const before = await everything()
    expect(await codeOf(adjustWallet(system, correction(-401n)))).toBe('insufficient_credits')
    expect(await everything()).toEqual(before)
    await adjustWallet(system, correction(-400n))
    expect(await balance()).toBe(600n)
  })

  it('with the same key it is the same change, twenty times at once; another one is a conflict', async () => {
    const input = change()
    const results = await Promise.all(Array.from({ length: 20 }, () => adjustWallet(ada, input)))
    expect(new Set(results.map(({ transferId }) => transferId)).size).toBe(1)
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await balance()).toBe(1_000n)
    expect(await audits()).toHaveLength(1)
    const before = await everything()
    expect(await codeOf(adjustWallet(ada, { ...input, amountMicros: 1_001n }))).toBe('conflict')
    expect(await codeOf(adjustWallet(ada, { ...input, reason: 'something else' }))).toBe('conflict')
    expect(await codeOf(adjustWallet(ada, { ...input, kind: 'adjustment' }))).toBe('conflict')
    expect(await everything()).toEqual(before)
  })

  it('is for admins and the service, for wallets that exist, and for what makes sense', async () => {
    const before = await everything()
    const person: Ctx = { db: database.db, actor: { type: 'user', userId: ownerId, role: 'user', sessionId: newId() } }
    expect(await codeOf(adjustWallet(person, change()))).toBe('forbidden')
    expect(await codeOf(adjustWallet({ db: database.db, actor: { type: 'anonymous' } }, change()))).toBe(
      'unauthenticated',
    )
    expect(await codeOf(adjustWallet(ada, change({ ownerId: newId() })))).toBe('not_found')
    expect(await codeOf(adjustWallet(ada, change({ lotExpiresAt: new Date(Date.now() - 1_000) })))).toBe(
      'invalid_input',
    )
    const senseless = [
      change({ amountMicros: 0n }),
      change({ amountMicros: -5n }),
      change({ reason: ' x ' }),
      correction(-5n, { lotExpiresAt: new Date(Date.now() + 86_400_000) }),
    ]
    for (const input of senseless) await expect(adjustWallet(ada, input)).rejects.toThrow()
    expect(await everything()).toEqual(before)
  })
})

describe('above the limit', () => {
  it('a change waits for another admin; below it none does, in either direction', async () => {
    await needApprovalAbove(1_000n)
    expect(await adjustWallet(ada, change())).toMatchObject({ state: 'posted' })
    expect(await adjustWallet(ada, change({ amountMicros: 1_001n }))).toMatchObject({ state: 'waiting' })
    expect(await adjustWallet(ada, correction(-1_000n))).toMatchObject({ state: 'posted' })
    expect(await adjustWallet(ada, correction(-1_001n))).toMatchObject({ state: 'waiting' })
    expect(await balance()).toBe(0n)
    expect((await audits()).map(({ action }) => action)).toEqual([
      'credits.grant',
      'adjustment.request',
      'credits.adjust',
      'adjustment.request',
    ])
  })

  it('the same request again still waits, and waits once', async () => {
    const input = change()
    const { adjustmentId } = await waiting(input)
    expect(await adjustWallet(ada, input)).toEqual({ adjustmentId, state: 'waiting', transferId: null, replayed: true })
    await needApprovalAbove(10n ** 12n)
    expect(await adjustWallet(ada, input)).toMatchObject({ state: 'waiting', replayed: true })
    expect(await audits()).toHaveLength(1)
  })

  it('the first admin must be a person', async () => {
    await needApprovalAbove(0n)
    const before = await everything()
    expect(await codeOf(adjustWallet(system, change()))).toBe('forbidden')
    expect(await everything()).toEqual(before)
  })

  it('another admin lets it pass: transfer, decision and audit line at once, however often they click', async () => {
    const { adjustmentId } = await waiting()
    const clicks = await Promise.all(Array.from({ length: 5 }, () => approveAdjustment(bob, { adjustmentId })))
    expect(clicks.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await balance()).toBe(1_000n)
    const [row] = await database.db.select().from(adjustments).where(eq(adjustments.id, adjustmentId))
    expect(row).toMatchObject({
      state: 'posted',
      requestedByUserId: ada.actor.userId,
      decidedByUserId: bob.actor.userId,
      transferId: clicks[0]!.transferId,
    })
    expect(row!.decidedAt).toBeInstanceOf(Date)
    expect((await audits()).map(({ action, actorId }) => [action, actorId])).toEqual([
      ['adjustment.request', ada.actor.userId],
      ['adjustment.approve', bob.actor.userId],
    ])
    expect(await codeOf(rejectAdjustment(bob, { adjustmentId, reason: 'changed my mind' }))).toBe('conflict')
  })

  it('never the one who asked, nor the service, nor who is no admin', async () => {
    const { adjustmentId } = await waiting()
    const before = await everything()
    expect(await codeOf(approveAdjustment(ada, { adjustmentId }))).toBe('forbidden')
    expect(await codeOf(approveAdjustment(system, { adjustmentId }))).toBe('forbidden')
    const person: Ctx = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
    expect(await codeOf(approveAdjustment(person, { adjustmentId }))).toBe('forbidden')
    expect(await codeOf(rejectAdjustment(person, { adjustmentId, reason: 'no' }))).toBe('forbidden')
    expect(await codeOf(listAdjustments(person))).toBe('forbidden')
    expect(await codeOf(approveAdjustment(bob, { adjustmentId: newId() }))).toBe('not_found')
    expect(await codeOf(rejectAdjustment(bob, { adjustmentId: newId(), reason: 'not there' }))).toBe('not_found')
    expect(await everything()).toEqual(before)
    const forged = database.db
      .update(adjustments)
      .set({ state: 'posted', transferId: newId(), decidedBy: 'x', decidedByUserId: ada.actor.userId })
      .where(eq(adjustments.id, adjustmentId))
    await expect(forged).rejects.toMatchObject({ cause: { constraint: 'adjustments_two_admins' } })
  })

  it('goes on waiting when the wallet has too little, and passes once it has enough', async () => {
    await adjustWallet(ada, change())
    const { adjustmentId } = await waiting(correction(-1_500n))
    const before = await everything()
    expect(await codeOf(approveAdjustment(bob, { adjustmentId }))).toBe('insufficient_credits')
    expect(await everything()).toEqual(before)
    await setSetting(system, { key: 'adjustment_approval_above_micros', value: null })
    await adjustWallet(ada, change())
    expect(await approveAdjustment(bob, { adjustmentId })).toMatchObject({ state: 'posted' })
    expect(await balance()).toBe(500n)
  })

  it('is refused by anybody who may, the one who asked included, once', async () => {
    const { adjustmentId } = await waiting()
    expect(await rejectAdjustment(ada, { adjustmentId, reason: 'a typo' })).toMatchObject({ replayed: false })
    const before = await everything()
    expect(await rejectAdjustment(ada, { adjustmentId, reason: 'a typo' })).toMatchObject({ replayed: true })
    expect(await codeOf(rejectAdjustment(bob, { adjustmentId, reason: 'me too' }))).toBe('conflict')
    expect(await codeOf(approveAdjustment(bob, { adjustmentId }))).toBe('conflict')
    await expect(rejectAdjustment(bob, { adjustmentId, reason: '' })).rejects.toThrow()
    expect(await everything()).toEqual(before)
    expect(await balance()).toBe(0n)
    expect((await audits()).at(-1)).toMatchObject({ action: 'adjustment.reject', reason: 'a typo' })
  })

  it('has one outcome when two approve and one rejects at the same time', async () => {
    const carol = await adminNamed('Carol')
    for (let round = 0; round < 15; round++) {
      const { adjustmentId } = await waiting(change({ amountMicros: 10n }))
      const before = await balance()
      const outcomes = await Promise.all([
        codeOf(approveAdjustment(bob, { adjustmentId })),
        codeOf(rejectAdjustment(ada, { adjustmentId, reason: 'a typo' })),
        codeOf(approveAdjustment(carol, { adjustmentId })),
      ])
      expect(outcomes.toSorted()).toEqual(['conflict', 'conflict', 'done'])
      const [row] = await database.db.select().from(adjustments).where(eq(adjustments.id, adjustmentId))
      const rejected = outcomes[1] === 'done'
      expect(row!.state).toBe(rejected ? 'rejected' : 'posted')
      expect((await balance()) - before).toBe(rejected ? 0n : 10n)
    }
  })
})

describe('listAdjustments', () => {
  it('pages from the newest on, by state, and names people', async () => {
    const ids: string[] = []
    for (let i = 0; i < 3; i++) ids.unshift((await waiting()).adjustmentId)
    const first = await listAdjustments(bob, { state: 'waiting', limit: 2 })
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2))
    expect(first.items[0]).toMatchObject({
      ownerId,
      amountMicros: 1_000n,
      requestedByEmail: `${ada.actor.userId}@example.test`,
    })
    const second = await listAdjustments(bob, { state: 'waiting', limit: 2, before: first.nextBefore! })
    expect(second.items[0]!.id).toBe(ids[2])
    await rejectAdjustment(bob, { adjustmentId: ids[0]!, reason: 'no need' })
    expect((await listAdjustments(bob, { state: 'rejected' })).items[0]!.id).toBe(ids[0])
    expect((await listAdjustments(bob, { limit: 1 })).items[0]!.id).toBe(ids[0])
  })
})

describe('verifyAdjustments', () => {
  it('finds nothing wrong in all of the above', async () => {
    expect(foundIn(await inSnapshot(system, verifyAdjustments))).toEqual({})
  })

  it.each([
    ['a posted one that moved another amount', 'adjustment_transfer', sql`amount_micros = amount_micros + 1`, 'posted'],
    ['a posted one for another wallet', 'adjustment_transfer', sql`wallet_id = gen_random_uuid()`, 'posted'],
    ['a posted one of another kind', 'adjustment_transfer', sql`kind = 'adjustment'`, 'posted'],
    ['one that moved before it was let pass', 'adjustment_transfer', sql`state = 'waiting'`, 'posted'],
    ['one that was let pass and moved nothing', 'adjustment_transfer', sql`state = 'posted'`, 'waiting'],
  ])('names %s', async (_what, name, assignment, state) => {
    const { adjustmentId } =
      state === 'waiting' ? await waiting() : await adjustWallet(ada, change({ amountMicros: 77n }))
    const broken = sql`UPDATE adjustments SET ${assignment} WHERE id = ${adjustmentId}`
    const found = await breakBooks(database, broken, verifyAdjustments)
    expect(Object.keys(found)).toEqual([name])
    expect(found[name]).toMatchObject([{ adjustment_id: adjustmentId }])
  })

  it('names what was adjusted without being asked for', async () => {
    const { adjustmentId, transferId } = await adjustWallet(ada, correction(5n))
    const forgotten = sql`DELETE FROM adjustments WHERE id = ${adjustmentId}`
    expect(await breakBooks(database, forgotten, verifyAdjustments)).toMatchObject({
      adjustment_asked: [{ transfer_id: transferId }],
    })
  })
})
