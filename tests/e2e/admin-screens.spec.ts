import type { Browser, BrowserContext } from '@playwright/test'
import { createFirstAdmin } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { seedDatabase } from '#lib/models/index.ts'
import { ADMIN_VISITS, addressOf, findDemoFacts } from '#tests/support/admin-visits.ts'
import { cloneDatabase, type TestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { DEMO_ADMIN, fillWithDemo } from '#tests/support/demo-database.ts'
import { type Service, startService } from '#tests/support/service.ts'
import { expect, signIn, test } from './support/fixtures.ts'
import { ALL_SCREENS, browserOf, inspect, VIEWS } from './support/screens.ts'

type Cockpit = { service: Service; addresses: string[] }

/** The cockpit of a service that has run for a year, and of one that nobody has used. */
const cockpit = test.extend<object, { used: Cockpit; unused: Cockpit }>({
  used: [
    async ({ browserName: _ }, use) => {
      await withService(async (database) => {
        await fillWithDemo(database)
        const facts = await findDemoFacts(database.db)
        return PLACES.map((place) => addressOf(place, ADMIN_VISITS[place]!(facts)[0]!).path)
      }, use)
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  unused: [
    async ({ browserName: _ }, use) => {
      await withService(async ({ db }) => {
        const ctx = systemCtx('seed', db)
        await seedDatabase(ctx)
        await createFirstAdmin(ctx, DEMO_ADMIN)
        return PLACES.filter((place) => !place.includes('[')).map((place) => `/${place}`)
      }, use)
    },
    { scope: 'worker', timeout: 180_000 },
  ],
})

const PLACES = Object.keys(ADMIN_VISITS).filter((place) => place.startsWith('admin'))

async function withService(
  fill: (database: TestDatabase) => Promise<string[]>,
  use: (cockpit: Cockpit) => Promise<void>,
): Promise<void> {
  const database = await cloneDatabase(JSON.parse(process.env.UB_TEST_CLUSTER ?? '') as TestCluster)
  const addresses = await fill(database)
  const service = await startService(database)
  await use({ service, addresses })
  await service.stop()
  await database.close()
}

/** Of so many pages each run looks at the views that differ most. */
const COCKPIT_VIEWS = ALL_SCREENS
  ? VIEWS
  : [
      { width: 390, locale: 'zh-CN' },
      { width: 1280, locale: 'en' },
    ]

for (const { width, locale } of COCKPIT_VIEWS) {
  cockpit(
    `the cockpit of a year at ${width} px in ${locale}: every page fits, and everybody can use it`,
    async ({ browser, watch, used }) => {
      await visitAll(browser, watch, used, { state: 'used', width, locale })
    },
  )

  // A page that has nothing to show has little to break: the narrow window is enough for each run.
  if (width === 390 || ALL_SCREENS) {
    cockpit(
      `the cockpit of a new service at ${width} px in ${locale}: nothing is missing where nothing is`,
      async ({ browser, watch, unused }) => {
        await visitAll(browser, watch, unused, { state: 'unused', width, locale })
      },
    )
  }
}

async function visitAll(
  browser: Browser,
  watch: (context: BrowserContext) => void,
  { service, addresses }: Cockpit,
  { state, width, locale }: { state: string; width: number; locale: string },
): Promise<void> {
  cockpit.setTimeout(480_000)
  const context = await browser.newContext({
    baseURL: service.url,
    ...browserOf({ width, locale }),
    timezoneId: 'Asia/Shanghai',
  })
  watch(context)
  await signIn(context, service.url, { userId: '', ...DEMO_ADMIN })
  const page = await context.newPage()
  for (const address of addresses) {
    const response = await page.goto(address)
    expect(response?.status(), address).toBe(200)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await page.waitForLoadState('networkidle')
    await inspect(page, `${nameOf(address)}-${state}-${width}-${locale}`, true)
  }
  await context.close()
}

/** A name for a picture: ids say nothing. */
function nameOf(address: string): string {
  const [path = ''] = address.split('?')
  return path
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'one')
    .replaceAll('/', '-')
    .slice(1)
}
