import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { createModel, createPerson, dictated, readAll, readUntil } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { answers, type FakeVendor, startFakeVendor, VENDOR_WORDS } from '#tests/support/fake-vendor.ts'
import {
  getRunning,
  listPath,
  readEvents,
  retryGeneration,
  type StartGenerationInput,
  startGeneration,
  stopGeneration,
} from './index.ts'
import { liveRuns } from './live-runs.ts'
import { MESSAGE_BYTES_MAX } from './message-text.ts'

let database: TestDatabase
let vendor: FakeVendor
let modelId: string
let person: Awaited<ReturnType<typeof createPerson>>

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
})

beforeEach(async () => {
  vendor.setBehavior('answer')
  vendor.requests.length = 0
  person = await createPerson(database.db)
})

afterAll(async () => {
  await Promise.all([...liveRuns(database.db).byId.values()].map((run) => run.done))
  await vendor.close()
  await database.close()
})

const message = (fields: Partial<StartGenerationInput> = {}): StartGenerationInput => ({
  requestId: newId(),
  conversationId: newId(),
  parentId: null,
  text: 'What is undefined behavior?',
  modelId,
  ...fields,
})

const walletOf = async (ctx: UserCtx) => (await findWallet(ctx, { ownerType: 'user', ownerId: ctx.actor.userId }))!

async function ask(ctx: UserCtx, fields: Partial<StartGenerationInput> = {}) {
  const started = await startGeneration(ctx, message(fields))
  const answer = await readAll(await readEvents(ctx, { generationId: started.generationId }))
  return { started, answer }
}

/** Everything a refusal must leave as it was. */
async function countRows() {
  const result = await database.db.execute(sql`
    SELECT (SELECT count(*) FROM conversations) AS conversations, (SELECT count(*) FROM messages) AS messages,
      (SELECT count(*) FROM generations) AS generations, (SELECT count(*) FROM holds) AS holds,
      (SELECT count(*) FROM transfers) AS transfers,
      (SELECT count(*) FROM usage_records) AS usage_records`)
  return result.rows[0]
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no refusal',
    (error: { code?: string; name?: string }) =>
      error.code ?? (error.name === 'ZodError' ? 'not an input' : String(error)),
  )
}

describe('startGeneration', () => {
  it('answers, keeps every word, and takes exactly what the receipt says', async () => {
    const before = await walletOf(person)
    const { started, answer } = await ask(person)
    expect(answer.text).toBe('Hello, this is a fake answer.')
    expect(answer.end).toMatchObject({ status: 'completed', errorCode: null })

    const receipt = answer.end!.receipt!
    const after = await walletOf(person)
    expect(BigInt(receipt.chargedMicros)).toBeGreaterThan(0n)
    expect(before.postedMicros - after.postedMicros).toBe(BigInt(receipt.chargedMicros))
    expect(after).toMatchObject({ heldMicros: 0n, openHolds: 0 })

    const { messages, hasMore } = await listPath(person, { conversationId: started.conversationId })
    expect(hasMore).toBe(false)
    expect(messages).toMatchObject([
      { id: started.userMessageId, role: 'user', text: 'What is undefined behavior?', receipt: null, generation: null },
      {
        id: started.assistantMessageId,
        role: 'assistant',
        text: answer.text,
        modelId,
        generation: { status: 'completed' },
      },
    ])
    expect(messages[1]!.receipt).toEqual(receipt)
    const log = await database.db.execute<{ seq: number; kind: string; data: string }>(sql`
      SELECT seq, kind, data FROM generation_events WHERE generation_id = ${started.generationId} ORDER BY seq`)
    expect(log.rows.map((row) => row.seq)).toEqual(log.rows.map((_, index) => index + 1))
    expect(log.rows.filter((row) => row.kind === 'end')).toEqual([log.rows.at(-1)])
    expect(log.rows.flatMap((row) => (row.kind === 'text' ? [row.data] : [])).join('')).toBe(answer.text)
  })

  it('tells the model the whole path, without answers that never came', async () => {
    const first = await ask(person, { text: 'one' })
    vendor.setBehavior('failing')
    const { conversationId } = first.started
    const second = await ask(person, { conversationId, parentId: first.started.assistantMessageId, text: 'two' })
    expect(second.answer.end).toMatchObject({ status: 'failed' })
    vendor.setBehavior('answer')
    await ask(person, { conversationId, parentId: second.started.assistantMessageId, text: 'three' })
    expect(vendor.requests.at(-1)!.body.messages).toEqual([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: first.answer.text },
      { role: 'user', content: 'two' },
      { role: 'user', content: 'three' },
    ])
  })

  it('is the same generation when the same request comes again, while it runs and afterwards', async () => {
    const words = dictated()
    vendor.setBehavior(words.behavior)
    const request = message()
    const [one, two] = await Promise.all([startGeneration(person, request), startGeneration(person, request)])
    expect([one.replayed, two.replayed].sort()).toEqual([false, true])
    expect({ ...one, replayed: null }).toEqual({ ...two, replayed: null })
    words.say('once')
    words.finish()
    const answer = await readAll(await readEvents(person, { generationId: two.generationId }))
    expect(answer.text).toBe('once')

    const again = await startGeneration(person, request)
    expect(again).toEqual({ ...one, replayed: true })
    const reread = await readAll(await readEvents(person, { generationId: again.generationId }))
    expect(reread.frames.map((frame) => frame.type)).toEqual(['snapshot', 'end'])
    expect(reread).toMatchObject({ text: 'once', end: { receipt: answer.end!.receipt } })
    expect(vendor.requests).toHaveLength(1)
    expect((await listPath(person, { conversationId: request.conversationId })).messages).toHaveLength(2)
  })

  it('refuses another request under the same id', async () => {
    const request = message()
    await ask(person, request)
    const rows = await countRows()
    expect(await refusal(startGeneration(person, { ...request, text: 'something else' }))).toBe('conflict')
    expect(await countRows()).toEqual(rows)
  })

  it('refuses to follow an answer that is still being written', async () => {
    const words = dictated()
    vendor.setBehavior(words.behavior)
    const started = await startGeneration(person, message())
    const { conversationId, assistantMessageId } = started
    expect(await refusal(startGeneration(person, message({ conversationId, parentId: assistantMessageId })))).toBe(
      'conflict',
    )
    expect(await refusal(retryGeneration(person, { requestId: newId(), messageId: assistantMessageId }))).toBe(
      'conflict',
    )
    words.finish()
    await readAll(await readEvents(person, started))
  })

  it.each<[string, Partial<StartGenerationInput>, string]>([
    ['an empty message', { text: ' \n ' }, 'message_empty'],
    ['a message over 1 MB', { text: '好'.repeat(MESSAGE_BYTES_MAX / 2) }, 'message_too_large'],
    ['NUL', { text: 'a\0b' }, 'invalid_input'],
    ['half a surrogate pair', { text: 'a\ud83d' }, 'invalid_input'],
    ['an unknown model', { modelId: 'no-such-model' }, 'model_unknown'],
    ['a message that does not fit the model', { text: 'word '.repeat(100_000) }, 'message_too_long_for_model'],
    ['a model id that is no text', { modelId: 'a\0b' }, 'not an input'],
    ['a parent that is not there', { parentId: newId() }, 'not_found'],
  ])('refuses %s and stores nothing', async (_, fields, code) => {
    const rows = await countRows()
    expect(await refusal(startGeneration(person, message(fields)))).toBe(code)
    expect(await countRows()).toEqual(rows)
    expect(vendor.requests).toHaveLength(0)
  })

  it('refuses what the wallet cannot pay, says what is missing, and stores nothing', async () => {
    const poor = await createPerson(database.db, { credits: '0' })
    const rows = await countRows()
    await expect(startGeneration(poor, message())).rejects.toMatchObject({ code: 'insufficient_credits' })
    expect(await countRows()).toEqual(rows)
  })

  it('admits exactly what a wallet can pay, however many come at once', async () => {
    const small = await createModel(database.db, vendor.url, { maxOutputTokens: 256 })
    const words = dictated()
    vendor.setBehavior(words.behavior)
    const first = await startGeneration(person, message({ modelId: small }))
    const perCall = (await walletOf(person)).heldMicros
    const credits = (perCall * 10n + perCall / 2n).toString().padStart(7, '0')
    const payer = await createPerson(database.db, { credits: `${credits.slice(0, -6)}.${credits.slice(-6)}` })
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () => refusal(startGeneration(payer, message({ modelId: small })))),
    )
    expect(outcomes.filter((outcome) => outcome === 'no refusal')).toHaveLength(10)
    expect(outcomes.filter((outcome) => outcome === 'insufficient_credits')).toHaveLength(90)
    const { running } = await getRunning(payer)
    expect(running).toHaveLength(10)
    words.say('yes')
    words.finish()
    for (const { generationId } of [...running]) {
      expect((await readAll(await readEvents(payer, { generationId }))).end).toMatchObject({ status: 'completed' })
    }
    await readAll(await readEvents(person, first))
    expect(vendor.requests).toHaveLength(11)
    const wallet = await walletOf(payer)
    expect(wallet).toMatchObject({ heldMicros: 0n, openHolds: 0 })
    expect(wallet.availableMicros).toBeGreaterThanOrEqual(0n)
  })
})

describe('stopGeneration', () => {
  it('cancels the vendor, keeps what was said, and charges it', async () => {
    const words = dictated()
    vendor.setBehavior(words.behavior)
    const started = await startGeneration(person, message())
    words.say('so far')
    await readUntil(await readEvents(person, started), (state) => state.text === 'so far')
    await stopGeneration(person, started)
    const answer = await readAll(await readEvents(person, started))
    expect(answer).toMatchObject({ text: 'so far', end: { status: 'stopped' } })
    expect(BigInt(answer.end!.receipt!.chargedMicros)).toBeGreaterThan(0n)
    expect(await vendor.requests[0]!.closed).toBe(true)
    const wallet = await walletOf(person)
    await stopGeneration(person, started)
    expect(await walletOf(person)).toEqual(wallet)
    words.finish()
  })
})

describe('when the vendor fails', () => {
  it('keeps and charges what came before it was cut off', async () => {
    const before = await walletOf(person)
    vendor.setBehavior('cutOff')
    const { started, answer } = await ask(person)
    expect(answer).toMatchObject({ text: 'Hello, this ', end: { status: 'interrupted' } })
    const charged = BigInt(answer.end!.receipt!.chargedMicros)
    expect(charged).toBeGreaterThan(0n)
    expect(before.postedMicros - (await walletOf(person)).postedMicros).toBe(charged)
    const { messages } = await listPath(person, started)
    expect(messages[1]).toMatchObject({ text: 'Hello, this ', generation: { status: 'interrupted' } })
  })

  it.each(['unauthorized', 'rateLimited', 'failing', 'garbage', 'notAStream', 'empty'] as const)(
    '%s: the failed answer stays visible, nothing is charged, none of the vendor’s words are kept',
    async (behavior) => {
      // A refused key is not used again, so each case has a channel of its own.
      const ownModel = await createModel(database.db, vendor.url)
      vendor.setBehavior(behavior)
      const before = await walletOf(person)
      const { started, answer } = await ask(person, { modelId: ownModel })
      expect(answer.end).toMatchObject({ status: 'failed', errorCode: expect.stringMatching(/^vendor_/) })
      expect(await walletOf(person)).toMatchObject({ postedMicros: before.postedMicros, heldMicros: 0n })
      const path = await listPath(person, started)
      expect(path.messages[1]).toMatchObject({
        text: '',
        generation: { status: 'failed', errorCode: answer.end!.errorCode },
      })
      expect(JSON.stringify([path, answer])).not.toContain(VENDOR_WORDS)
    },
  )
})

describe('retryGeneration', () => {
  it('answers the same message once more, beside the first answer', async () => {
    vendor.setBehavior('failing')
    const { started } = await ask(person, { text: 'try' })
    vendor.setBehavior(answers({ text: ['second'] }))
    const request = { requestId: newId(), messageId: started.assistantMessageId }
    const retried = await retryGeneration(person, request)
    expect(retried).toMatchObject({ conversationId: started.conversationId, userMessageId: null, replayed: false })
    const answer = await readAll(await readEvents(person, retried))
    expect(answer).toMatchObject({ text: 'second', end: { status: 'completed' } })
    expect(vendor.requests.at(-1)!.body.messages).toEqual([{ role: 'user', content: 'try' }])

    const { messages } = await listPath(person, started)
    expect(messages.map((each) => each.id)).toEqual([started.userMessageId, retried.assistantMessageId])
    expect(messages[1]!.siblingIds).toEqual([started.assistantMessageId, retried.assistantMessageId])

    expect(await retryGeneration(person, request)).toEqual({ ...retried, replayed: true })
    expect(await refusal(retryGeneration(person, { ...request, messageId: retried.assistantMessageId }))).toBe(
      'conflict',
    )
    expect(await refusal(retryGeneration(person, { requestId: newId(), messageId: started.userMessageId! }))).toBe(
      'not_found',
    )
  })
})

describe('retryGeneration of a long answer', () => {
  it('asks the question again, however long the answer was that it replaces', async () => {
    vendor.setBehavior(answers({ text: ['so much to say. '.repeat(6_000)] }))
    const { started, answer } = await ask(person, { text: 'Tell me all of it.' })
    expect(answer.end).toMatchObject({ status: 'completed' })
    vendor.setBehavior('answer')
    const retried = await retryGeneration(person, { requestId: newId(), messageId: started.assistantMessageId })
    const second = await readAll(await readEvents(person, retried))
    expect(vendor.requests.at(-1)!.body.messages).toEqual([{ role: 'user', content: 'Tell me all of it.' }])
    expect(second.end!.receipt).toMatchObject({ omittedTurns: 0 })
  })
})

describe('somebody else', () => {
  it('finds none of it, and changes nothing', async () => {
    const words = dictated()
    vendor.setBehavior(words.behavior)
    const started = await startGeneration(person, message())
    words.say('private')
    await readUntil(await readEvents(person, started), (state) => state.text !== '')
    const { conversationId, generationId, assistantMessageId } = started
    const outsider = await createPerson(database.db)
    const rows = await countRows()
    const attempts = [
      readEvents(outsider, { generationId }),
      stopGeneration(outsider, { generationId }),
      retryGeneration(outsider, { requestId: newId(), messageId: assistantMessageId }),
      startGeneration(outsider, message({ conversationId, parentId: assistantMessageId })),
      listPath(outsider, { conversationId }),
    ]
    expect(await Promise.all(attempts.map(refusal))).toEqual(attempts.map(() => 'not_found'))
    expect(await countRows()).toEqual(rows)
    expect((await getRunning(outsider)).running).toEqual([])
    expect((await getRunning(person)).running).toEqual([{ generationId, conversationId }])
    words.finish()
    expect((await readAll(await readEvents(person, started))).end).toMatchObject({ status: 'completed' })
    expect((await getRunning(person)).running).toEqual([])
  })
})
