import type { Browser, BrowserContext } from '@playwright/test'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet } from '#lib/ledger/index.ts'
import type { PaymentFacts } from '#lib/payments/facts.ts'
import { fulfilOrder } from '#lib/payments/fulfil.ts'
import { rejectOrder, reportTransfer } from '#lib/payments/index.ts'
import { createOrder, type OrderRow } from '#tests/support/orders.ts'
import { insertPastCalls } from '#tests/support/past-calls.ts'
import { expect, type Installation, signIn, test } from './support/fixtures.ts'
import { closeShop, sellCredits, takeTransfers } from './support/orders.ts'
import { browserOf, inspect, VIEWS } from './support/screens.ts'

const LONG_NAME = 'Maximiliane Wolfeschlegelsteinhausenbergerdorff-Przybyszewska 欧阳'
const TRANSFER_TEXT =
  '微信转账给 店主，或转到下面的银行账户。\nBank of Somewhere Very Far Away\nDE00 1234 5678 9012 3456 78'
const LONG_NOTE =
  'Paid from my mother’s account, 户名：梅, with a reference-that-nobody-would-break-by-hand-0123456789-0123456789'

type Orders = Record<
  'back' | 'unready' | 'pending' | 'paid' | 'refunded' | 'transfer' | 'reported' | 'rejected',
  string
>
type Buyer = { cookies: Awaited<ReturnType<BrowserContext['cookies']>>; orders: Orders }

// The pictures tell enough, and a trace copies the page at every step.
test.use({ trace: 'off' })

let buyer: Buyer | undefined
let newcomer: Buyer['cookies'] | undefined

test.afterAll(({ installation }) => closeShop(installation.database))

for (const { width, locale } of VIEWS) {
  test(`buying at ${width} px in ${locale}: what is for sale, and each state of an order`, async ({
    browser,
    installation,
    watch,
  }) => {
    test.setTimeout(240_000)
    await sellCredits(installation.database)
    await takeTransfers(installation.database, TRANSFER_TEXT)
    buyer ??= await prepareBuyer(browser, installation)
    newcomer ??= await cookiesOf(browser, installation, await installation.createPerson({ credits: 0 }))
    const context = await browser.newContext({
      baseURL: installation.service.url,
      ...browserOf({ width, locale }),
    })
    watch(context)
    const page = await context.newPage()
    const shoot = (name: string, fullPage = true) => inspect(page, `orders-${name}-${width}-${locale}`, fullPage)
    await context.addCookies(buyer.cookies)
    await page.goto('/credits')
    await page.getByRole('radio').nth(1).check()
    await page.locator('#buy').scrollIntoViewIfNeeded()
    await shoot('buy', false)
    await page.goto('/credits/orders')
    await shoot('list')
    for (const [state, id] of Object.entries(buyer.orders)) {
      await page.goto(`/credits/orders/${id}${state === 'back' ? '?back=1' : ''}`)
      await expect(page.getByRole('main').getByRole('status').first()).not.toBeEmpty()
      await page.waitForLoadState('networkidle')
      await shoot(state)
    }
    await context.clearCookies()
    await context.addCookies(newcomer)
    await page.goto('/credits')
    await shoot('newcomer')
    await page.goto('/credits/orders')
    await shoot('none')
    await context.close()
  })
}

test('at 200 % zoom an order needs no scrolling sideways, and on paper it is a receipt', async ({
  browser,
  installation,
  watch,
}) => {
  await takeTransfers(installation.database, TRANSFER_TEXT)
  buyer ??= await prepareBuyer(browser, installation)
  const context = await browser.newContext({
    baseURL: installation.service.url,
    viewport: { width: 640, height: 400 },
    colorScheme: 'dark',
  })
  watch(context)
  await context.addCookies(buyer.cookies)
  const page = await context.newPage()
  for (const id of [buyer.orders.refunded, buyer.orders.transfer]) {
    await page.goto(`/credits/orders/${id}`)
    await inspect(page, `orders-zoom-${id === buyer.orders.transfer ? 'transfer' : 'refunded'}`)
  }
  await page.goto(`/credits/orders/${buyer.orders.paid}`)
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByRole('link')).toHaveCount(0)
  await expect(page.getByRole('button')).toHaveCount(0)
  await inspect(page, 'orders-print')
  await context.close()
})

/** Somebody with spending, and with an order in each state that a page tells apart. */
async function prepareBuyer(browser: Browser, installation: Installation): Promise<Buyer> {
  const { database } = installation
  const system = systemCtx('test', database.db)
  const person = await installation.createPerson({ name: LONG_NAME })
  const wallet = await findWallet(system, { ownerType: 'user', ownerId: person.userId })
  const { userId } = person
  const walletId = wallet!.id
  const ctx: UserCtx = { db: database.db, actor: { type: 'user', userId, role: 'user', sessionId: newId() } }
  const from = new Date(Date.now() - 86_400_000)
  await insertPastCalls(database, { userId, walletId, modelIds: ['test-model'], count: 30, from, everyMs: 60_000 })
  const place = async (fields: Partial<OrderRow>) =>
    (await createOrder({ ...ctx, userId, walletId }, { packageId: 'large', ...fields })).id
  const say = (orderId: string, facts: Partial<PaymentFacts>) =>
    fulfilOrder(system, { orderId, facts: { state: 'open', paid: null, refunds: [], disputes: [], ...facts } })
  const paid = { state: 'paid', paid: { amountMinor: 8_000n, currency: 'USD' } } as const
  const large = { priceMinor: 8_000n, creditsMicros: 100_000_000n, bonusMicros: 10_000_000n }
  const byHand = { provider: 'manual', method: null } as const

  const orders: Orders = {
    back: await place({ paymentUrl: 'https://pay.example/1' }),
    unready: await place({ method: 'alipay' }),
    pending: await place({ method: 'wechat_pay' }),
    paid: await place(large),
    refunded: await place(large),
    transfer: await place({ ...byHand, priceMinor: 1_250n }),
    reported: await place(byHand),
    rejected: await place(byHand),
  }
  await say(orders.pending, { state: 'pending' })
  await say(orders.paid, paid)
  await say(orders.refunded, paid)
  await say(orders.refunded, { refunds: [{ id: `re_${newId()}`, amountMinor: 2_000n, state: 'succeeded' }] })
  await say(orders.refunded, { refunds: [{ id: `re_${newId()}`, amountMinor: 1_050n, state: 'pending' }] })
  await reportTransfer(ctx, { orderId: orders.reported, note: LONG_NOTE })
  await rejectOrder(system, { orderId: orders.rejected, reason: `Nothing came in. ${LONG_NOTE}` })
  return { cookies: await cookiesOf(browser, installation, person), orders }
}

async function cookiesOf(
  browser: Browser,
  { service }: Installation,
  person: Parameters<typeof signIn>[2],
): Promise<Buyer['cookies']> {
  const context = await browser.newContext({ baseURL: service.url })
  await signIn(context, service.url, person)
  const cookies = await context.cookies()
  await context.close()
  return cookies
}
