import type { BrowserContext, Locator, Page } from '@playwright/test'
import { createFirstAdminLink } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { seedDatabase } from '#lib/models/index.ts'
import { seedPackages } from '#lib/payments/index.ts'
import { cloneDatabase, type TestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { answers, type FakeVendor, lists, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { type Service, startService } from '#tests/support/service.ts'
import { type StripeStandIn, startStripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, expectAccessible, test } from './support/fixtures.ts'

const STRIPE = { secretKey: 'sk_live_cockpit', webhookSecret: 'whsec_of_the_whole_cockpit', livemode: true }
const ADMIN_PASSWORD = 'a long way to the harbour'
const PASSWORD = 'correct horse battery'
const KEY = 'sk-local-never-shown-again-0123456789'

/** A service on which nobody has ever been. */
type Fresh = { service: Service; database: TestDatabase; vendor: FakeVendor; stripe: StripeStandIn; adminLink: string }

const story = test.extend<{ fresh: Fresh }>({
  fresh: [
    async ({ browserName: _ }, use) => {
      const database = await cloneDatabase(JSON.parse(process.env.UB_TEST_CLUSTER ?? '') as TestCluster)
      const seeding = systemCtx('seed', database.db)
      const { currency } = await seedDatabase(seeding)
      await seedPackages(seeding, { currency })
      const vendor = await startFakeVendor()
      const stripe = await startStripeStandIn({ ...STRIPE, deliver: 'auto' })
      const service = await startService(database, {
        STRIPE_SECRET_KEY: STRIPE.secretKey,
        STRIPE_WEBHOOK_SECRET: STRIPE.webhookSecret,
        STRIPE_API_BASE: stripe.url,
      })
      stripe.webhookUrl = `${service.url}/api/payments/stripe`
      const { token } = (await createFirstAdminLink(systemCtx('test', database.db)))!
      await use({ service, database, vendor, stripe, adminLink: `${service.url}/link/${token}` })
      await service.stop()
      await stripe.close()
      await vendor.close()
      await database.close()
    },
    { timeout: 120_000 },
  ],
  baseURL: ({ fresh }, use) => use(fresh.service.url),
})

/** Opens one of the operator's pages by its menu. */
async function openPage(page: Page, name: string): Promise<void> {
  const link = page.getByRole('navigation', { name: 'Admin pages' }).getByRole('link', { name, exact: true })
  await link.click()
  // The page before has a heading too.
  await expect(link).toHaveAttribute('aria-current', 'page')
}

/** Presses a button that asks, gives a reason, and confirms. */
async function act(page: Page, button: string | RegExp, confirm: string, reason?: string): Promise<void> {
  await page.getByRole('button', { name: button }).click()
  const dialog = page.getByRole('dialog')
  if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: confirm, exact: true }).click()
  await expect(dialog).toBeHidden()
}

async function register(context: BrowserContext, name: string, email: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto('/register')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible()
  return page
}

const figure = (page: Page, name: string): Locator =>
  page
    .locator('dl > div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator('dd')
    .first()

story(
  'from the first link to a running service, and somebody who is shut out of it',
  async ({ page, fresh: { adminLink, vendor, stripe, service, database }, browser, watch }) => {
    story.setTimeout(240_000)
    vendor.setBehavior(lists(['test-model'], answers({ text: ['one ', 'two ', 'three'] })))

    await test.step('the first admin comes in', async () => {
      await page.goto(adminLink)
      await page.getByLabel('E-mail').fill('operator@example.com')
      await page.getByLabel('Name').fill('Olga')
      await page.getByLabel('Password', { exact: true }).fill(ADMIN_PASSWORD)
      await page.getByRole('button', { name: 'Create and open' }).click()
      await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible()
      await page.goto('/admin')
      await expect(page.getByRole('heading', { name: 'First steps' })).toBeVisible()
      await expectAccessible(page)
    })

    await test.step('a key becomes a channel that answers', async () => {
      await page.getByRole('link', { name: 'Paste a key' }).click()
      await page.getByLabel('Key', { exact: true }).fill(KEY)
      await page.getByLabel('Vendor', { exact: true }).selectOption({ label: 'Another server (OpenAI-compatible)' })
      await page.getByLabel('Base URL').fill(vendor.url)
      await page.getByLabel('What you call this vendor').fill('local')
      // An address of the own network is only called when the operator says that it is theirs.
      await page.getByRole('button', { name: 'Find models' }).click()
      await expect(page.getByRole('alert')).toBeVisible()
      await page.getByRole('checkbox', { name: /In my own network/ }).check()
      await page.getByRole('button', { name: 'Find models' }).click()
      await page.getByRole('checkbox', { name: /test-model/ }).check()
      await page.getByLabel('Costs us, in').fill('50')
      await page.getByLabel('Costs us, out').fill('200')
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Save with 1 model' }).click()
      await expect(page.getByText(/test-model answered/)).toBeVisible()
      expect(vendor.requests.length).toBeGreaterThan(0)
      await page.getByRole('link', { name: 'Back to the first steps' }).click()
      await expect(page.getByText('One channel with a usable key.')).toBeVisible()
      await expect(page.getByText('A call to a vendor has succeeded.')).toBeVisible()
    })

    await test.step('who may come in, and how people pay', async () => {
      await openPage(page, 'Settings')
      const registration = page.locator('#registration')
      await registration.getByLabel('Credits for a new account').fill('2.5')
      await expect(registration.getByText(/spends your money/)).toBeVisible()
      await registration.getByRole('button', { name: 'Save' }).click()
      await expect(registration.getByText('Saved')).toBeVisible()
      const payments = page.locator('#payments')
      await payments.getByRole('radio', { name: 'Offered', exact: true }).check()
      await payments.getByLabel('How to transfer').fill('Bank of Examples, 12 34 56')
      await payments.getByRole('button', { name: 'Save' }).first().click()
      await expect(payments.getByText('Saved').first()).toBeVisible()
      await expectAccessible(page)
    })

    const visitor = await browser.newContext({ baseURL: service.url })
    watch(visitor)
    const mei = await register(visitor, 'Mei', 'mei@example.com')

    await test.step('a person pays by card and asks something', async () => {
      await mei.goto('/credits')
      await mei.getByRole('radio', { name: 'Card' }).check()
      await mei.getByRole('button', { name: /^Pay / }).click()
      await mei.waitForURL((url) => url.href.startsWith(stripe.url))
      await mei.getByRole('button', { name: 'Pay by card', exact: false }).first().click()
      await expect(mei.getByRole('main').getByRole('status').first()).toContainText('Paid.')
      await mei.goto('/')
      const chat = new ChatPage(mei)
      await chat.waitUntilAlive()
      await chat.ask('A word that no operator may read: heliotrope')
      await chat.answered()
    })

    await test.step('the overview has moved', async () => {
      await page.goto('/admin?range=today')
      await expect(figure(page, 'Calls')).toHaveText('1')
      await expect(figure(page, 'Active people')).toHaveText('1')
      await expect(figure(page, 'Money in')).not.toHaveText(/^\D*0(\.00)?$/)
      await expectAccessible(page)
    })

    await test.step('codes are made, and one is redeemed', async () => {
      await openPage(page, 'Codes')
      await page.getByRole('link', { name: 'New codes' }).click()
      await page.getByLabel('Name of the batch').fill('Autumn')
      await page.getByLabel('Credits each').fill('4')
      await page.getByLabel('How many codes').fill('3')
      await page.getByRole('button', { name: 'Make the codes' }).click()
      const codes = page.getByRole('main').getByRole('listitem')
      await expect(codes).toHaveCount(3)
      const code = (await codes.first().textContent())!
      await mei.goto('/credits')
      await mei.getByRole('textbox', { name: 'Code' }).fill(code)
      await mei.getByRole('button', { name: 'Redeem' }).click()
      await expect(mei.getByRole('status').filter({ hasText: 'Redeemed.' })).toBeVisible()
      await page.getByRole('link', { name: 'To the batch' }).click()
      await expect(page.getByRole('link', { name: /Mei|mei@example.com/ }).first()).toBeVisible()
      await expect(page.getByText(code)).toHaveCount(0)
    })

    await test.step('a transfer by hand is confirmed', async () => {
      await mei.goto('/credits')
      await mei.getByRole('radio', { name: 'Transfer' }).check()
      await mei.getByRole('button', { name: /^Order for/ }).click()
      await mei.waitForURL(/\/credits\/orders\//)
      await mei.getByRole('button', { name: 'I have paid' }).click()
      await expect(mei.getByText('You said that you have paid.')).toBeVisible()
      await page.goto('/admin')
      await page.getByRole('row').filter({ hasText: 'for you to confirm' }).getByRole('link').first().click()
      // The overview has tables with links too.
      await expect(page.getByRole('heading', { level: 1, name: 'Orders' })).toBeVisible()
      await page.getByRole('table').getByRole('link').first().click()
      await expect(page.getByText('The payer says that the money is on its way.')).toBeVisible()
      await act(page, 'Confirm', 'Confirm')
      await expect(page.getByText('The payer says')).toHaveCount(0)
      await mei.reload()
      await expect(mei.getByRole('main').getByRole('status').first()).toContainText('Paid.')
    })

    await test.step('the person is disabled, and their next request is refused', async () => {
      await openPage(page, 'People')
      await page.getByRole('searchbox', { name: 'Search' }).fill('mei@')
      await expect(page).toHaveURL(/q=mei/)
      await expect(page.getByRole('table').getByRole('row')).toHaveCount(2)
      await page.getByRole('link', { name: 'Mei' }).click()
      await expect(page.getByRole('heading', { level: 1 })).toContainText('Mei')
      await expectAccessible(page)
      await act(page, 'Disable', 'Disable', 'Sells answers to strangers')
      expect((await mei.request.get('/api/status')).status()).toBe(401)
      await mei.goto('/credits')
      await expect(mei).toHaveURL(/\/sign-in/)
    })

    await test.step('all of it is in the log, and no word of the conversation is anywhere', async () => {
      await openPage(page, 'Audit log')
      for (const action of ['Disabled a person', 'Confirmed a payment', 'Made redemption codes', 'Added a channel']) {
        await expect(page.getByRole('row').filter({ hasText: action }).first()).toBeVisible()
      }
      await expect(page.getByText('Sells answers to strangers').first()).toBeVisible()
      await expectAccessible(page)
      for (const path of [
        '/admin',
        '/admin/calls',
        '/admin/people',
        '/admin/audit',
        '/admin/channels',
        '/admin/orders',
      ]) {
        const html = await (await page.request.get(path)).text()
        expect(html, path).not.toContain('heliotrope')
        expect(html, path).not.toContain(KEY)
      }
      const { rows } = await database.db.execute<{ count: bigint }>(
        "SELECT count(*) FROM audit_entries WHERE action = 'user.disable'",
      )
      expect(Number(rows[0]!.count)).toBe(1)
    })
    await visitor.close()
  },
)
