import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ACTIONS, PAGES, ROUTES, type Rule } from '#tests/support/access-rules.ts'

// The tables of who may enter where are in tests/support/access-rules.ts.
const HOST = 'localhost:3000'
process.env.STRIPE_SECRET_KEY = 'sk_test_ofnobody'
process.env.STRIPE_WEBHOOK_SECRET = 'whsec_0123456789abcdef'
const ID = '01900000-0000-7000-8000-000000000001'

// What Next knows of a request; nothing else of it is played.
const visit = vi.hoisted(() => ({ headers: new Headers() }))
vi.mock('next/headers', () => ({
  cookies: async () => ({ get: () => undefined, set: () => expect.unreachable('a cookie was set') }),
  headers: async () => visit.headers,
}))
beforeEach(() => {
  visit.headers = new Headers({ 'x-forwarded-host': HOST, origin: `http://${HOST}`, 'x-page-path': '/here' })
})

const filesOf = (pattern: string) => globSync(pattern, { cwd: import.meta.dirname })
// Next makes no address of a folder whose name begins so.
const addressesOf = (kind: 'route' | 'page') => filesOf(`**/${kind}.{ts,tsx}`).filter((file) => !/(^|\/)_/.test(file))
const load = (file: string): Promise<Record<string, unknown>> => import(path.join(import.meta.dirname, file))
const allOf = (table: Record<string, Record<string, Rule>>, rule: Rule) =>
  Object.entries(table).flatMap(([place, entrances]) =>
    Object.keys(entrances).flatMap((name) => (entrances[name] === rule ? [[name, place] as const] : [])),
  )

type Handler = (request: Request, context: { params: Promise<Record<string, unknown>> }) => Promise<Response>

async function call(method: string, place: string, headers: Record<string, string>) {
  const handler = (await load(`${place}/route.ts`))[method] as Handler
  const request = new Request(`http://${HOST}/${place}`, {
    method,
    headers: { 'x-forwarded-host': HOST, ...headers },
    body: method === 'GET' ? undefined : '{ this is not read',
  })
  const response = await handler(request, { params: Promise.resolve({ id: ID }) })
  return { status: response.status, cache: response.headers.get('cache-control'), text: await response.text() }
}

const refusal = (code: string) => ({ error: { code, params: {}, requestId: expect.any(String) } })

describe('every entrance has its rule', () => {
  it('routes, by method', async () => {
    const found: Record<string, string[]> = {}
    for (const file of addressesOf('route')) {
      const methods = Object.keys(await load(file)).filter((name) => /^[A-Z]+$/.test(name))
      found[path.dirname(file)] = methods.sort()
    }
    const listed = Object.entries(ROUTES).map(([place, rules]) => [place, Object.keys(rules).sort()])
    expect(found).toEqual(Object.fromEntries(listed))
  })

  it('actions, by name', async () => {
    const found: Record<string, string[]> = {}
    for (const file of filesOf('**/*.{ts,tsx}')) {
      const source = readFileSync(path.join(import.meta.dirname, file), 'utf8')
      // One written inside a component would be an entrance too, and no table would show it.
      if (/^['"]use server['"]/.test(source)) found[file] = Object.keys(await load(file)).sort()
      else expect(source, file).not.toMatch(/^\s+['"]use server['"]/m)
    }
    const listed = Object.entries(ACTIONS).map(([file, rules]) => [file, Object.keys(rules).sort()])
    expect(found).toEqual(Object.fromEntries(listed))
  })

  it('pages', () => {
    const found = addressesOf('page').map((file) => path.dirname(file))
    expect(found.sort()).toEqual(Object.keys(PAGES).sort())
  })
})

// No test here has a database: who is refused is refused before anything is looked up or read.
describe('a stranger', () => {
  it.each(allOf(ROUTES, 'person'))('is refused by %s %s, and learns nothing', async (method, place) => {
    for (const cookie of ['', 'ub-session=forged']) {
      const reply = await call(method, place, { origin: `http://${HOST}`, cookie })
      expect(reply).toMatchObject({ status: 401, cache: 'no-store' })
      expect(JSON.parse(reply.text)).toEqual(refusal('unauthenticated'))
    }
  })

  it.each(allOf(ACTIONS, 'person'))('is refused by the action %s of %s', async (name, file) => {
    const action = (await load(file))[name] as (input: unknown) => Promise<unknown>
    const input = {
      name: 'N',
      code: 'C',
      sessionId: ID,
      currentPassword: 'x',
      password: 'tram lamp seven',
      day: '',
      month: '',
      packageId: 'small',
      method: 'card',
      requestId: ID,
      orderId: ID,
    }
    expect(await action(input)).toEqual({ ok: false, ...refusal('unauthenticated') })
  })

  it.each(Object.keys(PAGES).filter((place) => PAGES[place] === 'person'))(
    'is sent to sign in by %s',
    async (place) => {
      const page = (await load(`${place}/page.tsx`)).default as (props: unknown) => Promise<unknown>
      await expect(page({ params: Promise.resolve({ id: ID }) })).rejects.toMatchObject({
        digest: expect.stringContaining('/sign-in?next=%2Fhere'),
      })
    },
  )
})

describe('a page of another site', () => {
  const writes = Object.keys(ROUTES).flatMap((place) =>
    Object.keys(ROUTES[place]!).flatMap((name) =>
      name !== 'GET' && !['nobody', 'signed'].includes(ROUTES[place]![name]!) ? [[name, place] as const] : [],
    ),
  )
  it.each(writes)('is refused by %s %s before anybody is asked for', async (method, place) => {
    for (const origin of ['https://evil.example', 'null', `http://sub.${HOST}`]) {
      const reply = await call(method, place, { origin })
      expect(reply.status).toBe(403)
      expect(JSON.parse(reply.text)).toEqual(refusal('forbidden'))
    }
    expect((await call(method, place, {})).status).toBe(403)
  })

  it.each([...allOf(ACTIONS, 'person'), ...allOf(ACTIONS, 'public'), ...allOf(ACTIONS, 'admin')])(
    'is refused by %s of %s',
    async (name, file) => {
      const action = (await load(file))[name] as (input: unknown) => Promise<unknown>
      for (const origin of ['https://evil.example', 'null', null]) {
        if (origin) visit.headers.set('origin', origin)
        else visit.headers.delete('origin')
        expect(await action({})).toEqual({ ok: false, ...refusal('forbidden') })
      }
    },
  )
})

describe('what nobody has signed', () => {
  it.each(allOf(ROUTES, 'signed'))(
    'is refused by %s %s, whoever sends it, and before anything is looked up',
    async (method, place) => {
      for (const sent of ['', 't=1,v1=00', `t=${Math.floor(Date.now() / 1_000)},v1=${'0'.repeat(64)}`]) {
        const reply = await call(method, place, { origin: `http://${HOST}`, 'stripe-signature': sent })
        expect(reply).toMatchObject({ status: 400, cache: 'no-store' })
        expect(JSON.parse(reply.text)).toEqual(refusal('webhook_refused'))
      }
    },
  )
})

it.each(allOf(ROUTES, 'nobody'))('%s %s is not there', async (method, place) => {
  const reply = await call(method, place, { origin: `http://${HOST}` })
  expect(reply).toMatchObject({ status: 404, cache: 'no-store' })
  expect(JSON.parse(reply.text)).toEqual(refusal('not_found'))
})
