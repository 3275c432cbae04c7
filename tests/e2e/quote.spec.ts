import type { Page } from '@playwright/test'
import { systemCtx } from '#lib/ctx.ts'
import type { Quote } from '#lib/inference/shared.ts'
import { findWallet, setSpendCap } from '#lib/ledger/index.ts'
import { decodeMicros, formatCredits } from '#lib/money.ts'
import { answers } from '#tests/support/fake-vendor.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, expectAccessible, type Installation, type Person, signIn, test } from './support/fixtures.ts'
import { insertConversation } from './support/past-conversation.ts'
import { browserOf, inspect, VIEWS } from './support/screens.ts'

test.beforeEach(({ installation }) => installation.vendor.setBehavior('answer'))

/** Notes what the page asks for and what the server answers. */
function listenForQuotes(page: Page): { asked: () => number; latest: () => Promise<Quote> } {
  const replies: Promise<Quote>[] = []
  let asked = 0
  page.on('request', (request) => {
    if (request.url().endsWith('/api/quotes')) asked++
  })
  page.on('response', (response) => {
    if (response.url().endsWith('/api/quotes') && response.ok()) replies.push(response.json() as Promise<Quote>)
  })
  return { asked: () => asked, latest: () => replies.at(-1) ?? Promise.reject(new Error('nothing was quoted')) }
}

const figure = (page: Page) => page.getByRole('button', { name: 'the most this message can cost' })

async function latestHold({ database }: Installation, person: Person): Promise<string> {
  const { rows } = await database.db.execute<{ amount_micros: bigint }>(`
    SELECT h.amount_micros FROM holds h JOIN generations g ON g.hold_id = h.id
    WHERE g.user_id = '${person.userId}' ORDER BY h.id DESC LIMIT 1`)
  return String(rows[0]!.amount_micros)
}

async function capDay({ database }: Installation, person: Person, limitMicros: bigint): Promise<void> {
  const ctx = systemCtx('test', database.db)
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: person.userId })
  await setSpendCap(ctx, {
    walletId: wallet!.id,
    spenderId: person.userId,
    period: 'day',
    limitMicros,
    timeZone: 'UTC',
  })
}

test('what a message costs at most stands beside it while it is typed, and is then held', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const quotes = listenForQuotes(page)
  const chat = new ChatPage(page)
  await chat.open()
  await expect(figure(page)).toHaveCount(0)
  await chat.composer.pressSequentially('What does this cost?', { delay: 15 })
  await expect(figure(page)).toBeVisible()
  // One pause, one question; nothing was asked while the box was empty.
  expect(quotes.asked()).toBe(1)
  const first = await quotes.latest()
  await expect(figure(page)).toContainText(`≤ ${formatCredits(decodeMicros(first.atMostMicros!), 'en', 'up')} credits`)
  await chat.composer.press('Enter')
  await expect(figure(page)).toHaveCount(0)
  await chat.answered()
  expect(await latestHold(installation, person)).toBe(first.atMostMicros)

  // By keyboard: from the box past the model to the figure, and open it.
  await chat.composer.fill('And how much of it is what was said before?')
  await expect(figure(page)).toBeVisible()
  await chat.composer.press('Tab')
  await page.keyboard.press('Tab')
  await expect(figure(page)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(figure(page)).toHaveAttribute('aria-expanded', 'true')
  await expect(page.getByText('Of that, earlier messages')).toBeVisible()
  const second = await quotes.latest()
  expect(second.historyTokens).toBeGreaterThan(0)
  await expect(page.getByText(formatCredits(decodeMicros(second.historyMicros), 'en'), { exact: true })).toBeVisible()
  await expectAccessible(page)
  await chat.composer.press('Enter')
  await chat.answered(2)
  expect(await latestHold(installation, person)).toBe(second.atMostMicros)
  await expect(page.getByRole('link', { name: 'more messages' })).toHaveAttribute('href', '/credits')
})

test('typing and sending never wait for a figure', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  let asked: () => void = () => undefined
  const wasAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  await page.route('**/api/quotes', () => asked())
  await chat.composer.fill('Nobody answers what this costs')
  await wasAsked
  await chat.composer.press('Enter')
  await chat.answered()
  await expect(figure(page)).toHaveCount(0)
})

test('a low balance is a sentence with a way to the credits', async ({ page, context, installation }) => {
  const person = await installation.createPerson({ credits: 0.7 })
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  await chat.composer.fill('Am I running out?')
  await expect(page.getByText('About 3 more messages like this. The answer may end early')).toBeVisible()
  await expect(page.getByRole('main').getByRole('link', { name: 'See your credits' })).toHaveAttribute(
    'href',
    '/credits#buy',
  )
  await figure(page).click()
  await expect(page.getByText('Your balance or limit leaves no more')).toBeVisible()
  await expectAccessible(page)
  await chat.composer.press('Enter')
  await chat.answered()
  expect(await latestHold(installation, person)).toBe('700000')
})

test('an answer that took all it was allowed says so', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  installation.vendor.setBehavior((request, response) => {
    const allowed = request.body.max_tokens
    const answer = answers({
      text: ['and so'],
      finish: 'length',
      usage: { prompt_tokens: 10, completion_tokens: allowed },
    })
    return answer(request, response)
  })
  const chat = new ChatPage(page)
  await chat.open()
  await chat.ask('Tell me everything')
  await chat.answered()
  await expect(chat.answers).toContainText(/as long as it was allowed to become \([\d,]+ tokens\)/)
  installation.vendor.setBehavior('answer')
  await chat.ask('And in short?')
  await chat.answered(2)
  await expect(chat.answers.last()).not.toContainText('as long as it was allowed')
})

test('the share of the old context stands beside the price', async ({ page, context, installation }) => {
  const person = await installation.createPerson({ credits: 0.9 })
  await signIn(context, installation.service.url, person)
  const words = 'word '.repeat(3_000)
  const said = [{ text: words, tokens: 3_000 }, { text: 'Read.' }]
  const id = await insertConversation(installation.database, person.userId, { title: 'Long', said })
  const quotes = listenForQuotes(page)
  await page.goto(`/c/${id}`)
  const chat = new ChatPage(page)
  await chat.waitUntilAlive()
  await chat.composer.fill('And now?')
  await expect(figure(page)).toContainText('% of it earlier messages')
  const { historyMicros, atMostMicros } = await quotes.latest()
  const share = Math.round((100 * Number(historyMicros)) / Number(atMostMicros))
  await expect(figure(page)).toContainText(` · ${share}% of it earlier messages`)
})

test('what the balance cannot pay is said before it is sent, and stays in the box', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson({ credits: 0.05 })
  await signIn(context, installation.service.url, person)
  const sent: string[] = []
  page.on('request', (request) => request.url().endsWith('/api/generations') && sent.push(request.url()))
  const chat = new ChatPage(page)
  await chat.open()
  await chat.composer.fill('Can I afford this?')
  const sentence = page.getByText('This answer needs at least 0.11 credits to begin, and 0.05 are available.')
  await expect(sentence).toBeVisible()
  await chat.composer.press('Enter')
  await expect(page.getByRole('alert').filter({ has: sentence })).toBeVisible()
  await expect(chat.composer).toHaveValue('Can I afford this?')
  expect(sent).toEqual([])
  await expect(chat.questions).toHaveCount(0)
  await expectAccessible(page)

  // Credits come in meanwhile: whoever comes back to the page finds the way free.
  await installation.admin('grant', '--user', person.email, '--credits', '5', '--reason', 'test')
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })))
  await expect(figure(page)).toBeVisible()
  await expect(sentence).toHaveCount(0)
  await chat.composer.press('Enter')
  await chat.answered()
})

test('a cap that is near, and one that is reached, are sentences', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  await capDay(installation, person, 5_000_000n)
  const chat = new ChatPage(page)
  await chat.open()
  // 10 tokens in and 10,500 out cost 4.201 credits.
  const usage = (completion_tokens: number) => ({ prompt_tokens: 10, completion_tokens })
  installation.vendor.setBehavior(answers({ text: ['dear'], usage: usage(10_500) }))
  await chat.ask('Something dear')
  await chat.answered()
  await chat.composer.fill('Something else')
  await expect(page.getByText('You have used 84% of today’s limit of 5 credits.')).toBeVisible()
  await expectAccessible(page)

  installation.vendor.setBehavior(answers({ text: ['dear'], usage: usage(1_900) }))
  await chat.composer.press('Enter')
  await chat.answered(2)
  await chat.composer.fill('One too many')
  const sentence = page.getByText('Today’s limit of 5 credits leaves 0.038, and this answer needs at least')
  await expect(sentence).toBeVisible()
  await chat.composer.press('Enter')
  await expect(page.getByRole('alert').filter({ has: sentence })).toBeVisible()
  await expect(chat.composer).toHaveValue('One too many')
  await expect(chat.questions).toHaveCount(2)
})

for (const { width, locale } of VIEWS) {
  test(`at ${width} px in ${locale} the figure and its sentences fit`, async ({ browser, installation, watch }) => {
    const person = await installation.createPerson({ credits: 0.9, name: '欧阳 Example' })
    const context = await browser.newContext({
      baseURL: installation.service.url,
      ...browserOf({ width, locale }),
    })
    watch(context)
    await signIn(context, installation.service.url, person)
    const said = Array.from({ length: 4 }, () => [{ text: '问题 question' }, { text: '回答 answer' }]).flat()
    const id = await insertConversation(installation.database, person.userId, {
      title: '很长的会话 a long talk',
      said,
    })
    const page = await context.newPage()
    const quoted = page.waitForResponse('**/api/quotes')
    await page.goto(`/c/${id}`)
    await new ChatPage(page).waitUntilAlive()
    await page.locator('#composer').fill('这条消息要花多少？ And how much is the old context?')
    await quoted
    const cost = page.locator('main form button[aria-controls]').filter({ hasText: '≤' })
    await expect(cost).toBeVisible()
    await inspect(page, `quote-${width}-${locale}`)
    await cost.click()
    await inspect(page, `quote-open-${width}-${locale}`)
    await capDay(installation, person, 50_000n)
    await page.locator('#composer').fill('这条消息会超出上限。 This one exceeds the cap.')
    await expect(page.locator('main form [role=status] p')).toContainText(locale === 'en' ? 'limit of' : '上限')
    await expect(cost).toHaveCount(0)
    await inspect(page, `quote-capped-${width}-${locale}`)
    await context.close()
  })
}
