import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeSessionCookie, registerUser } from '#lib/auth/index.ts'
import { type AnswerState, applyFrame, createFrameParser, EMPTY_ANSWER } from '#lib/chat/shared.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { findFreePort } from '#scripts/ports.ts'
import { createModel, dictated } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { type Service, startService, TEST_SECRETS } from '#tests/support/service.ts'
import { open, openHttp2, send } from './client.ts'
import { builtFile, createPrefix, type Entry, type Prefix, startEntry } from './entry.ts'

// Sessions and keys are sealed here and opened by the service.
vi.stubEnv('AUTH_SECRET', TEST_SECRETS.AUTH_SECRET)
vi.stubEnv('ENCRYPTION_KEY', TEST_SECRETS.ENCRYPTION_KEY)

const HOST = 'localhost'
let database: TestDatabase
let vendor: FakeVendor
let prefix: Prefix
let service: Service
let entry: Entry
let modelId: string
let cookies: { http: string; https: string }
beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
  const port = await findFreePort()
  prefix = createPrefix()
  ;[service, entry] = await Promise.all([
    startService(database, { TRUSTED_PROXIES: 'loopback' }, { port }),
    startEntry(prefix, { BACKEND_URL: `http://127.0.0.1:${port}`, APP_URL: `http://${HOST}` }),
  ])
  cookies = await signUp()
})
afterAll(async () => {
  await entry?.stop()
  await service?.stop()
  await vendor?.close()
  await database?.close()
  prefix?.remove()
})

async function signUp() {
  const { userId, sessionId } = await registerUser(
    { db: database.db, actor: { type: 'anonymous' } },
    { email: 'ada@example.com', name: 'Ada', password: 'tram lamp seven' },
  )
  const ctx = systemCtx('test', database.db)
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  await postTransfer(ctx, {
    kind: 'grant',
    debitAccountId: HOUSE.promotions,
    creditAccountId: wallet!.id,
    amountMicros: 10_000_000n,
    idempotencyKey: `test:${userId}`,
    lot: { source: 'promotional' },
  })
  const make = async (proto: 'http' | 'https', host: string) => {
    const { name, value } = await makeSessionCookie({ proto, host }, sessionId)
    return `${name}=${value}`
  }
  return { http: await make('http', `127.0.0.1:${entry.http}`), https: await make('https', `127.0.0.1:${entry.https}`) }
}

/**
 * Reads an answer that the vendor dictates: the next word is said only after the one before has reached the reader, so
 * that whatever is held back on the way stops everything.
 */
async function readDictated(chunks: AsyncIterable<string>, words: string[], vendorSays: ReturnType<typeof dictated>) {
  const parse = createFrameParser()
  const read: { word: string; atMs: number }[] = []
  let answer: AnswerState = EMPTY_ANSWER
  let generationId = ''
  vendorSays.say(words[0]!)
  for await (const chunk of chunks) {
    for (const frame of parse(chunk)) {
      if (frame.type === 'start') generationId = frame.generationId
      else answer = applyFrame(answer, frame)
      if (read.length < words.length && answer.text === words.slice(0, read.length + 1).join('')) {
        read.push({ word: words[read.length]!, atMs: performance.now() })
        if (read.length < words.length) vendorSays.say(words[read.length]!)
        else vendorSays.finish()
      }
    }
  }
  const gapsMs = read.slice(1).map(({ atMs }, index) => Math.round(atMs - read[index]!.atMs))
  return { words: read.map(({ word }) => word), status: answer.end?.status, generationId, gapsMs }
}

const WORDS = Array.from({ length: 12 }, (_, i) => `word${i} `)
const question = () =>
  JSON.stringify({ requestId: newId(), conversationId: newId(), parentId: null, text: 'Hello', modelId })

describe('an answer', () => {
  it('arrives word by word over HTTP/1.1', async () => {
    const vendorSays = dictated()
    vendor.setBehavior(vendorSays.behavior)
    const headers = {
      cookie: cookies.http,
      origin: `http://127.0.0.1:${entry.http}`,
      'content-type': 'application/json',
      'accept-encoding': 'gzip',
    }
    const response = await open(entry.http, '/api/generations', { method: 'POST', headers, body: question() })
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toContain('text/event-stream')
    expect(response.headers).not.toHaveProperty('content-encoding')
    response.setEncoding('utf8')
    const read = await readDictated(response as AsyncIterable<string>, WORDS, vendorSays)
    expect(read).toMatchObject({ words: WORDS, status: 'completed' })
    process.stdout.write(`gaps over HTTP/1.1, ms: ${read.gapsMs.join(' ')}\n`)
  })

  it('arrives word by word over HTTP/2, to its sender and to who reads along', async () => {
    const vendorSays = dictated()
    vendor.setBehavior(vendorSays.behavior)
    const client = openHttp2(entry.https)
    const common = { cookie: cookies.https, origin: `https://127.0.0.1:${entry.https}`, 'accept-encoding': 'gzip' }
    const headers = { ...common, ':method': 'POST', ':path': '/api/generations', 'content-type': 'application/json' }
    const reply = await client.send(headers, question())
    expect(reply.status).toBe(200)
    const read = await readDictated(reply.chunks, WORDS, vendorSays)
    expect(read).toMatchObject({ words: WORDS, status: 'completed' })
    process.stdout.write(`gaps over HTTP/2, ms: ${read.gapsMs.join(' ')}\n`)
    const again = await client.send({ ...common, ':path': `/api/generations/${read.generationId}/events` })
    expect(again.status).toBe(200)
    let all = ''
    for await (const chunk of again.chunks) all += chunk
    expect(all).toContain(WORDS.at(-1)!.trim())
    client.close()
  })
})

describe('pages', () => {
  it('come from the service: the front page, the chat, the cockpit, and the API', async () => {
    const front = await send(entry.http, '/', { headers: { 'accept-language': 'zh-CN' } })
    expect(front).toMatchObject({ status: 200, headers: { 'x-cache': 'MISS' } })
    expect(front.body).toContain('<html lang="zh-CN"')
    const again = await send(entry.http, '/', { headers: { 'accept-language': 'zh;q=0.9' } })
    expect(again.headers['x-cache']).toBe('HIT')
    expect(again.body).toBe(front.body)
    expect((await send(entry.http, '/', { headers: { 'accept-language': 'en' } })).body).toContain('<html lang="en"')
    const chat = await send(entry.http, '/', { headers: { cookie: cookies.http } })
    expect(chat).toMatchObject({ status: 200, headers: { 'x-cache': 'BYPASS' } })
    expect(chat.body).toContain('id="composer"')
    expect((await send(entry.http, '/admin', { headers: { cookie: cookies.http } })).status).toBe(404)
    expect((await send(entry.http, '/admin')).headers.location).toContain('/sign-in')
    expect((await send(entry.http, '/v1/models')).headers['x-content-type-options']).toBe('nosniff')
    expect((await send(entry.http, '/api/health')).status).toBe(200)
  })

  it('are packed by nginx', async () => {
    const response = await open(entry.http, '/sign-in', { headers: { 'accept-encoding': 'gzip' } })
    expect(response.headers).toMatchObject({ 'content-encoding': 'gzip' })
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part as Buffer)
    expect(gunzipSync(Buffer.concat(parts)).toString()).toContain('</html>')
  })

  it('come with the answer to the form that leads to them, though TLS ends at nginx', async () => {
    const actions: Record<string, { exportedName: string }> = JSON.parse(
      readFileSync(
        path.join(import.meta.dirname, '..', '..', '.next', 'server', 'server-reference-manifest.json'),
        'utf8',
      ),
    ).node
    const register = Object.keys(actions).find((id) => actions[id]?.exportedName === 'register')!
    const reply = await send(entry.https, '/register', {
      tls: true,
      method: 'POST',
      headers: {
        origin: `https://127.0.0.1:${entry.https}`,
        accept: 'text/x-component',
        'next-action': register,
        'content-type': 'text/plain;charset=UTF-8',
      },
      body: JSON.stringify([{ email: 'grace@example.com', name: 'Grace', password: 'tram lamp seven' }]),
    })
    expect(reply).toMatchObject({ status: 200, headers: { 'x-action-redirect': '/;push' } })
    // Without it the browser asks once more, and the service's log tells of a TLS handshake that failed.
    expect(reply.body).toContain('"userName":"Grace"')
    expect(service.output()).not.toContain('redirect response')
  })

  it('have no pictures that Next would make smaller for anybody who asks', async () => {
    const reply = await send(entry.http, '/_next/image?url=%2Ficon.svg&w=64&q=75')
    expect(reply.status).toBe(404)
  })

  it('keep a way out for who must be told that the address is wrong', async () => {
    const reply = await send(entry.http, '/', { headers: { host: 'elsewhere.example' } })
    expect(reply.status).toBe(421)
    expect(reply.body).toContain('APP_URL')
  })
})

describe('with the service stopped', () => {
  beforeAll(async () => {
    await service.stop()
  })

  it('built files are served: for good, packed, with an ETag', async () => {
    const file = builtFile(prefix, '.js')
    const plain = readFileSync(path.join(prefix.files, 'static', file))
    const reply = await send(entry.http, `/${file}`)
    expect(reply).toMatchObject({
      status: 200,
      headers: {
        'cache-control': 'public, max-age=31536000, immutable',
        'content-type': 'text/javascript; charset=utf-8',
        'x-content-type-options': 'nosniff',
      },
    })
    expect(hash(reply.body)).toBe(hash(plain))
    const packed = await open(entry.http, `/${file}`, { headers: { 'accept-encoding': 'br, gzip' } })
    const packedFile = readFileSync(path.join(prefix.files, 'static', `${file}.gz`))
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(packedFile.length),
      vary: 'Accept-Encoding',
    })
    packed.resume()
    const { etag } = reply.headers
    expect(etag).toMatch(/^"/)
    expect((await send(entry.http, `/${file}`, { headers: { 'if-none-match': etag! } })).status).toBe(304)
  })

  it('public files are, by the same address as ever', async () => {
    const reply = await send(entry.http, '/icon.svg')
    expect(reply).toMatchObject({
      status: 200,
      headers: { 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=3600' },
    })
  })

  it('a file that is not of this build is asked of the service, and nothing else lies open', async () => {
    for (const path_ of [
      '/_next/static/chunks/none.js',
      '/nginx.conf',
      '/../nginx/entrypoint.sh',
      '/_next/static/..%2f..%2f..%2fpages/away.en.html',
      '/entry-pages/away.en.html',
    ]) {
      const { status } = await send(entry.http, path_)
      expect([400, 404, 503]).toContain(status)
    }
  })

  it('the front page is shown as it was, and anything else says that it is away', async () => {
    const front = await send(entry.http, '/', { headers: { 'accept-language': 'zh-CN' } })
    expect(front.status).toBe(200)
    expect(['HIT', 'STALE']).toContain(front.headers['x-cache'])
    const chat = await send(entry.http, '/', { headers: { cookie: cookies.http, 'accept-language': 'zh-CN' } })
    expect(chat.status).toBe(503)
    expect(chat.body).toContain('<html lang="zh-CN">')
    const client = openHttp2(entry.https)
    const reply = await client.send({ ':path': '/api/status' })
    expect(reply.status).toBe(503)
    expect(JSON.parse(await text(reply.chunks as never))).toMatchObject({ error: { code: 'unavailable' } })
    client.close()
  })
})

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
