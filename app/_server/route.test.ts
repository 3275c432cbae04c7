import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { makeSessionCookie, registerUser } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { singleton } from '#lib/singleton.ts'
import { disableUser } from '#lib/users/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

const HOST = 'localhost:3000'
let database: TestDatabase
let person: { userId: string; cookie: string }
beforeAll(async () => {
  database = await createTestDatabase()
  // Routes use the process's own pool: whoever makes it first decides which.
  singleton('database', () => database.db)
  person = await makePerson('ada@example.com')
})
afterAll(() => database.close())

async function makePerson(email: string) {
  const ctx = { db: database.db, actor: { type: 'anonymous' as const } }
  const { userId, sessionId } = await registerUser(ctx, { email, name: 'A', password: 'tram lamp seven' })
  const { name, value } = await makeSessionCookie({ proto: 'http', host: HOST }, sessionId)
  return { userId, cookie: `other=%E0%A4%A; ${name}=${value}` }
}

type Send = {
  method?: string
  path?: string
  body?: BodyInit
  headers?: Record<string, string>
  params?: Record<string, string>
}

async function send(handler: ReturnType<typeof route>, options: Send = {}) {
  const { method = 'GET', path = '/api/x', body, headers, params = {} } = options
  const request = new Request(`http://${HOST}${path}`, {
    method,
    body,
    headers: { host: HOST, 'x-forwarded-host': HOST, origin: `http://${HOST}`, ...headers },
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  })
  const response = await handler(request, { params: Promise.resolve(params) })
  return { status: response.status, headers: response.headers, data: await response.json() }
}

const echo = route({ input: z.record(z.string(), z.unknown()), auth: 'public' }, async (_, input) => ({ input }))
const whoami = route({ input: z.object({}), auth: 'user' }, async (ctx) => ({
  userId: ctx.actor.userId,
  ip: ctx.request?.ip,
}))
const post = (body: BodyInit, headers = {}): Send => ({ method: 'POST', body, headers })

describe('input', () => {
  it('is path over body over query', async () => {
    const reply = await send(echo, {
      ...post(JSON.stringify({ a: 'body', b: 'body' })),
      path: '/api/x?a=query&b=query&c=query',
      params: { a: 'path' },
    })
    expect(reply.data.input).toEqual({ a: 'path', b: 'body', c: 'query' })
  })

  it.each([
    ['not JSON', '{'],
    ['an array', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
  ])('is refused when it is %s', async (_, body) => {
    expect(await send(echo, post(body))).toMatchObject({ status: 400, data: { error: { code: 'invalid_input' } } })
  })

  it('names the first field that does not fit', async () => {
    const strict = route({ input: z.object({ limit: z.coerce.number() }), auth: 'public' }, async () => null)
    const { status, data } = await send(strict, { path: '/api/x?limit=many' })
    expect({ status, error: data.error }).toMatchObject({
      status: 400,
      error: { code: 'invalid_input', params: { field: 'limit' } },
    })
  })

  it('is refused beyond the limit, declared or not, without reading on', async () => {
    const small = route({ input: z.object({}), auth: 'public', maxBytes: 1_000 }, async () => null)
    const tooLarge = { status: 413, data: { error: { code: 'message_too_large' } } }
    expect(await send(small, post('x'.repeat(1_001)))).toMatchObject(tooLarge)
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(500))
      },
    })
    expect(await send(small, post(endless))).toMatchObject(tooLarge)
    expect(pulled).toBeLessThan(10)
  })
})

describe('who may call', () => {
  it('is somebody with a live session', async () => {
    const reply = await send(whoami, { headers: { cookie: person.cookie, 'x-forwarded-for': '10.1.2.3' } })
    expect(reply).toMatchObject({ status: 200, data: { userId: person.userId, ip: '10.1.2.3' } })
    expect(reply.headers.get('cache-control')).toBe('no-store')
  })

  it('is nobody else', async () => {
    const refused = { status: 401, data: { error: { code: 'unauthenticated' } } }
    expect(await send(whoami)).toMatchObject(refused)
    expect(await send(whoami, { headers: { cookie: 'ub-session=garbage' } })).toMatchObject(refused)
    const other = await makePerson('disabled@example.com')
    await disableUser(systemCtx('test', database.db), { userId: other.userId })
    expect(await send(whoami, { headers: { cookie: other.cookie } })).toMatchObject(refused)
  })

  it.each([['https://evil.example'], ['null'], ['http://localhost:3001']])(
    'is no page of %s that writes',
    async (origin) => {
      let ran = false
      const write = route({ input: z.object({}), auth: 'public' }, async () => {
        ran = true
      })
      const reply = await send(write, { method: 'DELETE', headers: { origin, cookie: person.cookie } })
      expect(reply).toMatchObject({ status: 403, data: { error: { code: 'forbidden' } } })
      expect(ran).toBe(false)
    },
  )
})

describe('replies', () => {
  it('to HEAD end the stream that nobody will read', async () => {
    const cancel = vi.fn()
    const stream = route({ input: z.object({}), auth: 'public' }, async () => {
      return new Response(new ReadableStream({ cancel }), { status: 201, headers: { 'x-kept': 'yes' } })
    })
    const reply = await stream(new Request(`http://${HOST}/api/x`, { method: 'HEAD' }), { params: Promise.resolve({}) })
    expect(reply.body).toBeNull()
    expect([reply.status, reply.headers.get('x-kept')]).toEqual([201, 'yes'])
    expect(cancel).toHaveBeenCalledOnce()
  })

  it('carry amounts as decimal text', async () => {
    const amounts = route({ input: z.object({}), auth: 'public' }, async () => ({ micros: 9_007_199_254_740_993n }))
    expect((await send(amounts)).data).toEqual({ micros: '9007199254740993' })
  })

  it('give expected failures their code, and keep the words of all others to the log', async () => {
    const expected = route({ input: z.object({}), auth: 'public' }, async () => {
      throw new AppError('insufficient_credits', { message: 'inside words', params: { needed: '5' } })
    })
    const { status, data } = await send(expected)
    expect(status).toBe(402)
    expect(data.error).toEqual({ code: 'insufficient_credits', params: { needed: '5' }, requestId: expect.any(String) })
    const fault = route({ input: z.object({}), auth: 'public' }, async () => {
      throw new Error('password of the database')
    })
    const reply = await send(fault)
    expect(reply.status).toBe(500)
    expect(reply.data).toEqual({ error: { code: 'internal', params: {}, requestId: expect.any(String) } })
  })
})
