import { systemCtx } from '#lib/ctx.ts'
import { findWallet, HOUSE, postTransfer, setSpendCap } from '#lib/ledger/index.ts'
import { setModel } from '#lib/models/index.ts'
import { dictated } from '#tests/support/chat.ts'
import { answers } from '#tests/support/fake-vendor.ts'
import { insertPastCalls } from '#tests/support/past-calls.ts'
import { ChatPage } from './support/chat-page.ts'
import { findFaults } from './support/find-faults.ts'
import { expect, type Installation, type Person, signIn, test } from './support/fixtures.ts'
import { insertConversation } from './support/past-conversation.ts'
import { browserOf, inspect, VIEWS } from './support/screens.ts'

const LONG_NAME = 'Maximiliane Wolfeschlegelsteinhausenbergerdorff-Przybyszewska 欧阳'
const LONG_MODEL = 'A model whose makers could not settle on a shorter name (2026-11-22, preview, 长名字)'
const LONG_TITLE =
  'How a hold becomes a charge 冻结如何变成扣费, and why a balance_never_falls_below_zero_whatever_happens'
const QUESTION = '用中文和 English 解释一下 hold/capture，别太长。'
const ANSWER = [
  '余额先被**冻结**（*hold*），回答结束后按实际用量**扣费**（capture）。Mixed text 混排：`held = min(full, available)`，见 [the ledger](https://example.com/ledger)。\n\n',
  '## 一段代码\n\n```ts\n// 每个价格都是整数：micro-credits per million tokens, never floats, and this comment is long enough to scroll.\n',
  'export function cost(tokens: number, price: bigint): bigint {\n  return (BigInt(tokens) * price + 999_999n) / 1_000_000n\n}\n```\n\n',
  '## A table\n\n| Step 步骤 | What happens | Held | Charged | Released | Who decides |\n|---|---|--:|--:|--:|---|\n',
  '| hold | the most it can cost is set aside | 1.9000 | 0 | 0 | the price in force |\n| capture | 按用量扣除 | 0 | 0.8418 | 1.0582 | the vendor’s count |\n\n',
  '## 公式\n\n单价 $p_k$ 与用量 $t_k$：\n\n$$\n\\text{cost} = \\left\\lceil \\sum_{k=1}^{n} \\frac{t_k \\cdot p_k}{10^6} \\right\\rceil\n$$\n\n',
  '1. 第一步\n2. Second step\n   - nested 嵌套\n\n> 引用：*never* below zero.\n\n- [x] done\n- [ ] open\n\nhttps://example.com/a-very-long-address/that/nobody/would/break/by/hand?with=parameters&and=more-of-them\n',
]

type Prepared = {
  state: Awaited<ReturnType<import('@playwright/test').BrowserContext['storageState']>>
  long: string
  live: string
}
type Spender = { full: Prepared['state']['cookies']; empty: Prepared['state']['cookies'] }

// The pictures tell enough, and a trace copies the page at every step.
test.use({ trace: 'off' })

let prepared: Prepared | undefined
let spender: Spender | undefined
let finish: () => void = () => undefined

test.afterAll(() => finish())

for (const { width, locale } of VIEWS) {
  test(`at ${width} px in ${locale}: nothing overflows, nothing is cut off, and everybody can use it`, async ({
    browser,
    installation,
    watch,
  }) => {
    prepared ??= await prepare(browser, installation)
    const context = await browser.newContext({
      baseURL: installation.service.url,
      ...browserOf({ width, locale }),
    })
    watch(context)
    const page = await context.newPage()
    const chat = new ChatPage(page)
    const shoot = (name: string) => inspect(page, `${name}-${width}-${locale}`)

    await page.goto('/sign-in')
    await shoot('sign-in')
    await context.addCookies(prepared.state.cookies)
    await page.goto('/')
    await chat.waitUntilAlive()
    await shoot('empty')
    await page.goto(prepared.live)
    await expect(page.locator('article[aria-busy=true] .katex-display')).toBeVisible()
    await shoot('streaming')
    await page.goto(prepared.long)
    await chat.waitUntilAlive()
    await expect(chat.moneyLines.last()).toBeInViewport()
    await shoot('long-end')
    await chat.moneyLines.last().click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await shoot('receipt')
    await page.keyboard.press('Escape')
    await page
      .locator('article')
      .nth(-2)
      .evaluate((element) => element.scrollIntoView({ block: 'start' }))
    await expect(page.locator('main > header')).toBeInViewport({ ratio: 1 })
    await shoot('long')
    await context.close()
  })
}

for (const { width, locale } of VIEWS) {
  test(`the credits at ${width} px in ${locale}: with a long history and with none`, async ({
    browser,
    installation,
    watch,
  }) => {
    // Ten pictures of a long page, each examined.
    test.setTimeout(240_000)
    spender ??= await prepareSpender(browser, installation)
    const context = await browser.newContext({
      baseURL: installation.service.url,
      ...browserOf({ width, locale }),
      timezoneId: 'Asia/Shanghai',
    })
    watch(context)
    const page = await context.newPage()
    const shoot = (name: string) => inspect(page, `credits-${name}-${width}-${locale}`, true)
    await context.addCookies(spender.full)
    await page.goto('/credits')
    // The first visit is told where it is and comes again.
    await expect(page.getByText('Asia/Shanghai')).toBeVisible()
    await shoot('full')
    const line = page.locator('a[data-entry]').nth(4)
    await line.click()
    await expect(page.getByRole('dialog').locator('dl').first()).toBeVisible()
    await inspect(page, `credits-receipt-${width}-${locale}`)
    await page.keyboard.press('Escape')
    await page.goto('/credits?period=custom&from=2026-01-01&kind=spending&model=a-model-with-a-long-id')
    await shoot('filtered')
    await page.goto('/credits/1')
    await shoot('entry')
    await context.clearCookies()
    await context.addCookies(spender.empty)
    await page.goto('/credits')
    await shoot('empty')
    await context.close()
  })
}

test('at 200 % zoom nothing needs scrolling sideways', async ({ browser, installation, watch }) => {
  prepared ??= await prepare(browser, installation)
  // What a window of 1280 × 800 has left when everything is twice as large.
  const context = await browser.newContext({
    baseURL: installation.service.url,
    viewport: { width: 640, height: 400 },
    storageState: prepared.state,
  })
  watch(context)
  const page = await context.newPage()
  for (const address of ['/', prepared.long, prepared.live, '/account', '/credits', '/credits/1']) {
    await page.goto(address)
    await page.waitForLoadState()
    expect(await findFaults(page)).toEqual([])
  }
  await context.close()
})

/** One person with a long conversation that has receipts, and an answer that is being written all the while. */
async function prepare(browser: import('@playwright/test').Browser, installation: Installation): Promise<Prepared> {
  const { database, service, vendor } = installation
  const person = await installation.createPerson({ name: LONG_NAME })
  const context = await browser.newContext({ baseURL: service.url })
  await signIn(context, service.url, person)
  const answer = { text: ANSWER.join('') }
  const id = await insertConversation(database, person.userId, {
    title: LONG_TITLE,
    said: Array.from({ length: 2 }, () => [{ text: QUESTION }, { ...answer, reasoning: '先想一想。' }]).flat(),
  })
  for (const title of [
    'Trip to Kyoto',
    '周末的菜谱',
    'averyveryveryverylongtitlewithoutanyspacesatallthatcannotbewrapped',
  ]) {
    await insertConversation(database, person.userId, { title, said: [{ text: 'x' }, { text: 'y' }] })
  }
  const page = await context.newPage()
  const chat = new ChatPage(page)
  vendor.setBehavior(answers({ text: ANSWER }))
  await page.goto(`/c/${id}`)
  await chat.waitUntilAlive()
  await chat.ask(QUESTION)
  await chat.answered()

  const speech = dictated()
  // A vendor that says nothing for long is hung up on.
  const pulse = setInterval(() => speech.say(' '), 10_000)
  finish = () => {
    clearInterval(pulse)
    speech.finish()
  }
  vendor.setBehavior(speech.behavior)
  await page.goto('/')
  await chat.waitUntilAlive()
  await chat.ask(`${QUESTION} Then say it again, slowly, in both languages.`)
  speech.say(ANSWER.slice(0, -1).join(''))
  await expect(page).toHaveURL(/\/c\//)
  const prepared = { state: await context.storageState(), long: `/c/${id}`, live: new URL(page.url()).pathname }
  await context.close()
  return prepared
}

/** Somebody with months of spending on many models, credits that expire, and limits; and somebody with nothing. */
async function prepareSpender(
  browser: import('@playwright/test').Browser,
  installation: Installation,
): Promise<Spender> {
  const { database, service } = installation
  const ctx = systemCtx('test', database.db)
  const names = ['Claude Opus 5', 'GPT-5 mini', '通义千问 Plus', 'Gemini 3 Flash', 'DeepSeek V4', 'Kimi K3', LONG_MODEL]
  for (const [index, displayName] of names.entries()) {
    const id = displayName === LONG_MODEL ? 'a-model-with-a-long-id' : `model-${index}`
    const price = { input: '1', output: '4', costInput: '0.5', costOutput: '2' }
    await setModel(ctx, { id, displayName, ...price, vendor: 'test', contextTokens: 32_000, maxOutputTokens: 1_000 })
  }
  const ids = ['a-model-with-a-long-id', ...names.slice(1).map((_, index) => `model-${index}`)]
  const person = await installation.createPerson({ name: LONG_NAME, credits: 128 })
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: person.userId })
  const walletId = wallet!.id
  const give = (amountMicros: bigint, days: number, reason: string) =>
    postTransfer(ctx, {
      kind: 'promotion',
      debitAccountId: HOUSE.promotions,
      creditAccountId: walletId,
      amountMicros,
      idempotencyKey: `${person.userId}:${days}`,
      reason,
      lot: { source: 'promotional', expiresAt: new Date(Date.now() + days * 86_400_000) },
    })
  const calls = { userId: person.userId, walletId, modelIds: [...ids, ids[0]!, ids[0]!, ids[1]!] }
  const from = new Date(Date.now() - 40 * 86_400_000)
  await insertPastCalls(database, { ...calls, count: 3_000, from, everyMs: 40 * 28_800 })
  await give(
    5_000_000n,
    9,
    'Welcome back 欢迎回来, a reason that an operator wrote at some length to see where it goes',
  )
  await give(1_250_000n, 30, 'spring')
  for (const [period, limitMicros] of [
    ['day', 1_000_000n],
    ['month', 3_000_000n],
  ] as const) {
    await setSpendCap(ctx, { walletId, spenderId: person.userId, period, limitMicros, timeZone: 'Asia/Shanghai' })
  }
  const nobody = await installation.createPerson({ credits: 0 })
  const cookiesOf = async (one: Person) => {
    const context = await browser.newContext({ baseURL: service.url })
    await signIn(context, service.url, one)
    const { cookies } = await context.storageState()
    await context.close()
    return cookies
  }
  return { full: await cookiesOf(person), empty: await cookiesOf(nobody) }
}
