import { and, asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditEntries, lots, transfers } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  bookLateUsage,
  creditBackCall,
  getCall,
  getStatementEntry,
  listStatement,
  settle,
} from '#lib/inference/index.ts'
import { HOUSE, verifyLedger } from '#lib/ledger/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import {
  admitCall,
  type Carried,
  carryOut,
  createChannel,
  createPayer,
  createPricedModel,
  type Payer,
} from '#tests/support/paid-call.ts'

let database: TestDatabase
let vendor: FakeVendor
let system: Ctx & { db: TestDatabase['db'] }
let admin: Ctx
let modelId: string
let ada: Payer
let call: Carried

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  vendor = await startFakeVendor()
  system = systemCtx('test', database.db)
  modelId = await createPricedModel(database.db, [await createChannel(database.db, vendor.url)])
  admin = { db: database.db, actor: { type: 'user', userId: newId(), role: 'admin', sessionId: newId() } }
})
beforeEach(async () => {
  vendor.setBehavior('answer')
  ada = await createPayer(database.db)
  call = await carryOut(ada, await admitCall(ada, modelId))
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const gift = (fields: Partial<Parameters<typeof creditBackCall>[1]> = {}) => ({
  callId: call.record.id,
  reason: 'the answer made no sense',
  requestId: newId(),
  ...fields,
})
const gifts = () =>
  database.db
    .select()
    .from(transfers)
    .where(and(eq(transfers.creditAccountId, ada.walletId), eq(transfers.kind, 'goodwill')))
    .orderBy(asc(transfers.id))
const audits = () =>
  database.db
    .select()
    .from(auditEntries)
    .where(and(eq(auditEntries.action, 'call.credit_back'), eq(auditEntries.subjectId, ada.userId)))

describe('creditBackCall', () => {
  it('gives back what was charged, with its line on the statement and in the audit log', async () => {
    const before = (await ada.wallet()).postedMicros
    const given = await creditBackCall(admin, gift())
    expect(given).toMatchObject({ amountMicros: 42n, leftMicros: 0n, replayed: false })
    expect((await ada.wallet()).postedMicros).toBe(before + 42n)
    const [booked] = await gifts()
    expect(booked).toMatchObject({
      id: given.transferId,
      debitAccountId: HOUSE.goodwill,
      externalRef: `call:${call.record.id}`,
      reason: 'the answer made no sense',
    })
    const [lot] = await database.db.select().from(lots).where(eq(lots.transferId, given.transferId))
    expect(lot).toMatchObject({ source: 'promotional', expiresAt: null })
    const { lines } = await listStatement(ada.ctx)
    expect(lines[0]).toMatchObject({ kind: 'goodwill', direction: 'in', amountMicros: 42n })
    const entry = await getStatementEntry(ada.ctx, { seq: String(lines[0]!.seq) })
    expect(entry).toMatchObject({ forCall: { seq: call.receipt.entry!.seq }, receipt: null })
    expect(await audits()).toMatchObject([
      {
        subjectType: 'user',
        reason: 'the answer made no sense',
        after: { credits: '0.000042', callId: call.record.id, transferId: given.transferId },
      },
    ])
    expect(foundIn(await inSnapshot(system, verifyLedger))).toEqual({})
  })

  it('never more in all than the charge, in as many parts as it takes', async () => {
    const first = await creditBackCall(admin, gift({ amountMicros: 30n }))
    expect(first.leftMicros).toBe(12n)
    for (const amountMicros of [13n, 42n]) {
      await expect(creditBackCall(admin, gift({ amountMicros }))).rejects.toMatchObject({
        code: 'credit_back_too_much',
        params: { left: '0.000012' },
      })
    }
    expect(await creditBackCall(admin, gift())).toMatchObject({ amountMicros: 12n, leftMicros: 0n })
    await expect(creditBackCall(admin, gift())).rejects.toMatchObject({ code: 'credit_back_too_much' })
    expect(await gifts()).toHaveLength(2)
    expect(await audits()).toHaveLength(2)
    expect(await getCall(admin, { callId: call.record.id })).toMatchObject({ givenBackMicros: 42n, chargedMicros: 42n })
  })

  it('the same request again changes nothing, and another under it is refused', async () => {
    const wish = gift({ amountMicros: 30n })
    const { transferId } = await creditBackCall(admin, wish)
    expect(await creditBackCall(admin, wish)).toMatchObject({ transferId, amountMicros: 30n, replayed: true })
    for (const other of [{ amountMicros: 5n }, { reason: 'something else' }]) {
      await expect(creditBackCall(admin, { ...wish, ...other })).rejects.toMatchObject({ code: 'conflict' })
    }
    expect(await gifts()).toHaveLength(1)
    expect(await audits()).toHaveLength(1)
  })

  it('ten at once give it back once', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => creditBackCall(admin, gift())))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await gifts()).toHaveLength(1)
  })

  it('a free call has nothing to give back, and one that is none is not found', async () => {
    vendor.setBehavior('empty')
    const free = await carryOut(ada, await admitCall(ada, modelId))
    await expect(creditBackCall(admin, gift({ callId: free.record.id }))).rejects.toMatchObject({
      code: 'credit_back_too_much',
    })
    await expect(creditBackCall(admin, gift({ callId: newId() }))).rejects.toMatchObject({ code: 'not_found' })
    expect(await gifts()).toEqual([])
  })

  it('is for admins and the service, and needs a reason', async () => {
    await expect(creditBackCall(ada.ctx, gift())).rejects.toMatchObject({ code: 'forbidden' })
    await expect(creditBackCall({ db: database.db, actor: { type: 'anonymous' } }, gift())).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    await expect(creditBackCall(admin, gift({ reason: ' ' }))).rejects.toMatchObject({ name: 'ZodError' })
    expect(await gifts()).toEqual([])
    expect(await audits()).toEqual([])
  })
})

describe('getCall', () => {
  it('says who paid what for which tokens, and what stands behind it', async () => {
    const facts = await getCall(admin, { callId: call.record.id })
    expect(facts).toMatchObject({
      receipt: { ...call.receipt, conversationId: null, messageId: null, conversationExists: false },
      userId: ada.userId,
      person: { email: `${ada.userId}@example.test`, name: 'Test' },
      channel: { id: call.record.channelId, name: expect.stringContaining('channel-') },
      vendorRequestId: call.record.vendorRequestId,
      chargedMicros: 42n,
      recomputedMicros: 42n,
      vendorCostMicros: 21n,
      lateUsage: null,
      hold: { id: call.record.holdId, state: 'captured', amountMicros: 4_010n },
      transfers: [{ kind: 'usage', amountMicros: 42n, seq: 2n }],
      givenBackMicros: 0n,
    })
    expect(await getCall(admin, { callId: call.record.holdId })).toEqual(facts)
  })

  it('shows what a vendor told late', async () => {
    await bookLateUsage(system, {
      admission: await admitCall(ada, modelId).then((admission) => ({ ...admission, holdId: call.record.holdId })),
      result: {
        ...call.result,
        usage: { ...call.result.usage, outputTokens: 90 },
        vendorUsage: { ...call.result.usage, outputTokens: 90 },
      },
      usageRecordId: newId(),
    })
    const { lateUsage, chargedMicros } = await getCall(admin, { callId: call.record.id })
    expect(lateUsage).toMatchObject({ usage: { outputTokens: 90 }, vendorCostMicros: 164n })
    expect(chargedMicros).toBe(42n)
  })

  it('finds a receipt that was written days after its call began', async () => {
    const old = `${(Date.now() - 20 * 86_400_000).toString(16).padStart(12, '0')}`
    const id = `${old.slice(0, 8)}-${old.slice(8)}-7000-8000-${newId().slice(-12)}`
    const admission = await admitCall(ada, modelId)
    await settle(system, { admission, result: call.result, usageRecordId: id })
    expect(await getCall(admin, { callId: id })).toMatchObject({ receipt: { id } })
  })

  it('is for admins and the service', async () => {
    await expect(getCall(ada.ctx, { callId: call.record.id })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(getCall(admin, { callId: newId() })).rejects.toMatchObject({ code: 'not_found' })
  })
})
