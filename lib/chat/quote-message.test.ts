import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '#db/client.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { findWallet, setSpendCap, suspendWallet } from '#lib/ledger/index.ts'
import { setModel } from '#lib/models/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createModel, createPerson, readAll } from '#tests/support/chat.ts'
import { createCountedDatabase } from '#tests/support/counted-database.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { answers, type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import {
  getRunning,
  type QuoteMessageInput,
  quoteMessage,
  readEvents,
  startGeneration,
  stopGeneration,
} from './index.ts'
import { liveRuns } from './live-runs.ts'

type Person = UserCtx & { db: Database }

let database: TestDatabase
let vendor: FakeVendor
let modelId: string
let person: Person

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
})
beforeEach(async () => {
  vendor.setBehavior('answer')
  person = await createPerson(database.db)
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const system = () => systemCtx('test', database.db)
const message = (fields: Partial<QuoteMessageInput> = {}): QuoteMessageInput => ({
  parentId: null,
  text: 'What does this cost?',
  modelId,
  ...fields,
})
const walletOf = async (ctx: UserCtx) => (await findWallet(ctx, { ownerType: 'user', ownerId: ctx.actor.userId }))!
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => (error instanceof AppError ? error.code : error),
  )

/** Sends and waits for the end. @returns what was held for it, and where it went */
async function send(ctx: Person, fields: Partial<QuoteMessageInput> = {}) {
  const { conversationId = newId(), parentId, text, modelId: model } = message(fields)
  const started = await startGeneration(ctx, { requestId: newId(), conversationId, parentId, text, modelId: model })
  const { rows } = await database.db.execute<{ amount_micros: bigint }>(sql`
    SELECT h.amount_micros FROM holds h JOIN generations g ON g.hold_id = h.id WHERE g.id = ${started.generationId}`)
  return { ...started, heldMicros: String(rows[0]!.amount_micros) }
}
const finished = (ctx: Person, generationId: string) =>
  readEvents(ctx, { generationId }).then((frames) => readAll(frames))

async function cap(ctx: UserCtx, period: 'day' | 'month', limitMicros: bigint) {
  const { id: walletId } = await walletOf(ctx)
  await setSpendCap(system(), { walletId, spenderId: ctx.actor.userId, period, limitMicros, timeZone: 'UTC' })
}

describe('a quote', () => {
  it('is what is then held, and changes nothing', async () => {
    const before = await walletOf(person)
    const quoted = await quoteMessage(person, message())
    expect(await walletOf(person)).toEqual(before)
    expect(quoted).toMatchObject({ refusal: null, shortenedBy: null, historyTokens: 0, historyMicros: '0', caps: [] })
    const sent = await send(person)
    expect(quoted.atMostMicros).toBe(sent.heldMicros)
    await finished(person, sent.generationId)
  })

  it('says how much of it is the old context', async () => {
    const conversationId = newId()
    const first = await send(person, { conversationId, text: 'word '.repeat(500) })
    await finished(person, first.generationId)
    const follow = { conversationId, parentId: first.assistantMessageId, text: 'And now?' }
    const quoted = await quoteMessage(person, message(follow))
    const alone = await quoteMessage(person, message({ text: 'And now?' }))
    expect(quoted.historyTokens).toBeGreaterThan(500)
    expect(quoted.promptTokens - quoted.historyTokens).toBe(alone.promptTokens)
    // One credit for a million tokens in.
    expect(quoted.historyMicros).toBe(String(quoted.historyTokens))
    expect(BigInt(quoted.atMostMicros!) - BigInt(alone.atMostMicros!)).toBe(BigInt(quoted.historyTokens))
    const sent = await send(person, follow)
    expect(quoted.atMostMicros).toBe(sent.heldMicros)
    await finished(person, sent.generationId)
  })

  it('says how many earlier messages the model will not be told', async () => {
    const conversationId = newId()
    const first = await send(person, { conversationId, text: 'word '.repeat(2_000) })
    await finished(person, first.generationId)
    const second = await send(person, { conversationId, parentId: first.assistantMessageId, text: 'short' })
    await finished(person, second.generationId)
    const small = await createModel(database.db, vendor.url)
    await setModel(system(), { id: small, input: '1', output: '2', contextTokens: 2_000 })
    const follow = { conversationId, parentId: second.assistantMessageId, text: 'And now?', modelId: small }
    const quoted = await quoteMessage(person, message(follow))
    expect(quoted.omittedTurns).toBe(2)
    const sent = await send(person, follow)
    expect(quoted.atMostMicros).toBe(sent.heldMicros)
    const { end } = await finished(person, sent.generationId)
    expect(end!.receipt!.omittedTurns).toBe(2)
  })

  it('is bounded by what balance and caps leave, as the hold is', async () => {
    const means = fc.record({
      credits: fc.integer({ min: 1, max: 6_000 }),
      day: fc.option(fc.integer({ min: 1, max: 6_000 })),
      month: fc.option(fc.integer({ min: 1, max: 6_000 })),
    })
    const full = Number((await quoteMessage(person, message())).atMostMicros)
    await fc.assert(
      fc.asyncProperty(means, async ({ credits, day, month }) => {
        const somebody = await createPerson(database.db, { credits: `0.${String(credits).padStart(6, '0')}` })
        if (day !== null) await cap(somebody, 'day', BigInt(day))
        if (month !== null) await cap(somebody, 'month', BigInt(month))
        const quoted = await quoteMessage(somebody, message())
        if (quoted.refusal) {
          const refused = await startGeneration(somebody, {
            ...message(),
            requestId: newId(),
            conversationId: newId(),
          }).catch((error: AppError) => ({ code: error.code, params: error.params }))
          expect(refused).toEqual(quoted.refusal)
          return
        }
        const bound = Math.min(credits, day ?? credits, month ?? credits)
        const by = bound < credits ? 'cap' : 'balance'
        expect(quoted.shortenedBy).toBe(bound < full ? by : null)
        const sent = await send(somebody)
        expect(quoted.atMostMicros).toBe(sent.heldMicros)
        await finished(somebody, sent.generationId)
      }),
      { numRuns: 40 },
    )
  })

  it('tells a cap that is nearly used up, running answers included', async () => {
    await cap(person, 'month', 10_000n)
    expect((await quoteMessage(person, message())).caps).toMatchObject([
      { period: 'month', limitMicros: '10000', usedMicros: '0', leftMicros: '10000', usedPercent: 0, near: false },
    ])
    vendor.setBehavior('silent')
    const running = [await send(person), await send(person), await send(person), await send(person)]
    const quoted = await quoteMessage(person, message())
    expect(quoted.caps[0]).toMatchObject({ near: true, usedPercent: 80 })
    expect(Number(quoted.caps[0]!.usedMicros)).toBe(
      running.reduce((sum, { heldMicros }) => sum + Number(heldMicros), 0),
    )
    for (const { generationId } of running) {
      await stopGeneration(person, { generationId })
      await liveRuns(database.db).byId.get(generationId)?.done
    }
    expect((await quoteMessage(person, message())).caps[0]).toMatchObject({ near: false, usedMicros: '0' })
  })

  it('says how many more messages like this there are: by this one, then by what answers usually cost', async () => {
    const first = await quoteMessage(person, message())
    // 10 credits; a prompt of 12 tokens and an answer taken to have 500 cost 1,012 micro-credits.
    expect(first.promptTokens).toBe(12)
    expect(first.messagesLeft).toBe(Math.floor(10_000_000 / 1_012))
    expect(await getRunning(person)).toMatchObject({ typicalMicros: null })
    vendor.setBehavior(answers({ text: ['x'], usage: { prompt_tokens: 12, completion_tokens: 494 } }))
    const { end } = await finished(person, (await send(person)).generationId)
    expect(end!.receipt!.chargedMicros).toBe('1000')
    const { availableMicros } = await walletOf(person)
    expect((await quoteMessage(person, message())).messagesLeft).toBe(Number(availableMicros / 1_000n))
    expect(await getRunning(person)).toMatchObject({ typicalMicros: '1000', running: [] })
    // Whoever writes more than ever before pays more than ever before.
    const long = await quoteMessage(person, message({ text: 'word '.repeat(12_000) }))
    expect(long.messagesLeft).toBe(Number(availableMicros / BigInt(long.promptTokens)))
  })

  it('takes three statements, whether the message is the first or follows another', async () => {
    const conversationId = newId()
    const first = await send(person, { conversationId })
    await finished(person, first.generationId)
    const { db, take } = createCountedDatabase(database.url)
    for (const parentId of [null, first.assistantMessageId]) {
      await quoteMessage({ ...person, db }, message({ conversationId, parentId }))
      expect(take()).toHaveLength(3)
    }
    await db.$client.end()
  })
})

describe('a quote says what would be refused', () => {
  const refusalOf = async (fields: Partial<QuoteMessageInput>, who: Person = person) => {
    const { refusal, atMostMicros } = await quoteMessage(who, message(fields))
    expect(atMostMicros).toBeNull()
    return refusal
  }

  it('for want of credits, with what is there', async () => {
    const poor = await createPerson(database.db, { credits: '0.0001' })
    expect(await refusalOf({}, poor)).toEqual({
      code: 'insufficient_credits',
      params: { availableMicros: '100', heldMicros: '0', neededMicros: '524' },
    })
    const empty = await createPerson(database.db, { credits: '0' })
    expect(await quoteMessage(empty, message())).toMatchObject({
      refusal: { code: 'insufficient_credits' },
      messagesLeft: 0,
    })
  })

  it('for a payment that is disputed, whatever else there is', async () => {
    const { id } = await walletOf(person)
    await suspendWallet(systemCtx('test', database.db), { walletId: id, suspended: true })
    expect(await refusalOf({})).toEqual({ code: 'wallet_suspended', params: {} })
    await suspendWallet(systemCtx('test', database.db), { walletId: id, suspended: false })
    expect((await quoteMessage(person, message())).refusal).toBeNull()
  })

  it('for a cap', async () => {
    await cap(person, 'day', 500n)
    expect(await refusalOf({})).toEqual({
      code: 'spend_cap_reached',
      params: { period: 'day', limitMicros: '500', leftMicros: '500', neededMicros: '524' },
    })
  })

  it('for its length, also a megabyte of one character', async () => {
    expect(await refusalOf({ text: 'x'.repeat(1_048_576) })).toEqual({
      code: 'message_too_long_for_model',
      params: { limitTokens: 32_000, tokens: 1_048_576 },
    })
  })

  it('for its model', async () => {
    expect(await refusalOf({ modelId: 'no-such-model' })).toMatchObject({ code: 'model_unknown' })
    const conversationId = newId()
    const first = await send(person, { conversationId })
    await finished(person, first.generationId)
    const follow = { conversationId, parentId: first.assistantMessageId, modelId: 'no-such-model' }
    expect(await refusalOf(follow)).toMatchObject({ code: 'model_unknown' })
  })

  it('for too many at once', async () => {
    await setSetting(system(), { key: 'max_running', value: 1 })
    vendor.setBehavior('silent')
    const { generationId } = await send(person)
    expect(await refusalOf({})).toEqual({ code: 'too_many_running', params: { limit: 1 } })
    await stopGeneration(person, { generationId })
    await liveRuns(database.db).byId.get(generationId)?.done
    await setSetting(system(), { key: 'max_running', value: 20 })
  })
})

describe('there is no quote', () => {
  it('for what cannot be sent', async () => {
    expect(await codeOf(quoteMessage(person, message({ text: ' \n' })))).toBe('message_empty')
    expect(await codeOf(quoteMessage(person, message({ text: 'x'.repeat(1_048_577) })))).toBe('message_too_large')
  })

  it('on somebody else’s conversation, nor for a stranger', async () => {
    const conversationId = newId()
    const first = await send(person, { conversationId })
    await finished(person, first.generationId)
    const follow = message({ conversationId, parentId: first.assistantMessageId })
    const outsider = await createPerson(database.db)
    expect(await codeOf(quoteMessage(outsider, follow))).toBe('not_found')
    expect(await codeOf(quoteMessage(person, { ...follow, conversationId: newId() }))).toBe('not_found')
    expect(await codeOf(quoteMessage(person, { ...follow, parentId: first.userMessageId! }))).toBe('not_found')
    expect(await codeOf(quoteMessage({ ...person, actor: { type: 'anonymous' } }, follow))).toBe('unauthenticated')
  })

  it('while the answer before it is being written', async () => {
    vendor.setBehavior('silent')
    const conversationId = newId()
    const { generationId, assistantMessageId } = await send(person, { conversationId })
    const follow = message({ conversationId, parentId: assistantMessageId })
    expect(await codeOf(quoteMessage(person, follow))).toBe('conflict')
    await stopGeneration(person, { generationId })
    await liveRuns(database.db).byId.get(generationId)?.done
  })
})
