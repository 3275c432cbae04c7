import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { systemCtx } from '#lib/ctx.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { creditsToDecimal, formatCredits, formatExactCredits } from '#lib/money.ts'
import { answers } from '#tests/support/fake-vendor.ts'
import { insertPastCalls } from '#tests/support/past-calls.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, expectAccessible, type Installation, type Person, signIn, test } from './support/fixtures.ts'

test.beforeEach(({ installation }) => installation.vendor.setBehavior(answers({ text: ['one ', 'two ', 'three'] })))

const linesOf = (page: Page) => page.getByRole('row').filter({ has: page.locator('a[data-entry]') })

async function lastCharge({ database }: Installation, person: Person) {
  const { rows } = await database.db.execute<{ id: string; charged_micros: bigint }>(
    `SELECT id, charged_micros FROM usage_records WHERE user_id = '${person.userId}' ORDER BY id DESC LIMIT 1`,
  )
  return rows[0]!
}

test('a person spends, and finds the charge in the statement, in its receipt and in the file they take along', async ({
  page,
  context,
  installation,
  browser,
  watch,
}) => {
  const person = await installation.createPerson({ name: 'Mei' })
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  await chat.ask('What does this cost?')
  await chat.answered()
  const charge = await lastCharge(installation, person)
  const charged = formatExactCredits(charge.charged_micros, 'en')
  const posted = await installation.postedMicros(person)
  expect(posted).toBe(10_000_000n - charge.charged_micros)

  // From the menu of the chat to the page.
  await page.getByRole('button', { name: /account menu$/ }).click()
  await page.getByRole('menuitem', { name: 'Credits' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Credits' })).toBeVisible()
  await expect(page.getByText(`${formatCredits(posted, 'en', 'down')}credits available`)).toBeVisible()
  const newest = linesOf(page).first()
  await expect(newest).toContainText('test-model')
  await expect(newest.getByRole('cell').nth(3)).toHaveText(`−${charged}`)
  await expect(newest.getByRole('cell').nth(4)).toHaveText(new RegExp(`${formatExactCredits(posted, 'en')}$`))
  await expect(linesOf(page)).toHaveCount(2)
  await expectAccessible(page)

  // Its receipt, with the exact amount, and back to where they were.
  await newest.getByRole('link').click()
  const receipt = page.getByRole('dialog', { name: 'Entry 2' })
  await expect(receipt).toContainText(creditsToDecimal(charge.charged_micros))
  await expect(receipt).toContainText(charge.id)
  await expect(receipt).toContainText(creditsToDecimal(posted))
  await expectAccessible(page)
  await receipt.getByRole('button', { name: 'Close' }).click()
  await expect(receipt).toHaveCount(0)
  await expect(newest.getByRole('link')).toBeFocused()

  // The receipt of the conversation leads to the same entry, and that to the conversation.
  await page.getByRole('link', { name: 'Back to the chat' }).click()
  await page.getByRole('link', { name: 'What does this cost?' }).first().click()
  await chat.moneyLines.click()
  await page.getByRole('dialog').getByRole('link', { name: 'Entry 2 of your statement' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Entry 2' })).toBeVisible()
  await expect(page.getByText(creditsToDecimal(charge.charged_micros)).first()).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'In the statement' }).click()

  // Filters.
  await page.getByRole('combobox', { name: 'Entries' }).selectOption('Credits in')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(linesOf(page)).toHaveCount(1)
  await expect(linesOf(page)).toContainText('Credits from the operator')
  await page.getByRole('combobox', { name: 'Entries' }).selectOption('Spending')
  await page.getByRole('combobox', { name: 'Model' }).selectOption('test-model')
  await page.getByRole('combobox', { name: 'Period' }).selectOption('From – to')
  await page.getByLabel('To', { exact: true }).fill('2020-01-01')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(page.getByText('No entry matches this filter.')).toBeVisible()
  await page.getByLabel('To', { exact: true }).fill('')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(linesOf(page)).toHaveCount(1)
  await expect(page).toHaveURL(/kind=spending.*model=test-model/)

  // The file has what the filter shows.
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download as CSV' }).click(),
  ])
  expect(download.suggestedFilename()).toMatch(/^credits-\d{4}-\d\d-\d\d\.csv$/)
  const [head, line, rest] = readFileSync(await download.path(), 'utf8').split('\r\n')
  expect(head).toMatch(/^\uFEFFentry,time,kind,model,/)
  expect(line!.split(',')).toEqual(expect.arrayContaining(['2', 'usage', 'test-model', charge.id]))
  expect(line).toContain(`,${creditsToDecimal(charge.charged_micros)},${creditsToDecimal(posted)},`)
  expect(rest).toBe('')

  // Nobody else sees any of it.
  const other = await installation.createPerson({ name: 'Other', credits: 0 })
  const theirs = await browser.newContext({ baseURL: installation.service.url })
  watch(theirs)
  await signIn(theirs, installation.service.url, other)
  const theirPage = await theirs.newPage()
  await theirPage.goto('/credits')
  await expect(theirPage.getByText('Nothing has moved yet.')).toBeVisible()
  expect((await theirPage.goto('/credits/2'))!.status()).toBe(404)
  expect((await theirs.request.get('/api/statement/entries/2')).status()).toBe(404)
  expect(await (await theirs.request.get('/api/statement/csv')).text()).not.toContain(charge.id)
  await theirs.close()
})

test('a limit is set, kept, and shown with what is used of it; a wrong amount is explained at its field', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  await page.goto('/credits')
  const day = page.getByLabel('Credits a day')
  await day.fill('a lot')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Enter an amount above zero')).toBeVisible()
  await expect(day).toBeFocused()
  await day.fill('2.5')
  await page.getByLabel('Credits a month').fill('30')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('progressbar', { name: '0 of 2.5 used today' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('progressbar', { name: '0 of 30 used this month' })).toBeVisible()
  await expect(day).toHaveValue('2.5')
  await expectAccessible(page)
  await day.fill('')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('progressbar')).toHaveCount(1)
})

test('with the keyboard alone an entry opens, is closed, and the statement goes on below', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await spendInThePast(installation, person, 60)
  await signIn(context, installation.service.url, person)
  await page.goto('/credits')
  const first = linesOf(page).first().getByRole('link')
  for (let i = 0; i < 40 && !(await first.evaluate((link) => link === document.activeElement)); i++) {
    await page.keyboard.press('Tab')
  }
  await expect(first).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Entry 61' })).toContainText('Charged')
  await page.keyboard.press('Escape')
  await expect(first).toBeFocused()

  await expect(linesOf(page)).toHaveCount(50)
  await page.getByRole('link', { name: 'Show earlier' }).focus()
  await page.keyboard.press('Enter')
  await expect(linesOf(page)).toHaveCount(11)
  await expect(linesOf(page).last()).toContainText('Credits from the operator')
  await expect(page.getByRole('link', { name: 'Show earlier' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Back to the latest' }).press('Enter')
  await expect(linesOf(page)).toHaveCount(50)
})

test('without a script the statement, its filter, its receipts and the charts are there', async ({
  browser,
  installation,
}) => {
  const person = await installation.createPerson()
  await spendInThePast(installation, person, 60)
  const context = await browser.newContext({ baseURL: installation.service.url, javaScriptEnabled: false })
  await signIn(context, installation.service.url, person)
  const page = await context.newPage()
  await page.goto('/credits')
  await expect(linesOf(page)).toHaveCount(50)
  await expect(page.getByRole('img', { name: /^Spent by day/ })).toBeVisible()
  await page.getByText('Show as a table').first().click()
  await expect(page.getByRole('table', { name: /^Spent by day/ })).toBeVisible()
  await page.getByRole('combobox', { name: 'Entries' }).selectOption('Credits in')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(linesOf(page)).toHaveCount(1)
  await linesOf(page).getByRole('link').click()
  await expect(page.getByRole('heading', { level: 1, name: 'Entry 1' })).toBeVisible()
  await expect(page.getByText('+10 credits')).toBeVisible()
  await context.close()
})

test('days are those of the reader, from the first visit on', async ({ browser, installation, watch }) => {
  const person = await installation.createPerson()
  // 20:00 in UTC is the next day in Shanghai.
  await spendInThePast(installation, person, 1, new Date('2026-03-01T20:00:00Z'))
  const context = await browser.newContext({ baseURL: installation.service.url, timezoneId: 'Asia/Shanghai' })
  watch(context)
  await signIn(context, installation.service.url, person)
  const page = await context.newPage()
  await page.goto('/credits?kind=spending')
  await expect(page.getByText('Mon, March 2')).toBeVisible()
  await expect(page.getByText('Times are those of Asia/Shanghai.')).toBeVisible()
  await page.goto('/credits?period=custom&from=2026-03-02&to=2026-03-02')
  await expect(linesOf(page)).toHaveCount(1)
  await context.close()
})

async function spendInThePast({ database }: Installation, person: Person, count: number, from = new Date()) {
  const wallet = await findWallet(systemCtx('test', database.db), { ownerType: 'user', ownerId: person.userId })
  const calls = { userId: person.userId, walletId: wallet!.id, modelIds: ['test-model'], count, everyMs: 1_000 }
  await insertPastCalls(database, { ...calls, from: new Date(from.getTime() - count * 1_000) })
}
