import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeSessionCookie, registerUser } from '#lib/auth/index.ts'
import { MESSAGE_BYTES_MAX } from '#lib/chat/index.ts'
import { newId } from '#lib/id.ts'
import { singleton } from '#lib/singleton.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { POST } from './route.ts'

const HOST = 'localhost:3000'
let database: TestDatabase
let cookie: string

beforeAll(async () => {
  database = await createTestDatabase()
  singleton('database', () => database.db)
  const anonymous = { db: database.db, actor: { type: 'anonymous' as const } }
  const person = { email: 'ada@example.com', name: 'Ada', password: 'tram lamp seven' }
  const { sessionId } = await registerUser(anonymous, person)
  const { name, value } = await makeSessionCookie({ proto: 'http', host: HOST }, sessionId)
  cookie = `${name}=${value}`
})
afterAll(() => database.close())

async function codeOf(text: string): Promise<string> {
  const body = { requestId: newId(), conversationId: newId(), parentId: null, text, modelId: 'no-such-model' }
  const request = new Request(`http://${HOST}/api/generations`, {
    method: 'POST',
    headers: { host: HOST, 'x-forwarded-host': HOST, origin: `http://${HOST}`, cookie },
    body: JSON.stringify(body),
  })
  const response = await POST(request, { params: Promise.resolve({}) })
  return ((await response.json()) as { error: { code: string } }).error.code
}

it('takes the longest message whatever it looks like as JSON, and none beyond', async () => {
  // Far enough in to miss its model: the text itself was taken.
  expect(await codeOf('"\n'.repeat(MESSAGE_BYTES_MAX / 2))).toBe('model_unknown')
  expect(await codeOf('x'.repeat(MESSAGE_BYTES_MAX + 1))).toBe('message_too_large')
  expect(await codeOf('x'.repeat(3 * MESSAGE_BYTES_MAX))).toBe('message_too_large')
})
