import { eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { holds, models, usageRecords } from '#db/schema/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { type Admission, admit } from '#lib/inference/index.ts'
import { setModel } from '#lib/models/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createCountedDatabase } from '#tests/support/counted-database.ts'
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
import { worstCost } from './pricing.ts'

let database: TestDatabase
let vendor: FakeVendor
let channel: string
let modelId: string
let payer: Payer
const system = () => systemCtx('test', database.db)

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  vendor = await startFakeVendor()
  channel = await createChannel(database.db, vendor.url)
  modelId = await createPricedModel(database.db, [channel])
})
beforeEach(async () => {
  payer = await createPayer(database.db)
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const countHolds = async () => (await database.db.select().from(holds)).length
const refusalOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: { code: string; params: object }) => ({ code: error.code, params: error.params }),
  )

describe('admit', () => {
  it('holds the most the call can cost, and writes down the terms', async () => {
    const admission = await admitCall(payer, modelId)
    expect(admission).toMatchObject({ promptTokens: 10, outputCap: 1_000, heldMicros: 4_010n, omittedTurns: 0 })
    const [row] = await database.db.select().from(holds).where(eq(holds.id, admission.holdId))
    expect(row).toMatchObject({
      spenderId: payer.userId,
      walletId: payer.walletId,
      modelId,
      priceVersionId: admission.price.versionId,
      promptTokens: 10,
      outputCap: 1_000,
      omittedTurns: 0,
    })
    expect(await payer.wallet()).toMatchObject({
      heldMicros: 4_010n,
      availableMicros: 10_000_000n - 4_010n,
      openHolds: 1,
    })
  })

  it('the same hold again is the same admission', async () => {
    const holdId = newId()
    const first = await admitCall(payer, modelId, { holdId })
    expect(await admitCall(payer, modelId, { holdId })).toEqual(first)
    expect((await payer.wallet()).openHolds).toBe(1)
    expect(await refusalOf(admitCall(payer, modelId, { holdId, maxOutput: 5 }))).toMatchObject({ code: 'conflict' })
  })

  it('honours the cap a person asks for, within the model’s', async () => {
    expect(await admitCall(payer, modelId, { maxOutput: 5 })).toMatchObject({ outputCap: 5, heldMicros: 30n })
    expect(await admitCall(payer, modelId, { maxOutput: 50_000 })).toMatchObject({ outputCap: 1_000 })
  })

  it('rolls back with the caller', async () => {
    const holdId = newId()
    const crash = database.db.transaction(async (tx) => {
      await admitCall({ ...payer, ctx: { ...payer.ctx, db: tx as never } }, modelId, { holdId })
      throw new Error('crash before commit')
    })
    await expect(crash).rejects.toThrow('crash')
    expect(await payer.wallet()).toMatchObject({ heldMicros: 0n, openHolds: 0 })
  })

  it('lowers the cap to what the wallet affords: the worst case never costs more than is held', async () => {
    const terms = fc.record({
      credits: fc.bigInt({ min: 0n, max: 60_000n }),
      prompt: fc.integer({ min: 0, max: 5_000 }),
      input: fc.integer({ min: 0, max: 5_000_000 }),
      output: fc.integer({ min: 0, max: 20_000_000 }),
      request: fc.integer({ min: 0, max: 2_000 }),
    })
    const decimal = (micros: number) => (micros / 1_000_000).toFixed(6)
    await fc.assert(
      fc.asyncProperty(terms, async ({ credits, prompt, input, output, request }) => {
        const poor = await createPayer(database.db, credits)
        const model = await createPricedModel(database.db, [channel], {
          input: decimal(input),
          cached: decimal(Math.floor(input / 10)),
          output: decimal(output),
          request: decimal(request),
          minOutput: 100,
        })
        let admission: Admission
        try {
          admission = await admitCall(poor, model, { turns: [{ role: 'user', text: 'x', tokens: prompt }] })
        } catch (error) {
          expect(error).toMatchObject({ code: 'insufficient_credits' })
          expect((await poor.wallet()).heldMicros).toBe(0n)
          return
        }
        const { price, promptTokens, outputCap, heldMicros } = admission
        expect(heldMicros).toBeLessThanOrEqual(credits)
        expect(outputCap).toBeGreaterThanOrEqual(100)
        expect(outputCap).toBeLessThanOrEqual(1_000)
        expect(worstCost(price, promptTokens, outputCap)).toBeLessThanOrEqual(heldMicros)
        // And no token of what the wallet affords is given away.
        if (outputCap < 1_000) expect(worstCost(price, promptTokens, outputCap + 1)).toBeGreaterThan(heldMicros)
      }),
      { numRuns: 60 },
    )
  })

  it('lets in exactly as many of a hundred at once as the wallet can pay for', async () => {
    const model = await createPricedModel(database.db, [channel], { maxOutputTokens: 100, minOutput: 100 })
    // A call costs at most 10 + 4 * 100; there is enough for ten.
    const poor = await createPayer(database.db, 410n * 10n + 409n)
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => refusalOf(admitCall(poor, model))))
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(10)
    expect(outcomes.filter((outcome) => outcome?.code === 'insufficient_credits')).toHaveLength(90)
    expect(await poor.wallet()).toMatchObject({ heldMicros: 4_100n, availableMicros: 409n, openHolds: 10 })
  })
})

describe('admit refuses', () => {
  it('what the wallet cannot pay, and says how much running answers hold', async () => {
    const poor = await createPayer(database.db, 1_000n)
    await admitCall(poor, modelId, { maxOutput: 200 })
    const before = await countHolds()
    expect(await refusalOf(admitCall(poor, modelId))).toEqual({
      code: 'insufficient_credits',
      params: { availableMicros: '190', heldMicros: '810', neededMicros: '410' },
    })
    expect(await countHolds()).toBe(before)
    const empty = await createPayer(database.db, 0n)
    expect(await refusalOf(admitCall(empty, modelId))).toMatchObject({ code: 'insufficient_credits' })
  })

  it('unknown, hidden, unpriced and unreachable models, before anything is held', async () => {
    const before = await countHolds()
    const hidden = await createPricedModel(database.db, [channel], { visible: false })
    const unreachable = await createPricedModel(database.db, [])
    const unpriced = `unpriced-${newId()}`
    const limits = { displayName: 'x', vendor: 'test', contextTokens: 1_000, maxOutputTokens: 1_000 }
    await database.db.insert(models).values({ id: unpriced, ...limits })
    expect(await refusalOf(admitCall(payer, 'no-such-model'))).toMatchObject({ code: 'model_unknown' })
    expect(await refusalOf(admitCall(payer, hidden))).toMatchObject({ code: 'model_unknown' })
    expect(await refusalOf(admitCall(payer, unpriced))).toMatchObject({ code: 'model_unpriced' })
    expect(await refusalOf(admitCall(payer, unreachable))).toMatchObject({ code: 'model_unavailable' })
    // While channels exist the demo steps aside.
    expect(await refusalOf(admitCall(payer, 'demo'))).toMatchObject({ code: 'model_unknown' })
    expect(await countHolds()).toBe(before)
    expect(vendor.requests).toHaveLength(0)
  })

  it('a message that does not fit the model', async () => {
    const turns = [{ role: 'user' as const, text: 'long', tokens: 32_000 }]
    expect(await refusalOf(admitCall(payer, modelId, { turns }))).toEqual({
      code: 'message_too_long_for_model',
      params: { limitTokens: 32_000, tokens: 32_000 },
    })
  })

  it('more answers at once than a person may have', async () => {
    await setSetting(system(), { key: 'max_running', value: 2 })
    const first = await admitCall(payer, modelId)
    await admitCall(payer, modelId)
    expect(await refusalOf(admitCall(payer, modelId))).toEqual({ code: 'too_many_running', params: { limit: 2 } })
    await carryOut(payer, first)
    await admitCall(payer, modelId)
    await setSetting(system(), { key: 'max_running', value: 20 })
  })

  it('nobody for failures of vendors that bill nothing', async () => {
    await setSetting(system(), { key: 'free_failures_per_day', value: 1 })
    vendor.setBehavior('failing')
    for (const _again of [1, 2]) await carryOut(payer, await admitCall(payer, modelId))
    vendor.setBehavior('answer')
    await carryOut(payer, await admitCall(payer, modelId))
    await setSetting(system(), { key: 'free_failures_per_day', value: 50 })
  })

  it('another call after failures that the vendor bills', async () => {
    await setSetting(system(), { key: 'free_failures_per_day', value: 1 })
    const unlucky = await createPayer(database.db)
    vendor.setBehavior('malformed')
    await carryOut(unlucky, await admitCall(unlucky, modelId))
    expect(await refusalOf(admitCall(unlucky, modelId))).toMatchObject({ code: 'too_many_free_failures' })
    await setSetting(system(), { key: 'free_failures_per_day', value: 50 })
  })

  it('another free failure beyond the day’s limit, whoever paid nothing for it', async () => {
    await setSetting(system(), { key: 'free_failures_per_day', value: 2 })
    vendor.setBehavior('empty')
    await carryOut(payer, await admitCall(payer, modelId))
    // Who stops again and again before the first word costs us as many prompts.
    vendor.setBehavior('silent')
    vendor.requests.length = 0
    const stop = new AbortController()
    const stopped = carryOut(payer, await admitCall(payer, modelId), { signal: stop.signal })
    await vendor.arrival(0)
    stop.abort()
    await stopped
    vendor.setBehavior('answer')
    expect(await refusalOf(admitCall(payer, modelId))).toEqual({ code: 'too_many_free_failures', params: { limit: 2 } })
    const somebodyElse = await createPayer(database.db)
    await carryOut(somebodyElse, await admitCall(somebodyElse, modelId))
    await setSetting(system(), { key: 'free_failures_per_day', value: 50 })
    await carryOut(payer, await admitCall(payer, modelId))
    expect(await database.db.select().from(usageRecords).where(eq(usageRecords.userId, payer.userId))).toHaveLength(3)
  })
})

describe('the price', () => {
  it('is the one in force at admission, whatever changes later', async () => {
    vendor.setBehavior('answer')
    const model = await createPricedModel(database.db, [channel])
    const admission = await admitCall(payer, model)
    await setModel(system(), { id: model, input: '100', output: '400' })
    expect((await carryOut(payer, admission)).receipt.chargedMicros).toBe('42')
    expect((await carryOut(payer, await admitCall(payer, model))).receipt.chargedMicros).toBe('4200')
  })

  it('may be nothing: then one micro-credit is held and none is charged', async () => {
    const model = await createPricedModel(database.db, [channel], { input: '0', output: '0', cached: '0' })
    const admission = await admitCall(payer, model)
    expect(admission).toMatchObject({ heldMicros: 1n, outputCap: 1_000 })
    const { receipt, result } = await carryOut(payer, admission)
    expect(result.outcome).toBe('completed')
    expect(receipt.chargedMicros).toBe('0')
    expect(await payer.wallet()).toMatchObject({ heldMicros: 0n, postedMicros: 10_000_000n })
  })

  it('is exact beyond what a double can hold', async () => {
    const rich = await createPayer(database.db, 9_000_000_000_000_000_000n)
    const model = await createPricedModel(database.db, [channel], { input: '999999999999', output: '999999999999' })
    const admission = await admitCall(rich, model, { maxOutput: 3 })
    expect(admission).toMatchObject({ heldMicros: 12_999_999_999_987n, outputCap: 3 })
  })
})

it('needs two statements: one to read the terms, one to hold and to write them down', async () => {
  const { db, take } = createCountedDatabase(database.url)
  await admit(
    { ...payer.ctx, db },
    {
      holdId: newId(),
      userId: payer.userId,
      walletId: payer.walletId,
      modelId,
      turns: [{ role: 'user', text: 'hi', tokens: 3 }],
    },
  )
  expect(take()).toHaveLength(2)
  await db.$client.end()
})
