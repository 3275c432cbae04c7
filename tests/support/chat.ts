import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import type { StreamFrame } from '#lib/chat/index.ts'
import { type AnswerState, applyFrame, EMPTY_ANSWER } from '#lib/chat/shared.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { HOUSE, openWallet, postTransfer } from '#lib/ledger/index.ts'
import { addChannel, setModel } from '#lib/models/index.ts'
import { parseCredits } from '#lib/money.ts'
import type { Behavior } from '#tests/support/fake-vendor.ts'

/** A person with a wallet and credits in it; `ctx` acts as them. */
export async function createPerson(db: Database, { credits = '10' } = {}): Promise<UserCtx & { db: Database }> {
  const userId = newId()
  await db.execute(sql`INSERT INTO users (id, email, name) VALUES (${userId}, ${`${userId}@example.test`}, 'Test')`)
  const system = systemCtx('test', db)
  const walletId = await openWallet(system, { ownerType: 'user', ownerId: userId })
  const amountMicros = parseCredits(credits)!
  if (amountMicros > 0n) {
    await postTransfer(system, {
      kind: 'grant',
      debitAccountId: HOUSE.promotions,
      creditAccountId: walletId,
      amountMicros,
      idempotencyKey: `test:${userId}`,
      lot: { source: 'promotional' },
    })
  }
  return { db, actor: { type: 'user', userId, role: 'user', sessionId: newId() } }
}

/** A priced model behind a channel to the vendor at `url`: 1 credit per million tokens in, 2 out. @returns its id */
export async function createModel(db: Database, url: string, { maxOutputTokens = 1_000 } = {}): Promise<string> {
  const system = systemCtx('test', db)
  const id = `model-${newId()}`
  const channel = `channel-${id}`
  await addChannel(system, {
    name: channel,
    vendor: 'test',
    baseUrl: url,
    key: 'sk-test',
    ownNetwork: true,
    models: [],
  })
  await setModel(system, {
    id,
    input: '1',
    output: '2',
    costInput: '0.5',
    costOutput: '1',
    vendor: 'test',
    contextTokens: 32_000,
    maxOutputTokens,
    minOutput: Math.min(256, maxOutputTokens),
    channel,
  })
  return id
}

/** Reads frames to the end of the stream. */
export async function readAll(
  frames: AsyncIterable<StreamFrame>,
  from: AnswerState = EMPTY_ANSWER,
): Promise<AnswerState & { frames: StreamFrame[] }> {
  const read: StreamFrame[] = []
  let state = from
  for await (const frame of frames) {
    read.push(frame)
    state = applyFrame(state, frame)
  }
  return { ...state, frames: read }
}

/** Reads frames until a condition on what they add up to holds, and leaves. */
export async function readUntil(
  frames: AsyncIterable<StreamFrame>,
  isEnough: (state: AnswerState) => boolean,
  from: AnswerState = EMPTY_ANSWER,
): Promise<AnswerState> {
  let state = from
  for await (const frame of frames) {
    state = applyFrame(state, frame)
    if (isEnough(state)) break
  }
  return state
}

/** A vendor's answer that comes word by word as the test says, the same to all who ask. */
export function dictated(): { behavior: Behavior; say(text: string): void; finish(): void } {
  const words: string[] = []
  let isOver = false
  const waiting = new Set<() => void>()
  const turn = () => new Promise<void>((resolve) => waiting.add(resolve))
  const wake = () => {
    const woken = [...waiting]
    waiting.clear()
    for (const resolve of woken) resolve()
  }
  const chunk = (fields: object) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1, model: 'fake', ...fields })}\n\n`
  const behavior: Behavior = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    let said = 0
    for (;;) {
      const next = turn()
      while (said < words.length) {
        response.write(chunk({ choices: [{ index: 0, delta: { content: words[said++] }, finish_reason: null }] }))
      }
      if (isOver) break
      await next
    }
    response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
    response.write(
      chunk({ choices: [], usage: { prompt_tokens: 10, completion_tokens: said, total_tokens: 10 + said } }),
    )
    response.end('data: [DONE]\n\n')
  }
  return {
    behavior,
    say: (text) => {
      words.push(text)
      wake()
    },
    finish: () => {
      isOver = true
      wake()
    },
  }
}
