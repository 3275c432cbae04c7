import path from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { users } from '#db/schema/index.ts'
import { makeSessionCookie } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { listChannels, setModel } from '#lib/models/index.ts'
import { singleton } from '#lib/singleton.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, sends, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { renderTree, visit } from '#tests/support/next-runtime.ts'

const logged = vi.hoisted((): string[] => [])
vi.mock('#lib/log.ts', async (original) => {
  const { logOptions } = await original<typeof import('#lib/log.ts')>()
  const { default: pino } = await import('pino')
  return { logOptions, log: pino(logOptions('trace'), { write: (line: string) => void logged.push(line) }) }
})
vi.mock('next/headers', async () => (await import('#tests/support/next-runtime.ts')).nextHeaders)
vi.mock('next-intl', async (original) =>
  (await import('#tests/support/next-runtime.ts')).nextIntl(await original<typeof import('next-intl')>()),
)
vi.mock('next-intl/server', async () =>
  (await import('#tests/support/next-runtime.ts')).nextIntlServer(
    await vi.importActual<typeof import('next-intl')>('next-intl'),
  ),
)

const HOST = 'localhost:3000'
/** Every secret of a channel has it in the middle, so that what is left at either end tells nothing. */
const PLANT = 'PLANTED'
const key = (name: string) => `sk-${PLANT}-${name}-0123456789abcdef`

let database: TestDatabase
let vendor: FakeVendor

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  singleton('database', () => database.db)
  const [userId, sessionId] = [newId(), newId()]
  await database.db.insert(users).values({ id: userId, email: 'op@example.test', name: 'Op', role: 'admin' })
  await database.db.execute(sql`INSERT INTO sessions (id, user_id, ip, user_agent, expires_at)
    VALUES (${sessionId}, ${userId}, '', '', now() + interval '1 day')`)
  const cookie = await makeSessionCookie({ proto: 'http', host: HOST }, sessionId)
  visit.cookies.set(cookie.name, cookie.value)
  visit.headers = new Headers({
    'x-forwarded-host': HOST,
    origin: `http://${HOST}`,
    'x-page-path': '/admin',
    cookie: `${cookie.name}=${cookie.value}`,
  })
  await setModel(systemCtx('test', database.db), { id: 'one', input: '1', output: '1', vendor: 'test' })
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

/** As text, whatever it is made of; functions and circles tell nothing. */
function textOf(value: unknown): string {
  const seen = new Set<unknown>()
  return JSON.stringify(value, (_name, part) => {
    if (typeof part === 'bigint') return part.toString()
    if (typeof part !== 'object' || part === null) return part
    if (seen.has(part)) return undefined
    seen.add(part)
    return part
  })
}

async function render(file: string, params: object = {}): Promise<string[]> {
  const page = (await import(path.resolve(import.meta.dirname, '..', file))).default
  const told: string[] = []
  await renderTree(page({ params: Promise.resolve(params), searchParams: Promise.resolve({}) }), (props) => {
    told.push(textOf(props))
  })
  return told
}

it('no key, proxy or header of a channel is in any reply, page, log line or line of the audit log', async () => {
  const actions = await import('./actions.ts')
  const replies: unknown[] = []
  const say = async <T>(reply: Promise<T>): Promise<T> => {
    const told = await reply.catch((error: unknown) => String(error))
    replies.push(told)
    return told as T
  }
  const way = { vendor: 'test', baseUrl: vendor.url, key: key('first'), ownNetwork: true }
  const proxy = `http://user:${PLANT}@127.0.0.1:1`

  vendor.setBehavior(sends(JSON.stringify({ data: [{ id: 'one' }] }), 'application/json'))
  await say(actions.findModels(way))
  await say(actions.findModels({ ...way, proxy }))
  await say(actions.findModels({ ...way, key: `two words ${PLANT}` }))
  vendor.setBehavior((request, response) => {
    response.writeHead(401).end(JSON.stringify({ error: { message: `bad key ${request.headers.authorization}` } }))
  })
  await say(actions.findModels(way))
  const models = [{ from: 'known' as const, vendorModel: 'one', modelId: 'one' }]
  const made = await say(actions.setUp({ ...way, name: 'mine', models }))
  const channelId = made.ok ? made.data.channelId : ''
  await say(actions.setUp({ ...way, name: 'mine', models }))
  await say(actions.setUp({ ...way, ownNetwork: false, models }))
  await say(actions.addToPool({ channelId, key: key('second') }))
  await say(actions.addToPool({ channelId, key: key('second') }))
  await say(actions.test({ channelId }))
  const [channel] = await listChannels(systemCtx('test', database.db))
  const form = {
    channelId,
    version: channel!.version,
    name: 'mine',
    vendor: 'test',
    baseUrl: vendor.url,
    ownNetwork: true,
    priority: '0',
    weight: '1',
    proxyChange: 'replace' as const,
    proxy,
    headersChange: 'replace' as const,
    headers: `x-secret: ${PLANT}`,
  }
  await say(actions.edit(form))
  await say(actions.edit({ ...form, version: 99 }))
  await say(actions.test({ channelId }))
  await say(actions.findMoreModels({ channelId }))
  const [first, second] = channel!.keys.map(({ id }) => id)
  await say(actions.setPoolKeyStatus({ channelId, keyId: first!, status: 'disabled' }))
  await say(actions.removeFromPool({ channelId, keyId: second! }))
  await say(actions.setStatus({ channelId, status: 'disabled' }))

  const pages = [
    ...(await render('channels/page.tsx')),
    ...(await render('channels/[id]/page.tsx', { id: channelId })),
    ...(await render('channels/new/page.tsx')),
    ...(await render('models/page.tsx')),
    ...(await render('models/[...id]/page.tsx', { id: ['one'] })),
  ]
  await say(actions.remove({ channelId, confirmName: 'mine' }))

  const { rows: audits } = await database.db.execute(sql`SELECT * FROM audit_entries ORDER BY id`)
  const { rows: stored } = await database.db.execute(sql`SELECT * FROM channels`)
  const told = { replies, pages, logged, audits, stored }
  expect(replies.length).toBe(18)
  expect(made.ok).toBe(true)
  expect(pages.join()).toContain('cdef')
  expect(audits.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['channel.add', 'channel_key.add', 'channel_key.refused', 'channel.test', 'channel.edit']),
  )
  expect(logged.join()).toContain('vendor_key_refused')
  for (const [place, text] of Object.entries(told)) expect(textOf(text), place).not.toContain(PLANT)
  // The plant is one: the vendor did get it.
  expect(vendor.requests[0]!.headers.authorization).toContain(PLANT)
})
