import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '#lib/id.ts'
import { findReceipts, getReceipt } from '#lib/inference/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
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
  })
  expect(Object.keys(receipt)).not.toContain('vendorCostMicros')
  expect(JSON.parse(JSON.stringify(receipt))).toEqual(receipt)
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
