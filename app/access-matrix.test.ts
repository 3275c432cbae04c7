import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeSessionCookie } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { addSitePrompt } from '#lib/prompts/index.ts'
import { singleton } from '#lib/singleton.ts'
import {
  ACTION_INPUTS,
  ACTIONS_ON_ROWS,
  fieldsOf,
  type Named,
  PAGES_ON_ROWS,
  ROUTE_CALLS,
  type RouteCall,
} from '#tests/support/access-inputs.ts'
import { ACTIONS, PAGES, ROUTES, type Rule } from '#tests/support/access-rules.ts'
import { ADMIN_VISITS, addressOf, findDemoFacts } from '#tests/support/admin-visits.ts'
import type { TestDatabase } from '#tests/support/database.ts'
import { createDemoDatabase } from '#tests/support/demo-database.ts'
import { visit } from '#tests/support/next-runtime.ts'

vi.mock('next/headers', async () => (await import('#tests/support/next-runtime.ts')).nextHeaders)
vi.mock('next/cache', () => ({ revalidatePath: () => undefined, revalidateTag: () => undefined }))
vi.mock('next-intl', async (original) =>
  (await import('#tests/support/next-runtime.ts')).nextIntl(await original<typeof import('next-intl')>()),
)
vi.mock('next-intl/server', async () =>
  (await import('#tests/support/next-runtime.ts')).nextIntlServer(
    await vi.importActual<typeof import('next-intl')>('next-intl'),
  ),
)

const HOST = 'localhost:3000'
const ORIGIN = { proto: 'http', host: HOST } as const

/** The owner has the rows that are asked for; the other one is a person like them. */
const ACTORS = ['nobody', 'disabled', 'other', 'owner', 'admin'] as const
type Actor = (typeof ACTORS)[number]

let demo: TestDatabase & { adminId: string }
let owner: pg.Client
let theirs: Named
const cookies = new Map<Actor, { name: string; value: string }>()

beforeAll(async () => {
  demo = await createDemoDatabase()
  singleton('database', () => demo.db)
  owner = new pg.Client({ connectionString: demo.ownerUrl })
  await owner.connect()
  const facts = await findDemoFacts(demo.db)
  const { rows } = await owner.query(
    `SELECT (SELECT id FROM users WHERE role = 'user' AND status = 'active' AND id <> $1 ORDER BY id LIMIT 1) AS other,
       (SELECT id FROM users WHERE role = 'user' AND id <> $1 ORDER BY id DESC LIMIT 1) AS disabled`,
    [facts.personId],
  )
  await owner.query(`UPDATE users SET status = 'disabled' WHERE id = $1`, [rows[0].disabled])
  const people = { disabled: rows[0].disabled, other: rows[0].other, owner: facts.personId, admin: demo.adminId }
  let ownersSession = ''
  for (const [actor, userId] of Object.entries(people)) {
    const sessionId = newId()
    if (actor === 'owner') ownersSession = sessionId
    await owner.query(
      `INSERT INTO sessions (id, user_id, ip, user_agent, expires_at) VALUES ($1, $2, '', '', now() + interval '1 day')`,
      [sessionId, userId],
    )
    cookies.set(actor as Actor, await makeSessionCookie(ORIGIN, sessionId))
  }
  const found = await owner.query(
    `SELECT m.conversation_id AS "conversationId", m.parent_id AS "questionId", m.id AS "answerId", m.generation_id AS "generationId",
       (SELECT min(id::text) FROM adjustments WHERE state = 'waiting') AS "adjustmentId",
       (SELECT max(id::text) FROM adjustments WHERE state = 'waiting') AS "otherAdjustmentId",
       (SELECT name FROM channels WHERE id = $2) AS "channelName",
       (SELECT base_url FROM channels WHERE id = $2) AS "channelBaseUrl",
       (SELECT id FROM channel_keys WHERE channel_id = $2 LIMIT 1) AS "keyId",
       v.id AS "plannedPriceId", v.model_id AS "plannedModelId",
       (SELECT min(id::text) FROM orders WHERE state = 'pending' AND provider = 'manual') AS "orderToConfirmId",
       (SELECT max(id::text) FROM orders WHERE state = 'pending' AND provider = 'manual') AS "orderToRejectId",
       (SELECT id FROM orders o WHERE state = 'paid' AND provider = 'manual'
         AND NOT EXISTS (SELECT FROM refunds WHERE order_id = o.id) LIMIT 1) AS "orderToRefundId",
       (SELECT order_id FROM disputes WHERE state = 'open' AND forgiven_at IS NULL LIMIT 1) AS "disputedOrderId"
     FROM messages m, price_versions v
     WHERE m.user_id = $1 AND m.role = 'assistant' AND lower(v.valid_during) > now() ORDER BY m.id DESC LIMIT 1`,
    [facts.personId, facts.channelId],
  )
  const prompts = systemCtx('test', demo.db)
  const { id: otherPromptId } = await addSitePrompt(prompts, { title: 'First', text: 'X', visible: true })
  const { id: promptId } = await addSitePrompt(prompts, { title: 'Second', text: 'X', visible: true })
  theirs = {
    ...{ ...facts, ...found.rows[0], otherPromptId, promptId },
    ...{ sessionId: ownersSession, disabledId: people.disabled },
  }
})

afterAll(async () => {
  await owner.end()
  await demo.close()
})

function actAs(actor: Actor) {
  const cookie = cookies.get(actor)
  visit.cookies.clear()
  if (cookie) visit.cookies.set(cookie.name, cookie.value)
  visit.headers = new Headers({
    'x-forwarded-host': HOST,
    'x-page-path': '/here',
    origin: `http://${HOST}`,
    ...(cookie ? { cookie: `${cookie.name}=${cookie.value}` } : {}),
  })
}

/**
 * A sum of every table's rows. When somebody was last seen and how often they tried is noted of whoever comes, refused
 * or not.
 */
async function sumRows(): Promise<Record<string, string>> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'rate_limits' ORDER BY 1`,
  )
  const parts = tables.map(({ name }) => {
    const row = name === 'sessions' ? `(to_jsonb(t) - 'last_seen_at' - 'expires_at')::text` : 't::text'
    return `SELECT '${name}' AS name, count(*) || ':' || coalesce(sum(hashtext(${row})), 0) AS sum FROM ${name} t`
  })
  const { rows } = await owner.query<{ name: string; sum: string }>(parts.join(' UNION ALL '))
  return Object.fromEntries(rows.map(({ name, sum }) => [name, sum]))
}

let known: Record<string, string> | undefined
async function expectUntouched(work: () => Promise<void>) {
  known ??= await sumRows()
  await work()
  expect(await sumRows()).toEqual(known)
}

const load = (file: string): Promise<Record<string, unknown>> => import(path.join(import.meta.dirname, file))

type Handler = (request: Request, context: { params: Promise<Record<string, unknown>> }) => Promise<Response>

async function callRoute(actor: Actor, method: string, place: string, call: RouteCall) {
  actAs(actor)
  const handler = (await load(`${place}/route.ts`))[method] as Handler
  const request = new Request(`http://${HOST}/${place}${call.query ?? ''}`, {
    method,
    headers: visit.headers,
    body: method === 'GET' ? undefined : JSON.stringify(call.body ?? {}),
  })
  const response = await handler(request, { params: Promise.resolve(call.params ?? {}) })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, code: isJson ? (JSON.parse(text).error?.code as string) : undefined, text }
}

/** @param named the rows that it is about; null sends nothing that it takes */
async function callAction(actor: Actor, file: string, name: string, named: Named | null): Promise<string> {
  actAs(actor)
  const action = (await load(file))[name] as (
    input: unknown,
  ) => Promise<{ ok: boolean; error?: { code: string; params: unknown } }>
  try {
    const result = await action(named && { ...fieldsOf(named), ...ACTION_INPUTS[file]?.[name]?.input?.(named) })
    return result.ok
      ? 'done'
      : `${result.error!.code}${result.error!.code === 'invalid_input' ? JSON.stringify(result.error!.params) : ''}`
  } catch (error) {
    return whereTo(error)
  }
}

async function openPage(
  actor: Actor,
  place: string,
  params: Record<string, unknown>,
  query: Record<string, string> = {},
): Promise<string> {
  actAs(actor)
  const page = (await load(`${place}/page.tsx`)).default as (props: unknown) => unknown
  try {
    await page({ params: Promise.resolve(params), searchParams: Promise.resolve(query) })
    return 'shown'
  } catch (error) {
    return whereTo(error)
  }
}

/** What Next makes of an error that is none. */
function whereTo(error: unknown): string {
  const { digest } = error as { digest?: string }
  if (digest?.startsWith('NEXT_REDIRECT')) return digest.split(';')[2]!
  if (digest?.startsWith('NEXT_HTTP_ERROR_FALLBACK;404')) return 'not_found'
  throw error
}

const entrances = (table: Record<string, Record<string, Rule>>, rule: Rule) =>
  Object.entries(table).flatMap(([place, rules]) =>
    Object.keys(rules).flatMap((name) => (rules[name] === rule ? [[name, place] as const] : [])),
  )

/** Any row will do for a route that refuses before it reads what is asked. */
const adminCall = (place: string): RouteCall => ({
  params: Object.fromEntries(
    [...place.matchAll(/\[(\w+)\]/g)].map(([, name]) => [name, name === 'id' ? theirs.personId : 'logo']),
  ),
  other: 404,
})

const expected = (file: string, name: string) => ACTION_INPUTS[file]?.[name]?.admin

const SIGN_IN = '/sign-in?next=%2Fhere'
const isLet = (code: string) => !['unauthenticated', 'forbidden', 'account_disabled', 'internal'].includes(code)

describe('routes for admins', () => {
  it.each(entrances(ROUTES, 'admin'))('%s %s refuses everybody else, and nothing has changed', (method, place) =>
    expectUntouched(async () => {
      expect(await callRoute('nobody', method, place, adminCall(place))).toMatchObject({
        status: 401,
        code: 'unauthenticated',
      })
      expect(await callRoute('disabled', method, place, adminCall(place))).toMatchObject({
        status: 401,
        code: 'unauthenticated',
      })
      expect(await callRoute('other', method, place, adminCall(place))).toMatchObject({
        status: 403,
        code: 'forbidden',
      })
    }),
  )
})

describe('routes for people', () => {
  it('each is called with somebody’s row', () => {
    const called = Object.entries(ROUTE_CALLS).flatMap(([place, calls]) =>
      Object.keys(calls).map((name) => [name, place]),
    )
    expect(called.sort()).toEqual(
      entrances(ROUTES, 'person')
        .map((entry) => [...entry])
        .sort(),
    )
  })

  it.each(entrances(ROUTES, 'person'))('%s %s knows only what is one’s own, and nothing has changed', (method, place) =>
    expectUntouched(async () => {
      const call = ROUTE_CALLS[place]![method]!(theirs)
      expect(await callRoute('nobody', method, place, call)).toMatchObject({ status: 401, code: 'unauthenticated' })
      expect(await callRoute('disabled', method, place, call)).toMatchObject({ status: 401, code: 'unauthenticated' })
      for (const actor of ['other', 'admin'] as const) {
        const reply = await callRoute(actor, method, place, call)
        expect({ status: reply.status, code: reply.code }).toEqual({
          status: call.other,
          code: call.other === 404 ? 'not_found' : undefined,
        })
        for (const id of [theirs.conversationId, theirs.orderId, theirs.callId, theirs.email])
          expect(reply.text).not.toContain(id)
      }
    }),
  )
})

describe('actions for admins', () => {
  it.each(entrances(ACTIONS, 'admin'))('%s of %s refuses everybody else, and nothing has changed', (name, file) =>
    expectUntouched(async () => {
      expect(await callAction('nobody', file, name, theirs)).toBe('unauthenticated')
      expect(await callAction('disabled', file, name, theirs)).toBe('unauthenticated')
      for (const actor of ['other', 'owner'] as const) {
        expect(await callAction(actor, file, name, theirs)).toBe('forbidden')
        expect(await callAction(actor, file, name, null)).toBe('forbidden')
      }
    }),
  )
})

describe('actions for people', () => {
  it.each(entrances(ACTIONS, 'person'))(
    '%s of %s refuses who is not signed in, and nothing has changed',
    (name, file) =>
      expectUntouched(async () => {
        expect(await callAction('nobody', file, name, theirs)).toBe('unauthenticated')
        expect(await callAction('disabled', file, name, theirs)).toBe('unauthenticated')
      }),
  )

  it.each(entrances(ACTIONS, 'person').filter(([name]) => ACTIONS_ON_ROWS.has(name)))(
    '%s of %s knows only what is one’s own, and nothing has changed',
    (name, file) =>
      expectUntouched(async () => {
        expect(await callAction('other', file, name, theirs)).toBe('not_found')
        expect(await callAction('admin', file, name, theirs)).toBe('not_found')
      }),
  )
})

describe('pages', () => {
  it.each(Object.keys(PAGES).filter((place) => PAGES[place] === 'admin'))('%s is there for admins alone', (place) =>
    expectUntouched(async () => {
      for (const rest of ADMIN_VISITS[place]!(theirs)) {
        const { params, query } = addressOf(place, rest)
        expect(await openPage('nobody', place, params, query)).toBe(SIGN_IN)
        expect(await openPage('disabled', place, params, query)).toBe(SIGN_IN)
        expect(await openPage('other', place, params, query)).toBe('not_found')
        expect(await openPage('admin', place, params, query)).toMatch(/^shown$|^\/admin\//)
      }
    }),
  )

  it.each(Object.keys(PAGES).filter((place) => PAGES[place] === 'person'))(
    '%s is there for who is signed in',
    (place) =>
      expectUntouched(async () => {
        const params = PAGES_ON_ROWS[place]?.(theirs) ?? {}
        expect(await openPage('nobody', place, params)).toBe(SIGN_IN)
        expect(await openPage('disabled', place, params)).toBe(SIGN_IN)
        expect(await openPage('other', place, params)).toBe(PAGES_ON_ROWS[place] ? 'not_found' : 'shown')
      }),
  )

  it.each(Object.keys(PAGES).filter((place) => place.startsWith('(front)/')))('%s is there for everybody', (place) =>
    expectUntouched(async () => {
      const isWritten = !['(front)/terms', '(front)/privacy'].includes(place)
      for (const actor of ACTORS) expect(await openPage(actor, place, {})).toBe(isWritten ? 'shown' : 'not_found')
    }),
  )

  it.each(['(account)/credits/orders/[id]', '(chat)/c/[id]'])('%s shows the owner what is theirs', async (place) => {
    expect(await openPage('owner', place, PAGES_ON_ROWS[place]!(theirs))).toBe('shown')
  })
})

// Last, for here things change.
describe('who may', () => {
  it.each(entrances(ROUTES, 'admin'))('an admin is let to %s %s', async (method, place) => {
    const { status, code } = await callRoute('admin', method, place, adminCall(place))
    expect(status).toBeLessThan(500)
    expect(code ?? 'done').toSatisfy(isLet)
  })

  it('the owner is let to what is theirs', async () => {
    const call = ROUTE_CALLS['api/conversations/[id]']!.PATCH!(theirs)
    expect(await callRoute('owner', 'PATCH', 'api/conversations/[id]', call)).toMatchObject({ status: 200 })
    const { rows } = await owner.query('SELECT title FROM conversations WHERE id = $1', [theirs.conversationId])
    expect(rows).toEqual([{ title: 'mine now' }])
  })

  describe('an admin is let to', () => {
    let before: Record<string, string>
    beforeAll(async () => {
      before = await sumRows()
    })

    // A call that was refused above is one that would have been seen.
    it.each(entrances(ACTIONS, 'admin').filter(([name, file]) => expected(file, name) !== 'reaches outside'))(
      '%s of %s, and rows change',
      async (name, file) => {
        const otherwise = expected(file, name)
        const outcome = await callAction('admin', file, name, theirs)
        if (otherwise && otherwise !== 'changes nothing') expect(outcome).toBe(otherwise)
        else expect(outcome).toMatch(/^(done$|\/)/)
        const after = await sumRows()
        if (otherwise) expect(after).toEqual(before)
        else expect(after).not.toEqual(before)
        before = after
      },
    )
  })
})
