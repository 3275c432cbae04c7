import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { addChannel, getDefaultModel, listModels, seedDatabase } from '#lib/models/index.ts'
import { startDemoVendor } from '#scripts/demo-vendor.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { admitCall, carryOut, createPayer } from '#tests/support/paid-call.ts'
import { answerTo } from './demo-vendor/answers.ts'
import { tokensOf } from './demo-vendor.ts'

let database: TestDatabase
let ctx: Ctx
let vendor: Awaited<ReturnType<typeof startDemoVendor>>

beforeAll(async () => {
  vendor = await startDemoVendor()
  process.env.UB_DEMO_URL = vendor.url
  database = await createTestDatabase()
  ctx = systemCtx('test', database.db)
  await seedDatabase(ctx)
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const complete = (body: object) =>
  fetch(`${vendor.url}/chat/completions`, { method: 'POST', body: JSON.stringify(body) })

describe('the demo model', () => {
  it('is the only one while no channel exists', async () => {
    expect(await listModels(ctx)).toMatchObject([{ id: 'demo', demo: true }])
    expect(await getDefaultModel(ctx)).toMatchObject({ id: 'demo' })
  })

  it('is paid like any other, through the same wire', async () => {
    const payer = await createPayer(database.db)
    const turns = [{ role: 'user' as const, text: '你好', tokens: 2 }]
    const admission = await admitCall(payer, 'demo', { turns, maxOutput: 160 })
    const { text, events, result, receipt, record } = await carryOut(payer, admission)
    expect(text).toBe(tokensOf(answerTo('你好')).slice(0, 160).join(''))
    expect(events).toBeGreaterThan(10)
    expect(result).toMatchObject({ outcome: 'completed', usageSource: 'reported', channelId: null })
    expect(receipt).toMatchObject({ outputCap: 160, usage: { outputTokens: 160 } })
    expect(BigInt(receipt.chargedMicros)).toBe(10n * BigInt(receipt.usage.inputTokens) + 40n * 160n)
    expect(record.vendorCostMicros).toBe(0n)
  })

  it('steps aside when there is a channel', async () => {
    await addChannel(ctx, { name: 'first', vendor: 'openai', baseUrl: 'https://vendor.example/v1', key: 'k' })
    expect((await listModels(ctx)).some((model) => model.demo)).toBe(false)
    const payer = await createPayer(database.db)
    await expect(admitCall(payer, 'demo')).rejects.toMatchObject({ code: 'model_unavailable' })
  })
})

describe('what it says', () => {
  it.each([
    ['What is this?', /not a language model/, 'What is this?'],
    ['这是什么？', /并不是语言模型/, '这是什么？'],
    ['Explain 未定义行为 please', /并不是语言模型/, '未定义行为'],
  ])('is in the language of %s, honest, and shows every kind of content', (question, honest, quoted) => {
    const answer = answerTo(question)
    expect(answer).toMatch(honest)
    expect(answer).toContain(quoted)
    for (const kind of [
      /^## /m,
      /^- /m,
      /^```(ts|python)$/m,
      /^\| .* \|$/m,
      /^\$\$$/m,
      /\$\$t_k\$\$/,
      /\*\*.*通义千问.*\*\*/,
    ]) {
      expect(answer).toMatch(kind)
    }
    expect(tokensOf(answer).length).toBeGreaterThanOrEqual(150)
    expect(tokensOf(answer).join('')).toBe(answer)
  })

  it('quotes little of a long question, and no markup of it', () => {
    const answer = answerTo(`<script>alert(1)</script> **bold** ${'long '.repeat(1_000)}`)
    expect(answer).not.toContain('<script>')
    expect(answer.length).toBeLessThan(2_000)
  })

  it('answers whole when not streamed, and refuses what it does not speak', async () => {
    const whole = await complete({ model: 'demo', messages: [{ role: 'user', content: 'hi' }], max_tokens: 3 })
    expect(await whole.json()).toMatchObject({
      choices: [{ finish_reason: 'length' }],
      usage: { completion_tokens: 3 },
    })
    expect((await fetch(`${vendor.url}/models`)).status).toBe(404)
    expect((await fetch(`${vendor.url}/chat/completions`, { method: 'POST', body: '{' })).status).toBe(400)
  })
})
