import { systemCtx } from '#lib/ctx.ts'
import { formatCredits } from '#lib/money.ts'
import { setSetting } from '#lib/settings/index.ts'
import { answers } from '#tests/support/fake-vendor.ts'
import { ChatPage, InputMethod } from './support/chat-page.ts'
import { expect, test } from './support/fixtures.ts'

const WORDS = Array.from({ length: 40 }, (_, i) => `word${i} `)

test('a person registers, asks in Chinese, watches the answer arrive, pays exactly the receipt, and nobody else sees it', async ({
  page,
  browser,
  installation,
}) => {
  const { database, vendor } = installation
  vendor.setBehavior(answers({ text: WORDS, intervalMs: 60 }))
  await setSetting(systemCtx('test', database.db), { key: 'sign_up_credit_micros', value: '3000000' })

  // Registers, and finds the credit that the operator gives.
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Language models, prepaid')
  await page.getByRole('main').getByRole('link', { name: 'Create an account' }).first().click()
  await expect(page.getByRole('heading', { name: 'Create your account' })).toBeVisible()
  await page.getByLabel('E-mail').fill('mei@example.com')
  await page.getByLabel('Name').fill('Mei')
  await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery')
  await page.getByRole('button', { name: 'Create account' }).click()
  const chat = new ChatPage(page)
  await expect(chat.composer).toBeVisible()
  await chat.waitUntilAlive()
  await expect(page.getByText('3 credits').first()).toBeVisible()

  // Enter belongs to the input method while it composes.
  const sentBefore = vendor.requests.length
  const inputMethod = await InputMethod.attach(page)
  await chat.composer.focus()
  await inputMethod.compose('nihao')
  await expect(chat.composer).toHaveValue('nihao')
  await inputMethod.pressEnter()
  await expect(chat.composer).toHaveValue(/nihao/)
  await expect(chat.questions).toHaveCount(0)
  await inputMethod.commit('你好')
  await expect(chat.composer).toHaveValue('你好')
  expect(vendor.requests.length).toBe(sentBefore)
  await countVisibleUpdates(page)
  await chat.composer.press('Enter')

  // The answer grows before their eyes.
  await expect(chat.questions).toHaveText('你好')
  await expect(page).toHaveURL(/\/c\/[0-9a-f-]{36}$/)
  await chat.answered()
  expect(await visibleUpdates(page)).toBeGreaterThanOrEqual(10)
  await expect(chat.answers).toContainText(WORDS.join('').trim())

  // The balance has fallen by exactly what the receipt says.
  const [usage] = (
    await database.db.execute<{ charged_micros: bigint; cost_micros: bigint; user_id: string }>(
      `SELECT u.charged_micros, u.cost_micros, u.user_id FROM usage_records u JOIN users p ON p.id = u.user_id WHERE p.email = 'mei@example.com'`,
    )
  ).rows
  expect(usage!.charged_micros).toBeGreaterThan(0n)
  const person = { userId: usage!.user_id, email: 'mei@example.com', name: 'Mei', password: 'correct horse battery' }
  expect(await installation.postedMicros(person)).toBe(3_000_000n - usage!.charged_micros)
  await expect(chat.moneyLines).toContainText(formatCredits(usage!.charged_micros, 'en'))
  await chat.moneyLines.click()
  const receipt = page.getByRole('dialog')
  await expect(receipt).toContainText(formatCredits(usage!.charged_micros, 'en'))
  await page.keyboard.press('Escape')

  // All of it is still there after a reload.
  const conversationUrl = page.url()
  await page.reload()
  await expect(chat.questions).toHaveText('你好')
  await expect(chat.answers).toContainText(WORDS.join('').trim())
  await expect(chat.moneyLines).toHaveCount(1)

  // Signed out, the page is closed.
  await page.getByRole('button', { name: /^Mei ?: account menu$/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await page.goto(conversationUrl)
  await expect(page).toHaveURL(/\/sign-in/)

  // Somebody else: the page, the API and the events are not there for them.
  const conversationId = conversationUrl.split('/').at(-1)
  const generation = await database.db.execute<{ id: string }>(
    'SELECT id FROM generations ORDER BY created_at DESC LIMIT 1',
  )
  const other = await installation.createPerson({ name: 'Other' })
  const context = await browser.newContext({ baseURL: installation.service.url })
  const { signIn } = await import('./support/fixtures.ts')
  await signIn(context, installation.service.url, other)
  const theirs = await context.newPage()
  const reply = await theirs.goto(`/c/${conversationId}`)
  expect(reply!.status()).toBe(404)
  await expect(theirs.getByText('你好')).toHaveCount(0)
  for (const path of [
    `/api/conversations/${conversationId}/messages`,
    `/api/generations/${generation.rows[0]!.id}/events`,
  ]) {
    const refused = await context.request.get(path)
    expect(refused.status(), path).toBe(404)
    expect(await refused.text()).not.toContain('word1')
  }
  const list = await (await context.request.get('/api/conversations')).json()
  expect(list.items).toEqual([])
  await context.close()
})

async function countVisibleUpdates(page: import('@playwright/test').Page): Promise<void> {
  await page.evaluate(() => {
    const counted = window as unknown as { seenTexts: Set<string> }
    counted.seenTexts = new Set()
    // A frame after a change: only what was painted counts as seen.
    new MutationObserver(() =>
      requestAnimationFrame(() => {
        const answer = document.querySelector('article[aria-busy] .markdown')
        if (answer?.textContent) counted.seenTexts.add(answer.textContent)
      }),
    ).observe(document.body, { subtree: true, childList: true, characterData: true })
  })
}

function visibleUpdates(page: import('@playwright/test').Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { seenTexts: Set<string> }).seenTexts.size)
}
