import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'

/**
 * Who may call: `public` anybody, `person` somebody signed in, `admin` an operator, `signed` a service that signs what it says and is no
 * browser, `nobody` is refused whoever asks.
 */
type Rule = 'public' | 'person' | 'admin' | 'signed' | 'nobody'

// Each entrance of the service and who may use it. A new one fails here until somebody has decided.
const ROUTES: Record<string, Record<string, Rule>> = {
  'api/[...path]': { DELETE: 'nobody', GET: 'nobody', PATCH: 'nobody', POST: 'nobody', PUT: 'nobody' },
  'api/admin/people/[id]/statement': { GET: 'admin' },
  'api/admin/people/csv': { GET: 'admin' },
  'api/admin/audit/csv': { GET: 'admin' },
  'api/admin/site-files/[name]': { DELETE: 'admin', PUT: 'admin' },
  'api/auth/[...nextauth]': { GET: 'public', POST: 'public' },
  'api/conversations': { GET: 'person' },
  'api/conversations/[id]': { DELETE: 'person', PATCH: 'person' },
  'api/conversations/[id]/branch': { POST: 'person' },
  'api/conversations/[id]/messages': { GET: 'person' },
  'api/conversations/[id]/restore': { POST: 'person' },
  'api/generations': { POST: 'person' },
  'api/generations/[id]/events': { GET: 'person' },
  'api/generations/[id]/stop': { POST: 'person' },
  'api/generations/retry': { POST: 'person' },
  'api/health': { GET: 'public' },
  'api/orders/[id]': { GET: 'person' },
  'api/payment-codes/[name]': { GET: 'person' },
  'api/payments/stripe': { POST: 'signed' },
  'api/quotes': { POST: 'person' },
  'api/receipts/[id]': { GET: 'person' },
  'api/site-files/[name]': { GET: 'public' },
  'api/statement/csv': { GET: 'person' },
  'api/statement/entries/[seq]': { GET: 'person' },
  'api/status': { GET: 'person' },
}

const ACTIONS: Record<string, Record<string, Rule>> = {
  '(account)/account/actions.ts': {
    saveName: 'person',
    savePassword: 'person',
    signOutOthers: 'person',
    signOutSession: 'person',
  },
  '(account)/credits/actions.ts': { buy: 'person', redeem: 'person', saveCaps: 'person' },
  '(account)/credits/orders/actions.ts': { cancel: 'person', report: 'person' },
  '(auth)/link/[token]/actions.ts': { openLink: 'public' },
  '(auth)/register/actions.ts': { register: 'public' },
  'admin/_first-steps/actions.ts': { dismissFirstSteps: 'admin' },
  'admin/prompts/actions.ts': { addPrompt: 'admin', deletePrompt: 'admin', editPrompt: 'admin', movePrompt: 'admin' },
  'admin/settings/actions.ts': { saveCurrency: 'admin', saveSettings: 'admin' },
  '_server/preferences.ts': { setLocale: 'public' },
  'admin/people/actions.ts': {
    addPerson: 'admin',
    approveChange: 'admin',
    changeCredits: 'admin',
    changeRole: 'admin',
    disablePerson: 'admin',
    enablePerson: 'admin',
    endPersonSession: 'admin',
    makeLink: 'admin',
    rejectChange: 'admin',
    removePerson: 'admin',
    signOutPerson: 'admin',
  },
}

const PAGES: Record<string, Rule> = {
  '(account)/account': 'person',
  '(account)/credits': 'person',
  '(account)/credits/[entry]': 'person',
  '(account)/credits/orders': 'person',
  '(account)/credits/orders/[id]': 'person',
  '(auth)/link/[token]': 'public',
  '(auth)/register': 'public',
  '(auth)/sign-in': 'public',
  '(chat)': 'person',
  '(chat)/c/[id]': 'person',
  admin: 'admin',
  'admin/audit': 'admin',
  'admin/prompts': 'admin',
  'admin/settings': 'admin',
  'admin/people': 'admin',
  'admin/people/[id]': 'admin',
  'admin/people/[id]/statement': 'admin',
  'admin/people/[id]/statement/[entry]': 'admin',
  'admin/people/adjustments': 'admin',
  'admin/people/new': 'admin',
}

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

  it.each([...allOf(ACTIONS, 'person'), ...allOf(ACTIONS, 'public')])('is refused by %s of %s', async (name, file) => {
    const action = (await load(file))[name] as (input: unknown) => Promise<unknown>
    for (const origin of ['https://evil.example', 'null', null]) {
      if (origin) visit.headers.set('origin', origin)
      else visit.headers.delete('origin')
      expect(await action({})).toEqual({ ok: false, ...refusal('forbidden') })
    }
  })
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
