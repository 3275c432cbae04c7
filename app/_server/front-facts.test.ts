import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Database } from '#db/client.ts'
import { systemCtx } from '#lib/ctx.ts'
import { addChannel, setModel } from '#lib/models/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { singleton } from '#lib/singleton.ts'
import { createCountedDatabase } from '#tests/support/counted-database.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { renderTree, visit } from '#tests/support/next-runtime.ts'

vi.mock('next/headers', async () => (await import('#tests/support/next-runtime.ts')).nextHeaders)
vi.mock('next-intl', async (original) =>
  (await import('#tests/support/next-runtime.ts')).nextIntl(await original<typeof import('next-intl')>()),
)
vi.mock('next-intl/server', async () =>
  (await import('#tests/support/next-runtime.ts')).nextIntlServer(
    await vi.importActual<typeof import('next-intl')>('next-intl'),
  ),
)

let database: TestDatabase
let counted: { db: Database; take(): string[] }

beforeAll(async () => {
  database = await createTestDatabase()
  counted = createCountedDatabase(database.url)
  singleton('database', () => counted.db)
  const ctx = systemCtx('test', database.db)
  await setModel(ctx, { id: 'one', displayName: 'One', input: '0.315', output: '2', vendor: 'test' })
  await addChannel(ctx, { name: 'c', vendor: 'test', baseUrl: 'https://vendor.example/v1', key: 'sk-1234' })
  await setSetting(ctx, {
    key: 'terms',
    value: '# Fair\n\n**words** <script>alert(1)</script> [x](javascript:alert(1))',
  })
})

afterAll(async () => {
  await counted.db.$client.end()
  await database.close()
})

async function show(place: string): Promise<string[]> {
  visit.headers = new Headers({ 'x-forwarded-host': 'localhost:3000', 'x-page-path': '/', 'x-page-shared': '1' })
  const { default: page } = (await import(`../(front)/${place}/page.tsx`)) as { default: () => Promise<never> }
  const { default: layout } = (await import('../(front)/layout.tsx')) as {
    default: (props: { children: unknown }) => never
  }
  const told: string[] = []
  await renderTree(layout({ children: await page() }), (props) => {
    for (const value of [props.children, props.dangerouslySetInnerHTML].flat())
      told.push(typeof value === 'string' ? value : ((value as { __html?: string } | null)?.__html ?? ''))
  })
  return told
}

it('however many strangers come, the database is asked for one of them, and in no transaction', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  expect(await show('welcome')).toContain('0.32')
  const first = counted.take()
  expect(first.length).toBeGreaterThan(0)
  expect(first.length).toBeLessThanOrEqual(10)
  expect(first.join()).not.toMatch(/\bFOR UPDATE\b|INSERT|UPDATE /i)
  for (let i = 0; i < 20; i++) await show(i % 2 ? 'welcome' : 'prices')
  expect(counted.take()).toEqual([])

  // A price that has changed is on the page two seconds later.
  await setModel(systemCtx('test', database.db), { id: 'one', input: '0.5', output: '2', vendor: 'test' })
  expect(await show('prices')).toContain('0.315')
  vi.advanceTimersByTime(2_001)
  expect(await show('prices')).toContain('0.5')
  expect(counted.take().length).toBe(first.length)
  vi.useRealTimers()
})

it('shows the operator’s words without what could run in them', async () => {
  const html = (await show('terms')).find((text) => text.includes('Fair')) ?? ''
  expect(html).toContain('<h1>Fair</h1>')
  expect(html).toContain('<strong>words</strong>')
  expect(html).not.toMatch(/<script|href/)
})

it('has no page for what the operator has not written', async () => {
  await expect(show('privacy')).rejects.toMatchObject({ digest: 'NEXT_HTTP_ERROR_FALLBACK;404' })
})
