import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Database } from '#db/client.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { countTokens, getReceipt, getSpending, listStatement } from '#lib/inference/index.ts'
import { getDefaultModel, listModels } from '#lib/models/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createModel, createPerson, readAll } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { answers, type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import {
  getConversation,
  getRunning,
  listConversations,
  listPath,
  quoteMessage,
  readEvents,
  retryGeneration,
  startGeneration,
} from './index.ts'

type Person = UserCtx & { db: Database }

// Words that stand nowhere else, so that they are found wherever they come out.
const WORDS = 'Answer as the lighthouse keeper of Xyzzy would. 你是灯塔的守护者。'

let database: TestDatabase
let vendor: FakeVendor
let modelId: string
let person: Person
beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})
beforeEach(async () => {
  vendor.requests.length = 0
  await tell(null)
  person = await createPerson(database.db)
})

const tell = (value: string | null) => setSetting(systemCtx('test', database.db), { key: 'system_prompt', value })
const text = 'What do you see?'

async function ask(parent?: { conversationId: string; assistantMessageId: string }) {
  const started = await startGeneration(person, {
    requestId: newId(),
    conversationId: parent?.conversationId ?? newId(),
    parentId: parent?.assistantMessageId ?? null,
    text,
    modelId,
  })
  const answer = await readAll(await readEvents(person, { generationId: started.generationId }))
  const { rows } = await database.db.execute<{ id: string; held: bigint; prompt: number }>(sql`
    SELECT u.id, u.held_micros AS held, h.prompt_tokens AS prompt
    FROM usage_records u JOIN holds h ON h.id = u.hold_id JOIN generations g ON g.hold_id = u.hold_id
    WHERE g.id = ${started.generationId}`)
  return { ...started, ...rows[0]!, answer }
}

const sent = (index: number) => vendor.requests[index]!.body.messages as { role: string; content: string }[]

it('every call gets it first: a new conversation, the next message, and another try', async () => {
  await tell(WORDS)
  const first = await ask()
  const second = await ask(first)
  const retried = await retryGeneration(person, { requestId: newId(), messageId: second.assistantMessageId })
  await readAll(await readEvents(person, { generationId: retried.generationId }))
  for (const index of [0, 1, 2]) {
    expect(sent(index)[0]).toEqual({ role: 'system', content: WORDS })
    expect(sent(index).filter(({ role }) => role === 'system')).toHaveLength(1)
    expect(sent(index).at(-1)).toEqual({ role: 'user', content: text })
  }
  await tell(null)
  await ask()
  expect(sent(3)).toEqual([{ role: 'user', content: text }])
})

it('its tokens are counted, quoted and held like any others', async () => {
  const plain = await ask()
  const plainQuote = await quoteMessage(person, { parentId: null, text, modelId })
  await tell(WORDS)
  const tokens = (await countTokens(WORDS)) + 4
  const quoted = await quoteMessage(person, { parentId: null, text, modelId })
  const told = await ask()
  expect(told.prompt - plain.prompt).toBe(tokens)
  expect(quoted.promptTokens - plainQuote.promptTokens).toBe(tokens)
  // A credit per million tokens is a micro-credit each; what was quoted is what was held.
  expect(told.held - plain.held).toBe(BigInt(tokens))
  expect(quoted.atMostMicros).toBe(told.held.toString())
  expect(quoted.historyTokens).toBe(0)

  const next = await quoteMessage(person, {
    conversationId: told.conversationId,
    parentId: told.assistantMessageId,
    text,
    modelId,
  })
  const following = await ask(told)
  expect(following.prompt).toBe(next.promptTokens)
})

it('a vendor that tells no usage is charged by our count, which has it', async () => {
  vendor.setBehavior(answers({ text: ['A ship.'], usage: null }))
  await tell(WORDS)
  const { id, prompt } = await ask()
  vendor.setBehavior('answer')
  expect(await getReceipt(person, { usageRecordId: id })).toMatchObject({ usageSource: 'estimated' })
  const { rows } = await database.db.execute<{ input: number }>(
    sql`SELECT input_tokens AS input FROM usage_records WHERE id = ${id}`,
  )
  expect(rows[0]!.input).toBe(prompt)
})

it('a change counts from the next call on', async () => {
  await tell(WORDS)
  await ask()
  await tell('Be brief.')
  const quoted = await quoteMessage(person, { parentId: null, text, modelId })
  const { prompt } = await ask()
  expect(sent(1)[0]).toEqual({ role: 'system', content: 'Be brief.' })
  expect(prompt).toBe(quoted.promptTokens)
})

it('nothing that a person can ask for has its words', async () => {
  await tell(WORDS)
  const asked = await ask()
  const { conversationId, answer, id } = asked
  const told = await Promise.all([
    getConversation(person, { conversationId }),
    listConversations(person),
    listPath(person, { conversationId }),
    getRunning(person),
    quoteMessage(person, { parentId: null, text, modelId }),
    getReceipt(person, { usageRecordId: id }),
    listStatement(person, { timeZone: 'UTC' }),
    getSpending(person, { from: '2020-01-01', to: '2020-01-02' }),
    listModels(person),
    getDefaultModel(person),
  ])
  const all = JSON.stringify([asked, answer.frames, told], (_key, value) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  expect(all.length).toBeGreaterThan(1_000)
  for (const word of ['lighthouse', 'Xyzzy', '灯塔']) expect(all).not.toContain(word)
  // Nor is it kept beside what people write.
  const { rows } = await database.db.execute<{ found: bigint }>(sql`
    SELECT (SELECT count(*) FROM messages WHERE text LIKE '%Xyzzy%') + (SELECT count(*) FROM usage_records u
      WHERE to_jsonb(u)::text LIKE '%Xyzzy%') + (SELECT count(*) FROM holds h WHERE to_jsonb(h)::text LIKE '%Xyzzy%') AS found`)
  expect(rows[0]!.found).toBe(0n)
})
