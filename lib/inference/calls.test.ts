import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { channelKeys, channels, lateUsage, transfers } from '#db/schema/index.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import {
  bookLateUsage,
  countTokens,
  type RunLimits,
  recomputeCost,
  run,
  settle,
  settleInterrupted,
} from '#lib/inference/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import {
  answers,
  type BehaviorName,
  type FakeVendor,
  startFakeVendor,
  startsThen,
  VENDOR_WORDS,
} from '#tests/support/fake-vendor.ts'
import {
  admitCall,
  carryOut,
  createChannel,
  createPayer,
  createPricedModel,
  type Payer,
} from '#tests/support/paid-call.ts'
import { ANSWER_MAX } from './attempt.ts'
import { countAll } from './tokens.ts'
import { LINE_MAX } from './wire.ts'

// Prices of the test model make one prompt token one micro-credit and one output token four; it costs us half.
const PROMPT = 10
const ANSWER = 'Hello, this is a fake answer.'
const CUT = 'Hello, this '

let database: TestDatabase
let vendor: FakeVendor
let modelId: string
let payer: Payer

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createPricedModel(database.db, [await createChannel(database.db, vendor.url)])
})

beforeEach(async () => {
  vendor.setBehavior('answer')
  vendor.requests.length = 0
  payer = await createPayer(database.db)
  await database.db.update(channelKeys).set({ status: 'active' }).where(eq(channelKeys.status, 'refused'))
})

afterAll(async () => {
  await vendor.close()
  await database.close()
})

/** Short limits only where a vendor is silent: a busy machine is no slow vendor. */
const LIMITS: Record<string, Partial<RunLimits>> = { silent: { firstByteMs: 100 }, stalled: { silenceMs: 500 } }

/** Makes one call and checks what must hold after every call, however it went. */
async function call(behavior?: BehaviorName | Parameters<FakeVendor['setBehavior']>[0], model = modelId) {
  if (behavior) vendor.setBehavior(behavior)
  const before = await payer.wallet()
  const admission = await admitCall(payer, model)
  const carried = await carryOut(payer, admission, {
    limits: typeof behavior === 'string' ? LIMITS[behavior] : undefined,
  })
  const wallet = await payer.wallet()
  const { receipt, record } = carried
  expect(wallet).toMatchObject({ heldMicros: 0n, openHolds: 0 })
  expect(before.postedMicros - wallet.postedMicros).toBe(BigInt(receipt.chargedMicros))
  expect(record.costMicros).toBe(recomputeCost(record))
  expect(record.chargedMicros + record.badDebtMicros).toBe(record.costMicros)
  expect(JSON.stringify([carried.result, receipt])).not.toContain(VENDOR_WORDS)
  return { ...carried, admission }
}

describe('a call', () => {
  it('sends the model, the messages, the stream and a cap that the held credits pay for, and nothing else', async () => {
    const { admission } = await call()
    const [request] = vendor.requests
    expect(vendor.requests).toHaveLength(1)
    expect(request).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
    expect(request!.headers.authorization).toBe('Bearer sk-test')
    expect(request!.body).toEqual({
      model: modelId,
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: admission.outputCap,
    })
    expect(BigInt(PROMPT + 4 * admission.outputCap)).toBe(admission.heldMicros)
  })

  it('names the cap as the model wants it, and the model as the vendor does', async () => {
    const channel = await createChannel(database.db, vendor.url)
    const model = await createPricedModel(database.db, [channel], {
      outputCapField: 'max_completion_tokens',
      vendorModel: 'vendors-own-name',
    })
    await call(undefined, model)
    expect(vendor.requests[0]!.body).toMatchObject({ model: 'vendors-own-name', max_completion_tokens: 1_000 })
    expect(vendor.requests[0]!.body).not.toHaveProperty('max_tokens')
  })

  it.each([
    ['answer', 42],
    ['usageInChoice', 42],
    ['withoutDone', 42],
    ['reasoning', 50],
    // 4 uncached, 6 cached at a tenth, 8 out: 36.6, rounded up once.
    ['cachedDeepSeek', 37],
  ] as const)('charges what the vendor reports: %s', async (behavior, micros) => {
    const { text, result, receipt, record } = await call(behavior)
    expect(text).toBe(ANSWER)
    expect(result).toMatchObject({
      outcome: 'completed',
      errorCode: null,
      usageSource: 'reported',
    })
    expect(receipt).toMatchObject({ costMicros: String(micros), chargedMicros: String(micros), badDebtMicros: '0' })
    expect(record.vendorCostMicros).toBe(BigInt(Math.ceil(micros / 2)))
    expect(record.firstTokenMs).toBeGreaterThanOrEqual(0)
    expect(record.channelId).not.toBeNull()
  })

  it('tells reasoning from the answer', async () => {
    const { text, reasoning, receipt } = await call('reasoning')
    expect({ text, reasoning }).toEqual({ text: ANSWER, reasoning: 'Let me think' })
    expect(receipt.usage).toMatchObject({ inputTokens: PROMPT, outputTokens: 8, reasoningTokens: 2 })
  })

  it.each(['withoutUsage', 'negativeUsage', 'textUsage', 'cachedBeyondPrompt', 'hugeUsage', 'zeroUsage'] as const)(
    'counts itself when usage cannot be believed: %s',
    async (behavior) => {
      const { result, receipt, record } = await call(behavior)
      const output = await countTokens(ANSWER)
      // What was not believed is kept as it came.
      if (behavior === 'withoutUsage') expect(record.quarantinedUsage).toBeNull()
      else expect(record.quarantinedUsage).toMatchObject({ completion_tokens: expect.anything() })
      expect(result).toMatchObject({ outcome: 'completed', usageSource: 'estimated' })
      expect(receipt.usage).toMatchObject({ inputTokens: PROMPT, outputTokens: output })
      expect(receipt.chargedMicros).toBe(String(PROMPT + 4 * output))
    },
  )

  it.each([{ text: ['something'] }, { reasoning: ['Let me think of it. '.repeat(20)], text: ['ok'], tokens: 1 }])(
    'counts itself when less output is reported than was read: %j',
    async ({ tokens = 0, ...answer }) => {
      const usage = { prompt_tokens: PROMPT, completion_tokens: tokens }
      const { result, record } = await call(answers({ ...answer, usage }))
      expect(result).toMatchObject({ outcome: 'completed', usageSource: 'estimated' })
      expect(result.usage.outputTokens).toBeGreaterThan(0)
      expect(record.quarantinedUsage).toMatchObject(usage)
    },
  )

  it('does not hold a running total against a vendor that was cut off', async () => {
    const usage = { prompt_tokens: PROMPT, completion_tokens: 0 }
    const { result, record } = await call((_request, response) => {
      const chunk = { choices: [{ delta: { content: 'something' }, finish_reason: null }], usage }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(chunk)}\n\n`, () => setImmediate(() => response.destroy()))
    })
    expect(result).toMatchObject({ outcome: 'interrupted', usageSource: 'estimated' })
    expect(record.quarantinedUsage).toBeNull()
  })

  it('understands line ends of both kinds and letters cut between two packets', async () => {
    const { text } = await call(answers({ text: ['你', '好'], lineEnd: '\r\n' }))
    expect(text).toBe('你好')
    const bytes = Buffer.from(
      `data: ${JSON.stringify({ choices: [{ delta: { content: '未定义🙂' }, finish_reason: 'stop' }] })}\n\n`,
    )
    const cut = await call(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const byte of bytes) {
        await new Promise((resolve) => response.write(Buffer.of(byte), resolve))
        await new Promise((resolve) => setImmediate(resolve))
      }
      response.end()
    })
    expect(cut.text).toBe('未定义🙂')
  })
})

describe('before the first word nothing is charged', () => {
  it.each([
    ['unauthorized', 'vendor_key_refused', 0n],
    ['rateLimited', 'vendor_rate_limited', 0n],
    ['failing', 'vendor_failed', 0n],
    ['garbage', 'vendor_malformed', 5n],
    ['notAStream', 'vendor_malformed', 5n],
    ['malformed', 'vendor_malformed', 5n],
    // Who took the request and stayed silent may bill the prompt: half a micro-credit a token.
    ['silent', 'vendor_timeout', 5n],
  ] as const)('%s', async (behavior, errorCode, vendorCostMicros) => {
    const { text, result, record } = await call(behavior)
    expect(text).toBe('')
    expect(result).toMatchObject({ outcome: 'failed', errorCode, usageSource: 'none', firstTokenMs: null })
    expect(record).toMatchObject({ costMicros: 0n, chargedMicros: 0n, vendorCostMicros })
  })

  it('nobody listens', async () => {
    const gone = await startFakeVendor()
    await gone.close()
    const model = await createPricedModel(database.db, [await createChannel(database.db, gone.url)])
    const { result, record } = await call(undefined, model)
    expect(result).toMatchObject({ outcome: 'failed', errorCode: 'vendor_unreachable' })
    expect(record.vendorCostMicros).toBe(0n)
  })

  it('a redirect is a refusal: keys go nowhere else', async () => {
    const { result } = await call((_request, response) => {
      response.writeHead(307, { location: `${vendor.url}/elsewhere` }).end()
    })
    expect(result).toMatchObject({ outcome: 'failed', errorCode: 'vendor_refused' })
    expect(vendor.requests).toHaveLength(1)
  })

  it('an empty answer, though it cost us its prompt', async () => {
    const { result, record } = await call('empty')
    expect(result).toMatchObject({ outcome: 'empty', errorCode: 'vendor_empty' })
    expect(record).toMatchObject({ costMicros: 0n, vendorCostMicros: 5n, inputTokens: PROMPT })
  })

  it('nobody is left to ask when the channel goes between admission and run', async () => {
    const admission = await admitCall(payer, modelId)
    await database.db.update(channels).set({ status: 'disabled' }).where(eq(channels.status, 'active'))
    const { result, record } = await carryOut(payer, admission)
    await database.db.update(channels).set({ status: 'active' }).where(eq(channels.status, 'disabled'))
    expect(result).toMatchObject({ outcome: 'failed', errorCode: 'model_unavailable', channelId: null })
    expect(record.costMicros).toBe(0n)
    expect(await payer.wallet()).toMatchObject({ heldMicros: 0n, postedMicros: 10_000_000n })
  })
})

describe('once a word has come, the prompt and what was received are charged', () => {
  it.each([
    ['cutOff', 'vendor_failed'],
    ['truncated', 'vendor_failed'],
    ['stalled', 'vendor_timeout'],
    ['errorMidStream', 'vendor_failed'],
    ['garbageMidStream', 'vendor_malformed'],
  ] as const)('%s', async (behavior, errorCode) => {
    const { text, result, receipt } = await call(behavior)
    expect(text).toBe(CUT)
    expect(result).toMatchObject({ outcome: 'interrupted', errorCode, usageSource: 'estimated' })
    expect(receipt.chargedMicros).toBe(String(PROMPT + 4 * (await countTokens(CUT))))
  })

  it('reasoning counts as a word', async () => {
    const { reasoning, result, receipt } = await call(startsThen({ reasoning: ['so'] }, 'destroy'))
    expect(reasoning).toBe('so')
    expect(result).toMatchObject({ outcome: 'interrupted', usageSource: 'estimated' })
    expect(receipt.usage).toMatchObject({ outputTokens: 0, reasoningTokens: 1 })
  })

  it('never more than the wallet has: the rest is bad debt', async () => {
    const poor = await createPayer(database.db, 500n)
    const admission = await admitCall(poor, modelId)
    expect(admission).toMatchObject({ heldMicros: 500n, outputCap: 122 })
    vendor.setBehavior(answers({ text: ['much'], usage: { prompt_tokens: 10, completion_tokens: 400 } }))
    const { receipt, record } = await carryOut(poor, admission)
    expect(receipt).toMatchObject({ costMicros: '1610', chargedMicros: '500', badDebtMicros: '1110' })
    expect(record.costMicros).toBe(recomputeCost(record))
    expect(await poor.wallet()).toMatchObject({ postedMicros: 0n, heldMicros: 0n, openHolds: 0 })
  })
})

describe('a vendor that never comes to an end', () => {
  it('is cut off at the longest answer, which is kept', async () => {
    const block = 'x'.repeat(10_000)
    const { text, result, receipt } = await call(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const line = `data: ${JSON.stringify({ choices: [{ delta: { content: block } }] })}\n\n`
      while (!response.destroyed && response.writable) {
        if (!response.write(line))
          await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
      }
    })
    expect(result).toMatchObject({ outcome: 'interrupted', errorCode: 'vendor_malformed', usageSource: 'estimated' })
    expect(text.length).toBeGreaterThanOrEqual(ANSWER_MAX)
    expect(text.length).toBeLessThan(ANSWER_MAX + LINE_MAX)
    expect(receipt.usage.outputTokens).toBe(1_000)
    expect(await vendor.requests[0]!.closed).toBe(true)
  })

  it('cannot break a call with usage that is nested without end', async () => {
    const deep = '['.repeat(400_000) + ']'.repeat(400_000)
    const { text, result } = await call((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n')
      response.end(`data: {"choices":[],"usage":{"prompt_tokens":${deep}}}\n\ndata: [DONE]\n\n`)
    })
    expect({ text, ...result }).toMatchObject({ text: 'hi', outcome: 'completed', usageSource: 'estimated' })
  })
})

describe('what we count ourselves', () => {
  it('goes before a running total of a vendor that was cut off', async () => {
    const { text, result, receipt } = await call(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const chunk = { choices: [{ delta: { content: CUT } }], usage: { prompt_tokens: 1, completion_tokens: 1 } }
      await new Promise((resolve) => response.write(`data: ${JSON.stringify(chunk)}\n\n`, resolve))
      setImmediate(() => response.destroy())
    })
    expect({ text, ...result }).toMatchObject({ text: CUT, outcome: 'interrupted', usageSource: 'estimated' })
    expect(receipt.chargedMicros).toBe(String(PROMPT + 4 * (await countTokens(CUT))))
  })

  it.each([
    ['a running total with every word', (words: number) => ({ prompt_tokens: 10, completion_tokens: words }), null],
    [
      'the same twice',
      (words: number) => (words === 3 ? { prompt_tokens: 10, completion_tokens: 3 } : undefined),
      true,
    ],
    [
      'null after it',
      (words: number) => (words === 3 ? { prompt_tokens: 10, completion_tokens: 3 } : undefined),
      false,
    ],
  ] as const)('is not needed when the vendor sends %s: the last counts', async (_name, usageAt, again) => {
    const { result } = await call((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const send = (fields: object) => response.write(`data: ${JSON.stringify(fields)}\n\n`)
      for (let words = 1; words <= 3; words++) {
        const choice = { delta: { content: 'word ' }, finish_reason: words === 3 ? 'stop' : null }
        send({ choices: [choice], usage: usageAt(words) })
      }
      if (again !== null) send({ choices: [], usage: again ? usageAt(3) : null })
      response.end('data: [DONE]\n\n')
    })
    expect(result).toMatchObject({ usageSource: 'reported', usage: { inputTokens: 10, outputTokens: 3 } })
    expect(result.quarantinedUsage).toBeNull()
  })

  it('gives way to the vendor once it has said that the answer is over', async () => {
    const { result } = await call(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const choice = { delta: { content: CUT }, finish_reason: 'stop' }
      const chunk = { choices: [choice], usage: { prompt_tokens: 10, completion_tokens: 3 } }
      await new Promise((resolve) => response.write(`data: ${JSON.stringify(chunk)}\n\n`, resolve))
      setImmediate(() => response.destroy())
    })
    expect(result).toMatchObject({ usageSource: 'reported', usage: { inputTokens: 10, outputTokens: 3 } })
  })

  it('is the prompt’s tokens, not the bytes that bound them for the hold', async () => {
    const long = await createPricedModel(database.db, [await createChannel(database.db, vendor.url)], {
      contextTokens: 200_000,
    })
    const text = 'word '.repeat(20_000)
    const turns = [{ role: 'user' as const, text, tokens: await countTokens(text) }]
    expect(turns[0]!.tokens).toBe(100_000)
    const admission = await admitCall(payer, long, { turns })
    vendor.setBehavior('withoutUsage')
    const { receipt } = await carryOut(payer, admission)
    const prompt = admission.promptTokens - 100_000 + (await countAll(text))
    expect(prompt).toBeLessThan(21_000)
    expect(receipt).toMatchObject({ usageSource: 'estimated', usage: { inputTokens: prompt } })
  })
})

describe('a model that thinks before it speaks', () => {
  it('may be silent for longer, also after its first byte', async () => {
    const thinker = await createPricedModel(database.db, [await createChannel(database.db, vendor.url)], {
      reasoning: true,
    })
    let think: () => void = () => undefined
    const thought = new Promise<void>((resolve) => {
      think = resolve
    })
    vendor.setBehavior(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n')
      await thought
      response.end('data: {"choices":[{"delta":{"content":"well"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
    })
    const limits = { firstByteMs: 100, silenceMs: 100, reasoningFirstByteMs: 60_000 }
    const carried = carryOut(payer, await admitCall(payer, thinker), { limits })
    await vendor.arrival(0)
    setTimeout(think, 3 * limits.silenceMs)
    expect((await carried).result).toMatchObject({ outcome: 'completed' })
  })
})

describe('stopping', () => {
  it('cancels the vendor, and charges what was received', async () => {
    vendor.setBehavior(startsThen({ text: ['some ', 'words'] }, 'stall'))
    const stop = new AbortController()
    const { text, result, receipt } = await carryOut(payer, await admitCall(payer, modelId), {
      signal: stop.signal,
      onText: (so) => so === 'some words' && stop.abort(),
    })
    expect(text).toBe('some words')
    expect(result).toMatchObject({ outcome: 'stopped', errorCode: null, usageSource: 'estimated' })
    expect(receipt.chargedMicros).toBe(String(PROMPT + 4 * (await countTokens('some words'))))
    expect(await vendor.requests[0]!.closed).toBe(true)
  })

  it('before the first word is free', async () => {
    vendor.setBehavior('silent')
    const stop = new AbortController()
    const carried = carryOut(payer, await admitCall(payer, modelId), { signal: stop.signal })
    const request = await vendor.arrival(0)
    stop.abort()
    const { result, record } = await carried
    expect(result).toMatchObject({ outcome: 'stopped', usageSource: 'none' })
    // The vendor was sent the prompt and may bill it: half a micro-credit a token.
    expect(record).toMatchObject({ costMicros: 0n, vendorCostMicros: 5n })
    expect(await payer.wallet()).toMatchObject({ postedMicros: 10_000_000n, heldMicros: 0n })
    expect(await request.closed).toBe(true)
  })

  it('before anything was sent costs nobody anything', async () => {
    const { result, record } = await carryOut(payer, await admitCall(payer, modelId), { signal: AbortSignal.abort() })
    expect(result).toMatchObject({ outcome: 'stopped', usageSource: 'none' })
    expect(record).toMatchObject({ costMicros: 0n, vendorCostMicros: 0n })
    expect(vendor.requests).toHaveLength(0)
  })

  it('for a reason of ours is an interruption, with that reason', async () => {
    vendor.setBehavior(startsThen({ text: ['word'] }, 'stall'))
    const stop = new AbortController()
    const { result } = await carryOut(payer, await admitCall(payer, modelId), {
      signal: stop.signal,
      onText: () => stop.abort(new AppError('shutting_down')),
    })
    expect(result).toMatchObject({ outcome: 'interrupted', errorCode: 'shutting_down' })
  })

  it('happens when the reader leaves', async () => {
    vendor.setBehavior(startsThen({ text: ['word'] }, 'stall'))
    for await (const _event of run(payer.ctx, await admitCall(payer, modelId), {
      signal: new AbortController().signal,
    }))
      break
    expect(await vendor.requests[0]!.closed).toBe(true)
  })
})

describe('with several channels', () => {
  let other: FakeVendor
  let both: string
  let refusing: string

  beforeAll(async () => {
    other = await startFakeVendor()
    const first = await createChannel(database.db, vendor.url, { priority: 10, key: 'sk-first' })
    refusing = first
    both = await createPricedModel(database.db, [
      first,
      await createChannel(database.db, other.url, { key: 'sk-second' }),
    ])
  })
  beforeEach(() => {
    other.requests.length = 0
  })
  afterAll(() => other.close())

  it.each(['unauthorized', 'rateLimited', 'failing', 'garbage'] as const)(
    'goes on to the next until the first word: %s',
    async (behavior) => {
      const { text, result, receipt } = await call(behavior, both)
      expect(text).toBe(ANSWER)
      expect(result).toMatchObject({ outcome: 'completed', errorCode: null })
      expect(receipt.chargedMicros).toBe('42')
      expect([vendor.requests.length, other.requests.length]).toEqual([1, 1])
      expect(other.requests[0]!.headers.authorization).toBe('Bearer sk-second')
    },
  )

  it('charges once, and books what the first may bill us', async () => {
    const { receipt, record } = await call('silent', both)
    expect(receipt.chargedMicros).toBe('42')
    expect(record.vendorCostMicros).toBe(5n + 21n)
  })

  it('never goes on after the first word', async () => {
    const { text, result } = await call('cutOff', both)
    expect({ text, outcome: result.outcome }).toEqual({ text: CUT, outcome: 'interrupted' })
    expect(other.requests).toHaveLength(0)
  })

  it('does not try a refused key again', async () => {
    await call('unauthorized', both)
    const [key] = await database.db
      .select({ status: channelKeys.status })
      .from(channelKeys)
      .innerJoin(channels, eq(channels.id, channelKeys.channelId))
      .where(eq(channels.name, refusing))
    expect(key!.status).toBe('refused')
    vendor.requests.length = 0
    await call('answer', both)
    expect([vendor.requests.length, other.requests.length]).toEqual([0, 2])
  })

  it('tries a refused key after all others, and takes it back when it works again', async () => {
    await call('unauthorized', both)
    vendor.setBehavior('answer')
    other.setBehavior('failing')
    const { text, result } = await call('answer', both)
    other.setBehavior('answer')
    expect({ text, outcome: result.outcome }).toEqual({ text: ANSWER, outcome: 'completed' })
    expect([vendor.requests.length, other.requests.length]).toEqual([2, 2])
    vendor.requests.length = 0
    await call('answer', both)
    expect(vendor.requests).toHaveLength(1)
  })

  it('fails with the last reason when all do', async () => {
    other.setBehavior('rateLimited')
    const { result } = await call('failing', both)
    other.setBehavior('answer')
    expect(result).toMatchObject({ outcome: 'failed', errorCode: 'vendor_rate_limited' })
  })
})

describe('with one key alone', () => {
  it('a refusal takes nobody off the air: the key is tried again, and is as before when it works', async () => {
    const model = await createPricedModel(database.db, [await createChannel(database.db, vendor.url)])
    for (let times = 0; times < 2; times++) {
      expect((await call('unauthorized', model)).result).toMatchObject({ errorCode: 'vendor_key_refused' })
    }
    expect(vendor.requests).toHaveLength(2)
    expect((await call('answer', model)).result).toMatchObject({ outcome: 'completed' })
    const refused = await database.db.select().from(channelKeys).where(eq(channelKeys.status, 'refused'))
    expect(refused).toEqual([])
  })
})

describe('settle', () => {
  it('settles once: who comes later gets the receipt that is there', async () => {
    const { admission, result, receipt } = await call()
    const wallet = await payer.wallet()
    const dearer = { ...result, usage: { ...result.usage, outputTokens: 900 } }
    expect(await settle(payer.ctx, { admission, result, usageRecordId: newId() })).toEqual(receipt)
    expect(await settle(payer.ctx, { admission, result: dearer, usageRecordId: newId() })).toEqual(receipt)
    expect(
      await settleInterrupted(payer.ctx, { holdId: admission.holdId, usageRecordId: newId(), receivedText: 'x' }),
    ).toEqual(receipt)
    expect(await payer.wallet()).toEqual(wallet)
  })

  it('charges once however many try at the same time', async () => {
    const admission = await admitCall(payer, modelId)
    const usage = { inputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 8, reasoningTokens: 0 }
    const result = {
      outcome: 'completed',
      errorCode: null,
      usage,
      usageSource: 'reported',
      vendorUsage: usage,
      quarantinedUsage: null,
      channelId: null,
      vendor: null,
      vendorRequestId: null,
      firstTokenMs: 1,
      durationMs: 2,
    } as const
    const attempts = Array.from({ length: 10 }, () => settle(payer.ctx, { admission, result, usageRecordId: newId() }))
    const receipts = await Promise.all(attempts)
    expect(new Set(receipts.map((receipt) => receipt.id)).size).toBe(1)
    expect((await payer.wallet()).postedMicros).toBe(10_000_000n - 42n)
    const booked = await database.db.select().from(transfers).where(eq(transfers.holdId, admission.holdId))
    expect(booked).toHaveLength(1)
  })

  it('rolls back with the caller: no receipt without its charge', async () => {
    const admission = await admitCall(payer, modelId)
    const ended = await run(payer.ctx, admission, { signal: new AbortController().signal })
    let result: Parameters<typeof settle>[1]['result'] | undefined
    for await (const event of ended) if (event.type === 'end') result = event.result
    const crash = database.db.transaction(async (tx) => {
      await settle({ ...payer.ctx, db: tx }, { admission, result: result!, usageRecordId: newId() })
      throw new Error('crash before commit')
    })
    await expect(crash).rejects.toThrow('crash')
    expect(await payer.wallet()).toMatchObject({ heldMicros: admission.heldMicros, postedMicros: 10_000_000n })
    const receipt = await settle(payer.ctx, { admission, result: result!, usageRecordId: newId() })
    expect(receipt.chargedMicros).toBe('42')
  })
})

describe('usage that comes after another has settled the call', () => {
  const lateRows = (holdId: string) => database.db.select().from(lateUsage).where(eq(lateUsage.holdId, holdId))
  const usage = { inputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 80, reasoningTokens: 0 }
  const late = {
    outcome: 'completed',
    errorCode: null,
    usage,
    usageSource: 'reported',
    vendorUsage: usage,
    quarantinedUsage: null,
    channelId: null,
    vendor: null,
    vendorRequestId: 'req_late',
    firstTokenMs: 1,
    durationMs: 2,
  } as const

  it('is booked once, as what it cost us beyond what was known, and never charged', async () => {
    const admission = await admitCall(payer, modelId)
    const swept = await settleInterrupted(payer.ctx, {
      holdId: admission.holdId,
      usageRecordId: newId(),
      receivedText: CUT,
    })
    const wallet = await payer.wallet()
    for (const outputTokens of [80, 900]) {
      const result = { ...late, usage: { ...usage, outputTokens } }
      expect(await settle(payer.ctx, { admission, result, usageRecordId: newId() })).toEqual(swept)
    }
    expect(await payer.wallet()).toEqual(wallet)
    const known = BigInt(Math.ceil((PROMPT + 4 * (await countTokens(CUT))) / 2))
    expect(await lateRows(admission.holdId)).toMatchObject([
      { usageRecordId: swept.id, ...usage, vendorRequestId: 'req_late', vendorCostMicros: 165n - known },
    ])
  })

  it('is none when nothing was reported, when it is one’s own settlement again, or when the call is not settled', async () => {
    const admission = await admitCall(payer, modelId)
    const usageRecordId = newId()
    await bookLateUsage(payer.ctx, { admission, result: late, usageRecordId })
    await settle(payer.ctx, { admission, result: late, usageRecordId })
    await settle(payer.ctx, { admission, result: late, usageRecordId })
    await settle(payer.ctx, { admission, result: { ...late, usageSource: 'estimated' }, usageRecordId: newId() })
    expect(await lateRows(admission.holdId)).toEqual([])
  })

  it('never lowers what a call cost us', async () => {
    const admission = await admitCall(payer, modelId)
    await settle(payer.ctx, { admission, result: late, usageRecordId: newId() })
    const less = { ...usage, outputTokens: 1 }
    await settle(payer.ctx, {
      admission,
      result: { ...late, usage: less, vendorUsage: less },
      usageRecordId: newId(),
    })
    expect(await lateRows(admission.holdId)).toMatchObject([{ outputTokens: 1, vendorCostMicros: 0n }])
  })
})

describe('settleInterrupted', () => {
  it('charges the prompt and what the log holds', async () => {
    const admission = await admitCall(payer, modelId)
    const receipt = await settleInterrupted(payer.ctx, {
      holdId: admission.holdId,
      usageRecordId: newId(),
      receivedText: CUT,
    })
    const cost = PROMPT + 4 * (await countTokens(CUT))
    expect(receipt).toMatchObject({ outcome: 'interrupted', usageSource: 'estimated', chargedMicros: String(cost) })
    expect(await payer.wallet()).toMatchObject({ heldMicros: 0n, postedMicros: 10_000_000n - BigInt(cost) })
  })

  it('goes by the checkpoint where there is no log', async () => {
    const admission = await admitCall(payer, modelId)
    await database.db.execute(`INSERT INTO checkpoints VALUES ('${admission.holdId}', 25)`)
    const receipt = await settleInterrupted(payer.ctx, { holdId: admission.holdId, usageRecordId: newId() })
    expect(receipt.chargedMicros).toBe(String(PROMPT + 100))
  })

  it('is free when nothing had come, and unknown calls are not found', async () => {
    const admission = await admitCall(payer, modelId)
    const receipt = await settleInterrupted(payer.ctx, {
      holdId: admission.holdId,
      usageRecordId: newId(),
      receivedText: '',
    })
    expect(receipt).toMatchObject({ usageSource: 'none', chargedMicros: '0' })
    expect(await payer.wallet()).toMatchObject({ heldMicros: 0n, postedMicros: 10_000_000n })
    await expect(settleInterrupted(payer.ctx, { holdId: newId(), usageRecordId: newId() })).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})
