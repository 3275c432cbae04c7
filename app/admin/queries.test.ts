import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeSessionCookie } from '#lib/auth/index.ts'
import { newId } from '#lib/id.ts'
import { singleton } from '#lib/singleton.ts'
import { ADMIN_VISITS, addressOf, type DemoFacts, findDemoFacts } from '#tests/support/admin-visits.ts'
import type { TestDatabase } from '#tests/support/database.ts'
import { createDemoDatabase } from '#tests/support/demo-database.ts'
import { renderTree, visit } from '#tests/support/next-runtime.ts'
import { findWholeReads } from '#tests/support/plans.ts'
import { logStatements, type Statement } from '#tests/support/statement-log.ts'

vi.mock('next/headers', async () => (await import('#tests/support/next-runtime.ts')).nextHeaders)
vi.mock('next-intl', async (original) =>
  (await import('#tests/support/next-runtime.ts')).nextIntl(await original<typeof import('next-intl')>()),
)
vi.mock('next-intl/server', async () =>
  (await import('#tests/support/next-runtime.ts')).nextIntlServer(
    await vi.importActual<typeof import('next-intl')>('next-intl'),
  ),
)

const APP = path.resolve(import.meta.dirname, '..')
const HOST = 'localhost:3000'

let demo: TestDatabase & { adminId: string }
let facts: DemoFacts
let planner: pg.Client
let log: ReturnType<typeof logStatements>

beforeAll(async () => {
  demo = await createDemoDatabase()
  // What pages take for the process's own.
  singleton('database', () => demo.db)
  facts = await findDemoFacts(demo.db)
  planner = new pg.Client({ connectionString: demo.ownerUrl })
  await planner.connect()
  // So that what is read whole is what no index serves, and not what is small here.
  await planner.query('SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off')
  const sessionId = newId()
  await planner.query(
    `INSERT INTO sessions (id, user_id, ip, user_agent, expires_at) VALUES ($1, $2, '', '', now() + interval '1 day')`,
    [sessionId, demo.adminId],
  )
  const cookie = await makeSessionCookie({ proto: 'http', host: HOST }, sessionId)
  visit.cookies.set(cookie.name, cookie.value)
  visit.headers = new Headers({
    'x-forwarded-host': HOST,
    'x-page-path': '/admin',
    cookie: `${cookie.name}=${cookie.value}`,
  })
  log = logStatements()
})

afterAll(async () => {
  log.stop()
  await planner.end()
  await demo.close()
})

it('each page and list of the cockpit is looked at', () => {
  const pages = globSync('admin/**/page.tsx', { cwd: APP }).map((file) => path.dirname(file))
  const lists = globSync('api/admin/**/route.ts', { cwd: APP }).flatMap((file) =>
    /export const GET\b/.test(readFileSync(path.join(APP, file), 'utf8')) ? [path.dirname(file)] : [],
  )
  expect(Object.keys(ADMIN_VISITS).sort()).toEqual([...pages, ...lists].sort())
})

describe('no large table is read whole by', () => {
  it.each(Object.keys(ADMIN_VISITS))('%s', async (place) => {
    const found: string[] = []
    let statements = 0
    for (const rest of ADMIN_VISITS[place]!(facts)) {
      let next: string | undefined = rest
      // The page that follows is asked for otherwise than the first.
      for (let page = 0; page < 2 && next !== undefined; page++) {
        const { asked, following } = await look(place, next)
        statements += asked.length
        for (const statement of asked) {
          for (const read of await findWholeReads(planner, statement)) {
            found.push(`${rest || 'as it is'}: ${read}\n${statement.text}`)
          }
        }
        next = following && `${rest.split('?')[0]}?${following.split('?')[1]}`
      }
    }
    expect([...new Set(found)]).toEqual([])
    expect(statements).toBeGreaterThan(0)
  })
})

async function look(place: string, rest: string): Promise<{ asked: Statement[]; following?: string }> {
  const { path: address, params, query } = addressOf(place, rest)
  let following: string | undefined
  log.take()
  if (place.startsWith('api/')) {
    const { GET } = await import(path.join(APP, place, 'route.ts'))
    const response: Response = await GET(new Request(`http://${HOST}${address}`, { headers: visit.headers }), {
      params: Promise.resolve(params),
    })
    expect(response.status, address).toBe(200)
    await response.text()
  } else {
    const page = (await import(path.join(APP, place, 'page.tsx'))).default
    try {
      await renderTree(page({ params: Promise.resolve(params), searchParams: Promise.resolve(query) }), ({ href }) => {
        if (typeof href === 'string' && /[?&]after=/.test(href)) following = href
      })
    } catch (error) {
      // A search that finds one thing leads there.
      if (!String((error as { digest?: string }).digest).startsWith('NEXT_REDIRECT')) throw error
    }
  }
  return { asked: log.take(), following }
}
