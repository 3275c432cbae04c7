import type { BrowserContext } from '@playwright/test'
import { ADMIN_VISITS, addressOf, findDemoFacts } from '#tests/support/admin-visits.ts'
import { cloneDatabase, type TestCluster } from '#tests/support/cluster.ts'
import { DEMO_ADMIN, fillWithDemo } from '#tests/support/demo-database.ts'
import { type Service, startService } from '#tests/support/service.ts'
import { expect, signIn, test } from './support/fixtures.ts'
import { inspect } from './support/screens.ts'

type Demo = { service: Service; addresses: string[] }

/** The cockpit of a service that has run for a year. */
const cockpit = test.extend<object, { demo: Demo }>({
  demo: [
    async ({ browserName: _ }, use) => {
      const database = await cloneDatabase(JSON.parse(process.env.UB_TEST_CLUSTER ?? '') as TestCluster)
      await fillWithDemo(database)
      const facts = await findDemoFacts(database.db)
      const pages = Object.keys(ADMIN_VISITS).filter((place) => place.startsWith('admin'))
      const addresses = pages.map((place) => addressOf(place, ADMIN_VISITS[place]!(facts)[0]!).path)
      const service = await startService(database)
      await use({ service, addresses })
      await service.stop()
      await database.close()
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  baseURL: async ({ demo }, use) => use(demo.service.url),
})

/** All pairs are looked at before a release; each run looks at the two that differ most. */
const PAIRS = [
  { width: 390, locale: 'zh-CN' },
  { width: 1280, locale: 'en' },
  ...(process.env.UB_ALL_SCREENS
    ? [
        { width: 390, locale: 'en' },
        { width: 1280, locale: 'zh-CN' },
        { width: 768, locale: 'en' },
        { width: 768, locale: 'zh-CN' },
      ]
    : []),
]

for (const { width, locale } of PAIRS) {
  cockpit(
    `the cockpit at ${width} px in ${locale}: every page fits, and everybody can use it`,
    async ({ browser, demo, watch }) => {
      cockpit.setTimeout(480_000)
      const context = await browser.newContext({
        baseURL: demo.service.url,
        viewport: { width, height: width === 390 ? 844 : 900 },
        reducedMotion: 'reduce',
        locale,
        timezoneId: 'Asia/Shanghai',
        ...(width === 390 ? { hasTouch: true, isMobile: true } : {}),
      })
      watch(context)
      await signInAsAdmin(context, demo.service.url)
      const page = await context.newPage()
      for (const address of demo.addresses) {
        const response = await page.goto(address)
        expect(response?.status(), address).toBe(200)
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await page.waitForLoadState('networkidle')
        await inspect(page, `${nameOf(address)}-${width}-${locale}`, true)
      }
      await context.close()
    },
  )
}

const signInAsAdmin = (context: BrowserContext, url: string) => signIn(context, url, { userId: '', ...DEMO_ADMIN })

/** A name for a picture: ids say nothing. */
function nameOf(address: string): string {
  const [path = ''] = address.split('?')
  return path
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'one')
    .replaceAll('/', '-')
    .slice(1)
}
