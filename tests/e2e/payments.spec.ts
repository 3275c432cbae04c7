import type { BrowserContext, Page } from '@playwright/test'
import { systemCtx } from '#lib/ctx.ts'
import { creditsToDecimal, formatCredits } from '#lib/money.ts'
import { setSetting } from '#lib/settings/index.ts'
import { answers } from '#tests/support/fake-vendor.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, expectAccessible, type Installation, type Person, signIn, test } from './support/fixtures.ts'
import { closeShop, sellCredits, takeTransfers } from './support/orders.ts'

const PHONE = { locale: 'zh-CN', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const ORDER_PAGE = /\/credits\/orders\/[0-9a-f-]{36}/

test.beforeEach(async ({ installation }) => {
  installation.vendor.setBehavior(answers({ text: ['one ', 'two ', 'three'] }))
  installation.stripe.reset()
  await closeShop(installation.database)
  await sellCredits(installation.database)
})
test.afterAll(({ installation }) => closeShop(installation.database))

const linesOf = (page: Page) => page.getByRole('row').filter({ has: page.locator('a[data-entry]') })
const sentence = (page: Page) => page.getByRole('main').getByRole('status').first()

/** A page that has just come again is without a title for a moment: Next streams it after the rest. */
async function expectOrderAccessible(page: Page): Promise<void> {
  await expect(page).toHaveTitle(/^(Order|订单) /)
  await expectAccessible(page)
}

type OrderRow = { id: string; reference: string; session_id: string; payment_intent_id: string }

async function ordersOf({ database }: Installation, person: Person): Promise<OrderRow[]> {
  const { rows } = await database.db.execute<OrderRow>(
    `SELECT id, reference, session_id, payment_intent_id FROM orders WHERE user_id = '${person.userId}' ORDER BY id`,
  )
  return rows
}

async function buy(page: Page, { pay = 'Pay $10', packageName = /^10 credits/, method = 'Card' } = {}) {
  await page.goto('/credits')
  await page.getByRole('radio', { name: packageName }).check()
  await page.getByRole('radio', { name: method }).check()
  await page.getByRole('button', { name: pay }).click()
}

test('somebody without credits pays by card, chats, and finds both in the statement', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson({ credits: 0, name: 'Mei' })
  await signIn(context, installation.service.url, person)
  await page.goto('/credits')
  await expect(page.getByText('There are no credits in your wallet yet.')).toBeVisible()
  await page.getByRole('link', { name: 'Buy credits' }).click()
  await expect(page.getByRole('heading', { name: 'Buy credits' })).toBeInViewport()
  // Nothing is known yet of what this person's messages cost.
  await expect(page.getByText('like yours')).toHaveCount(0)
  await expectAccessible(page)

  // With the keyboard alone: the second package, the first way to pay, and Enter.
  await page.getByRole('radio', { name: /^10 credits/ }).focus()
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: /^100 credits/ })).toBeChecked()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('radio', { name: 'Card' })).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Pay $80' })).toBeFocused()
  await page.keyboard.press('Enter')

  await page.waitForURL((url) => url.href.startsWith(installation.stripe.url))
  await expect(page.getByText('USD 80.00')).toBeVisible()
  await page.getByRole('button', { name: 'Pay by card', exact: false }).first().click()
  await page.waitForURL(ORDER_PAGE)
  await expect(sentence(page)).toHaveText('Paid. 100 credits are yours, plus a bonus of 10.')
  await expect(page.getByText(person.email)).toBeVisible()
  await expectOrderAccessible(page)
  expect(await installation.postedMicros(person)).toBe(110_000_000n)

  await page.getByRole('main').getByRole('link', { name: 'To the chat' }).click()
  const chat = new ChatPage(page)
  await chat.waitUntilAlive()
  await chat.ask('What did I buy?')
  await chat.answered()

  await page.goto('/credits')
  const posted = await installation.postedMicros(person)
  await expect(page.getByText(`${formatCredits(posted, 'en', 'down')}credits available`)).toBeVisible()
  await expect(linesOf(page)).toHaveCount(3)
  await expect(linesOf(page).nth(0)).toContainText('test-model')
  await expect(linesOf(page).nth(1)).toContainText('Bonus')
  await expect(linesOf(page).nth(2)).toContainText('Credits bought')
  // From now on a package is worth so many messages like theirs.
  await expect(page.getByText(/about [\d,]+ messages like yours/)).toHaveCount(2)

  await linesOf(page).nth(0).getByRole('link').click()
  await expect(page.getByRole('dialog', { name: 'Entry 3' })).toContainText(creditsToDecimal(110_000_000n - posted))
  await page.keyboard.press('Escape')
  await linesOf(page).nth(2).getByRole('link').click()
  const entry = page.getByRole('dialog', { name: 'Entry 1' })
  await expect(entry).toContainText('+100 credits')
  await expectAccessible(page)
  await entry.getByRole('link', { name: 'Open the order' }).click()
  await expect(sentence(page)).toContainText('Paid.')
  await page.getByRole('link', { name: 'All orders' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Your orders' })).toBeVisible()
  await expect(page.getByRole('link', { name: '100 + 10 credits' })).toBeVisible()
  await expectAccessible(page)
})

test('on a phone, in Chinese, WeChat Pay is on its way, and the page turns by itself when it arrives', async ({
  browser,
  installation,
  watch,
}) => {
  const context = await openPhone(browser, installation, watch)
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  const page = await context.newPage()
  await page.goto('/credits')
  await page.getByRole('radio', { name: /^10 积分/ }).tap()
  await page.getByRole('radio', { name: '微信支付' }).tap()
  await page.getByRole('button', { name: '支付 US$10' }).tap()
  await page.waitForURL((url) => url.href.startsWith(installation.stripe.url))
  await page.getByRole('button', { name: '微信支付：稍后到账' }).tap()
  await expect(page.getByText('付款已发出，正在处理中。')).toBeVisible()

  const [order] = await ordersOf(installation, person)
  await page.goto(`/credits/orders/${order!.id}`)
  await expect(sentence(page)).toContainText('付款正在处理')
  await expect(page.getByText('本页会自动更新。')).toBeVisible()
  await expectOrderAccessible(page)
  expect(await installation.postedMicros(person)).toBe(0n)

  installation.stripe.settle(order!.session_id, 'succeeded')
  await expect(sentence(page)).toHaveText('付款成功，10 积分已到账。', { timeout: 30_000 })
  expect(await installation.postedMicros(person)).toBe(10_000_000n)
  await expectOrderAccessible(page)
  await page.getByRole('link', { name: '查看账单' }).tap()
  await expect(linesOf(page)).toHaveCount(1)
  await expect(linesOf(page)).toContainText('充值')
  await context.close()
})

test('who comes back without paying can go on, cancel, and start again', async ({ page, context, installation }) => {
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  await buy(page)
  await page.waitForURL((url) => url.href.startsWith(installation.stripe.url))
  await page.getByRole('link', { name: 'Back, without paying' }).click()
  await page.waitForURL(/\?back=1$/)
  await expect(sentence(page)).toHaveText('You came back without paying. Nothing was charged.')
  await expectOrderAccessible(page)

  // The same page to pay at, and back.
  await page.getByRole('link', { name: 'Pay $10' }).click()
  await page.waitForURL((url) => url.href.startsWith(installation.stripe.url))
  await page.getByRole('link', { name: 'Back, without paying' }).click()
  await page.getByRole('button', { name: 'Cancel the order' }).click()
  await expect(sentence(page)).toHaveText('You canceled this order. Nothing was charged.')
  await expectOrderAccessible(page)
  const [order] = await ordersOf(installation, person)
  await page.goto(`${installation.stripe.url}/c/pay/${order!.session_id}`)
  await expect(page.getByRole('button')).toHaveCount(0)
  await page.goto(`/credits/orders/${order!.id}`)
  await page.getByRole('link', { name: 'Start a new order' }).click()
  await expect(page.getByRole('heading', { name: 'Buy credits' })).toBeInViewport()
  await page.getByRole('button', { name: 'Pay $10' }).click()
  await page.waitForURL((url) => url.href.startsWith(installation.stripe.url))
  expect(await ordersOf(installation, person)).toHaveLength(2)
  expect(await installation.postedMicros(person)).toBe(0n)
})

test('a refund in part is on the order and in the statement', async ({ page, context, installation }) => {
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  await buy(page)
  await page.getByRole('button', { name: 'Pay by card', exact: false }).first().click()
  await expect(sentence(page)).toHaveText('Paid. 10 credits are yours.')
  const [order] = await ordersOf(installation, person)

  installation.stripe.refund(order!.payment_intent_id, { amountMinor: 250 })
  await expect.poll(() => installation.postedMicros(person)).toBe(7_500_000n)
  await page.reload()
  await expect(sentence(page)).toHaveText('Paid, and $2.50 of it was refunded.')
  await expect(page.getByRole('heading', { name: 'Refunds' })).toBeVisible()
  await expect(page.getByText('sent; banks take a few days')).toBeVisible()
  await expectOrderAccessible(page)
  await page.getByRole('link', { name: 'Statement' }).click()
  const refund = linesOf(page).first()
  await expect(refund).toContainText('Refund')
  await expect(refund.getByRole('cell').nth(3)).toHaveText('−2.5')
  await refund.getByRole('link').click()
  const entry = page.getByRole('dialog', { name: 'Entry 2' })
  await expect(entry).toContainText('Your payment was refunded')
  await entry.getByRole('link', { name: 'Open the order' }).click()
  await expect(page).toHaveURL(new RegExp(`/credits/orders/${order!.id}$`))
})

test('while a payment is disputed nothing new can start, and every page says so', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson({ credits: 5 })
  await signIn(context, installation.service.url, person)
  await buy(page)
  await page.getByRole('button', { name: 'Pay by card', exact: false }).first().click()
  await expect(sentence(page)).toHaveText('Paid. 10 credits are yours.')
  const [order] = await ordersOf(installation, person)
  const dispute = installation.stripe.dispute(order!.payment_intent_id)
  await expect.poll(() => installation.postedMicros(person)).toBe(5_000_000n)

  await page.reload()
  await expect(sentence(page)).toContainText('This payment is disputed at your bank')
  await expectOrderAccessible(page)
  await page.goto('/credits')
  await expect(page.getByText('A payment of yours is disputed at the bank')).toBeVisible()
  await expect(linesOf(page).first()).toContainText('Disputed payment')
  const chat = new ChatPage(page)
  await chat.open()
  await chat.composer.fill('Hello?')
  await expect(page.getByText('A payment of yours is being disputed')).toBeVisible()
  await expect(page.getByRole('main').getByRole('link', { name: 'See your credits' })).toHaveAttribute(
    'href',
    '/credits',
  )
  await expectAccessible(page)

  installation.stripe.closeDispute(dispute.id, 'won')
  await expect.poll(() => installation.postedMicros(person)).toBe(15_000_000n)
  await page.goto('/credits')
  await expect(linesOf(page).first()).toContainText('Credits returned')
  await expect(page.getByText('A payment of yours is disputed at the bank')).toHaveCount(0)
})

test('a transfer is reported, confirmed by the operator, and the page that waits shows it', async ({
  browser,
  installation,
  watch,
}) => {
  await takeTransfers(installation.database, '微信转账给 店主\n请在转账时备注订单号')
  const context = await openPhone(browser, installation, watch)
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  const page = await context.newPage()
  await page.goto('/credits')
  await page.getByRole('radio', { name: '转账给管理员' }).tap()
  await page.getByRole('button', { name: '下单 US$10' }).tap()
  await page.waitForURL(ORDER_PAGE)
  await expect(sentence(page)).toHaveText('等待你转账 US$10。')
  await expect(page.getByText('微信转账给 店主')).toBeVisible()
  const picture = page.getByRole('img', { name: '微信扫码' })
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(232)
  const [order] = await ordersOf(installation, person)
  await expect(page.getByText(order!.reference, { exact: true }).first()).toBeVisible()
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: '复制备注' }).tap()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(order!.reference)
  await expectAccessible(page)

  await page.getByRole('textbox', { name: '给管理员的备注' }).fill('户名：梅')
  await page.getByRole('button', { name: '我已付款' }).tap()
  await expect(sentence(page)).toHaveText('你已告知付款，管理员确认后积分就会到账。')
  await expect(page.getByText('户名：梅')).toBeVisible()
  await expect(page.getByRole('button', { name: '取消订单' })).toHaveCount(0)
  await expectOrderAccessible(page)

  expect(await installation.admin('order', 'confirm', order!.reference)).toMatchObject({ code: 0 })
  await expect(sentence(page)).toHaveText('付款成功，10 积分已到账。', { timeout: 30_000 })
  expect(await installation.postedMicros(person)).toBe(10_000_000n)
  await context.close()

  // The picture is for people who are signed in.
  const stranger = await browser.newContext({ baseURL: installation.service.url })
  expect((await stranger.request.get('/api/payment-codes/manual_payment_wechat')).status()).toBe(401)
  await stranger.close()
})

test('pressed twice it is one order, and another wish is another one', async ({ page, context, installation }) => {
  await takeTransfers(installation.database, 'Bank of Somewhere, 12-34-56')
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  await page.goto('/credits')
  await page.getByRole('radio', { name: 'Transfer to the operator' }).check()
  const button = page.getByRole('button', { name: 'Order for $10' })
  await button.evaluate((element: HTMLButtonElement) => {
    element.click()
    element.click()
  })
  await page.waitForURL(ORDER_PAGE)
  expect(await ordersOf(installation, person)).toHaveLength(1)

  // Back to the form, it is a new one.
  await page.goBack()
  await page.getByRole('radio', { name: 'Transfer to the operator' }).check()
  await page.getByRole('button', { name: 'Order for $10' }).click()
  await page.waitForURL(ORDER_PAGE)
  await expect.poll(async () => (await ordersOf(installation, person)).length).toBe(2)
  await page.getByRole('button', { name: 'Cancel the order' }).click()
  await expect(sentence(page)).toHaveText('You canceled this order. Nothing was charged.')
  await page.goto('/credits/orders')
  await expect(page.getByText('waiting for your transfer')).toHaveCount(1)
  await expect(page.getByText('canceled')).toHaveCount(1)
})

test('an order of somebody else is not there', async ({ page, context, installation, browser, watch }) => {
  await takeTransfers(installation.database, 'Bank of Somewhere, 12-34-56')
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  await buy(page, { method: 'Transfer to the operator', pay: 'Order for $10' })
  await page.waitForURL(ORDER_PAGE)
  const [order] = await ordersOf(installation, person)

  const other = await installation.createPerson({ credits: 0 })
  const theirs = await browser.newContext({ baseURL: installation.service.url })
  watch(theirs)
  await signIn(theirs, installation.service.url, other)
  const theirPage = await theirs.newPage()
  expect((await theirPage.goto(`/credits/orders/${order!.id}`))!.status()).toBe(404)
  expect((await theirPage.goto('/credits/orders/nonsense'))!.status()).toBe(404)
  expect((await theirs.request.get(`/api/orders/${order!.id}`)).status()).toBe(404)
  await theirPage.goto('/credits/orders')
  await expect(theirPage.getByText('You have not ordered anything yet.')).toBeVisible()
  await expectAccessible(theirPage)
  await theirs.close()
})

test('a provider that does not answer is told as it is, and the same press again goes on', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  installation.stripe.failNext({ with: 500, times: 10, match: (method) => method === 'POST' })
  await buy(page)
  const alert = page.getByRole('alert').filter({ hasText: 'The payment provider cannot be reached.' })
  await expect(alert).toBeVisible({ timeout: 30_000 })
  await expectAccessible(page)
  installation.stripe.reset()
  await page.getByRole('button', { name: 'Pay $10' }).click()
  await page.waitForURL((url) => url.href.startsWith(installation.stripe.url))
  const [order, ...more] = await ordersOf(installation, person)
  expect(more).toEqual([])

  installation.stripe.failNext({ with: 500, times: 10, match: (method) => method === 'GET' })
  await page.goto(`/credits/orders/${order!.id}`)
  await expect(page.getByText('The payment provider cannot be reached just now')).toBeVisible()
  await expectAccessible(page)
})

test('where nothing is for sale the operator has the word', async ({ page, context, installation }) => {
  await closeShop(installation.database)
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  await page.goto('/credits')
  await expect(page.getByText('Credits cannot be bought here at the moment.')).toBeVisible()
  await expect(page.getByRole('radio')).toHaveCount(0)
  await setSetting(systemCtx('test', installation.database.db), { key: 'payment_text', value: 'Ask Ada.\nRoom 7.' })
  await page.reload()
  await expect(page.getByText('Ask Ada. Room 7.')).toBeVisible()
  await expectAccessible(page)
})

async function openPhone(
  browser: import('@playwright/test').Browser,
  { service }: Installation,
  watch: (context: BrowserContext) => void,
): Promise<BrowserContext> {
  const context = await browser.newContext({ ...PHONE, baseURL: service.url })
  watch(context)
  return context
}
