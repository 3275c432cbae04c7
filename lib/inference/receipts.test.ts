import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { channels, usageRecords } from '#db/schema/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findReceipts, getReceipt, type RunResult, recomputeCost, run, settle } from '#lib/inference/index.ts'
import { setModel } from '#lib/models/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { answers, type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { admitCall, carryOut, createChannel, createPayer, createPricedModel } from '#tests/support/paid-call.ts'

let database: TestDatabase
let vendor: FakeVendor
let modelId: string

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createPricedModel(database.db, [await createChannel(database.db, vendor.url)], {
    displayName: 'Test model',
  })
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

it('a receipt shows who paid what for which tokens, and nothing of what it cost us', async () => {
  const payer = await createPayer(database.db)
  const { receipt } = await carryOut(payer, await admitCall(payer, modelId))
  expect(await getReceipt(payer.ctx, { usageRecordId: receipt.id })).toEqual(receipt)
  expect(receipt).toMatchObject({
    modelName: 'Test model',
    usage: { inputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 8, reasoningTokens: 0 },
    prices: { input: '1000000', cacheRead: '100000', output: '4000000', reasoning: '4000000', request: '0' },
    heldMicros: '4010',
    costMicros: '42',
    promptTokens: 10,
    outputCap: 1_000,
    vendorName: 'test',
    conversationExists: false,
  })
  expect(Date.parse(receipt.priceSince!)).toBeLessThanOrEqual(Date.now() + 60_000)
  expect(Object.keys(receipt)).not.toContain('vendorCostMicros')
  expect(JSON.stringify(receipt)).not.toContain('channel')
  expect(JSON.parse(JSON.stringify(receipt))).toEqual(receipt)
})

it('a receipt says where its charge stands in the statement, and a free one that it stands nowhere', async () => {
  const payer = await createPayer(database.db)
  const first = await carryOut(payer, await admitCall(payer, modelId))
  // Number one is the grant.
  expect(first.receipt.entry).toEqual({ seq: '2' })
  vendor.setBehavior('empty')
  const free = await carryOut(payer, await admitCall(payer, modelId))
  vendor.setBehavior('answer')
  expect(free.receipt.entry).toBeNull()
  const second = await carryOut(payer, await admitCall(payer, modelId))
  expect(second.receipt.entry).toMatchObject({ seq: '3' })
})

it('what the house bore is not the person’s entry', async () => {
  const poor = await createPayer(database.db, 500n)
  vendor.setBehavior(answers({ text: ['much'], usage: { prompt_tokens: 10, completion_tokens: 400 } }))
  const { receipt } = await carryOut(poor, await admitCall(poor, modelId))
  vendor.setBehavior('answer')
  expect(receipt).toMatchObject({ chargedMicros: '500', badDebtMicros: '1110', entry: { seq: '2' } })
  expect(await getReceipt(poor.ctx, { usageRecordId: receipt.id })).toEqual(receipt)
})

it('a receipt outlives its conversation, and comes to the same integer', async () => {
  const payer = await createPayer(database.db)
  const conversationId = newId()
  await database.db.execute(
    sql`INSERT INTO conversations (user_id, id, title) VALUES (${payer.userId}, ${conversationId}, 'Talk')`,
  )
  const admission = await admitCall(payer, modelId)
  let result: RunResult | undefined
  for await (const event of run(payer.ctx, admission, { signal: new AbortController().signal })) {
    if (event.type === 'end') result = event.result
  }
  const usageRecordId = newId()
  const settlement = { admission, result: result!, usageRecordId, conversationId, messageId: newId() }
  const receipt = await settle(payer.ctx, settlement)
  expect(receipt).toMatchObject({ conversationId, conversationExists: true })
  const recordOf = async () => {
    const [record] = await database.db.select().from(usageRecords).where(eq(usageRecords.id, usageRecordId))
    return record!
  }
  const before = await recordOf()

  await database.db.execute(sql`UPDATE conversations SET deleted_at = now() WHERE id = ${conversationId}`)
  expect(await getReceipt(payer.ctx, { usageRecordId })).toEqual({ ...receipt, conversationExists: false })
  await database.db.execute(sql`DELETE FROM conversations WHERE id = ${conversationId}`)
  expect(await getReceipt(payer.ctx, { usageRecordId })).toEqual({ ...receipt, conversationExists: false })
  expect(await recordOf()).toEqual(before)
  expect(recomputeCost(before)).toBe(BigInt(receipt.costMicros))
})

it('a receipt keeps its prices when the model gets others, and its vendor’s name while the channel is there', async () => {
  const payer = await createPayer(database.db)
  const channel = await createChannel(database.db, vendor.url, { vendor: 'deepseek' })
  const model = await createPricedModel(database.db, [channel])
  const { receipt, record } = await carryOut(payer, await admitCall(payer, model))
  expect(receipt.vendorName).toBe('DeepSeek')
  await setModel(systemCtx('test', database.db), { id: model, input: '50', output: '70' })
  expect(await getReceipt(payer.ctx, { usageRecordId: receipt.id })).toEqual(receipt)
  await database.db.delete(channels).where(eq(channels.name, channel))
  expect(await getReceipt(payer.ctx, { usageRecordId: receipt.id })).toEqual({ ...receipt, vendorName: null })
  expect(recomputeCost(record)).toBe(42n)
})

it('nobody else finds it', async () => {
  const payer = await createPayer(database.db)
  const outsider = await createPayer(database.db)
  const { receipt } = await carryOut(payer, await admitCall(payer, modelId))
  await expect(getReceipt(outsider.ctx, { usageRecordId: receipt.id })).rejects.toMatchObject({ code: 'not_found' })
  await expect(getReceipt(outsider.ctx, { usageRecordId: newId() })).rejects.toMatchObject({ code: 'not_found' })
  const anonymous = { ...outsider.ctx, actor: { type: 'anonymous' } as const }
  await expect(getReceipt(anonymous, { usageRecordId: receipt.id })).rejects.toMatchObject({ code: 'unauthenticated' })
})

it('many are found by their holds', async () => {
  const payer = await createPayer(database.db)
  const first = await carryOut(payer, await admitCall(payer, modelId))
  const second = await carryOut(payer, await admitCall(payer, modelId))
  const holdIds = [first.record.holdId, second.record.holdId, newId()]
  const found = await findReceipts(payer.ctx, { holdIds })
  expect(found.get(first.record.holdId)).toEqual(first.receipt)
  expect(found.get(second.record.holdId)).toEqual(second.receipt)
  expect(found.size).toBe(2)
  expect(await findReceipts(payer.ctx, { holdIds: [] })).toEqual(new Map())
})
