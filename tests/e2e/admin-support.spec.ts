import type { BrowserContext, Page } from '@playwright/test'
import { answers, refuses } from '#tests/support/fake-vendor.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, expectAccessible, type Installation, type Person, signIn, test } from './support/fixtures.ts'

/** An admin and somebody who needs them, each in a browser of their own. */
async function meet({
  context,
  page,
  installation,
}: {
  context: BrowserContext
  page: Page
  installation: Installation
}) {
  const admin = await installation.createPerson({ name: 'Olga', role: 'admin', credits: 0 })
  const person = await installation.createPerson({ name: 'Mei' })
  await signIn(context, installation.service.url, admin)
  const browser = context.browser()!
  const theirs = await browser.newContext({ baseURL: installation.service.url })
  await signIn(theirs, installation.service.url, person)
  const chat = new ChatPage(await theirs.newPage())
  await chat.open()
  return { admin, person, page, chat, leave: () => theirs.close() }
}

async function auditOf({ database }: Installation, action: string, reason?: string) {
  const { rows } = await database.db.execute<{ actor_id: string; subject_id: string; reason: string | null }>(
    `SELECT actor_id, subject_id, reason FROM audit_entries WHERE action = '${action}' ORDER BY id DESC`,
  )
  return reason === undefined ? rows : rows.filter((row) => row.reason === reason)
}

async function openCallsOf(page: Page, person: Person): Promise<void> {
  await page.goto(`/admin/people?q=${encodeURIComponent(person.email)}`)
  await page.getByRole('link', { name: person.name }).click()
  await page.getByRole('link', { name: 'All calls' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Calls' })).toBeVisible()
  await expect(page).toHaveURL(/\/admin\/calls\?user=/)
}

test('“I was charged for nothing”: the call says why, and it is given back once', async ({
  context,
  page,
  installation,
}) => {
  const { admin, person, chat, leave } = await meet({ context, page, installation })
  installation.vendor.setBehavior(
    answers({
      reasoning: ['All of it ', 'was thought'],
      text: [],
      usage: { prompt_tokens: 10, completion_tokens: 40, completion_tokens_details: { reasoning_tokens: 40 } },
    }),
  )
  await chat.ask('A question that only they may read: heliotrope')
  await expect.poll(() => installation.postedMicros(person)).toBeLessThan(10_000_000n)
  const charged = 10_000_000n - (await installation.postedMicros(person))

  await openCallsOf(page, person)
  await expect(page.getByRole('table').getByRole('row')).toHaveCount(2)
  await page.getByRole('table').getByRole('link').first().click()
  await expect(page.getByText('Charged although no word of an answer came')).toBeVisible()
  await expect(page.getByText('heliotrope')).toHaveCount(0)
  await expectAccessible(page)

  await page.getByRole('button', { name: 'Give back' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('The model only thought')
  const confirm = dialog.getByRole('button', { name: 'Give back' })
  await confirm.dblclick()
  await expect(dialog).toBeHidden()
  await expect(page.getByText(/credits of it were given back/)).toBeVisible()
  await expect.poll(() => installation.postedMicros(person)).toBe(10_000_000n)
  expect(charged).toBeGreaterThan(0n)

  await chat.page.goto('/credits')
  await expect(chat.page.getByRole('row').filter({ hasText: 'The model only thought' })).toHaveCount(1)
  const { rows } = await installation.database.db.execute<{ actor: string }>(
    `SELECT actor FROM transfers WHERE kind = 'goodwill' AND reason = 'The model only thought'`,
  )
  expect(rows).toEqual([{ actor: `user:${admin.userId}` }])
  await page.goto('/admin/audit')
  await expect(page.getByText('The model only thought').first()).toBeVisible()
  await leave()
})

test('“a key died at night”: the overview says so, another key is pasted, and answers come again', async ({
  context,
  page,
  installation,
}) => {
  const { chat, leave } = await meet({ context, page, installation })
  const live = 'sk-the-new-one-9876543210'
  installation.vendor.setBehavior((request, response) =>
    (request.headers.authorization === `Bearer ${live}` ? answers({ text: ['back ', 'again'] }) : refuses(401))(
      request,
      response,
    ),
  )
  await chat.ask('Is anybody there?')
  await expect(chat.page.getByText('refused our access')).toBeVisible()

  await page.goto('/admin')
  const attention = page.getByRole('row').filter({ hasText: 'Channel “test”' })
  await expect(attention.first()).toBeVisible()
  await expectAccessible(page)
  await attention.first().getByRole('link').first().click()
  await expect(page.getByRole('heading', { level: 1, name: /test/ })).toBeVisible()
  await expect(page.getByText(/Refused since/)).toBeVisible()
  await page.getByRole('button', { name: 'Add a key' }).click()
  await page.getByRole('dialog').getByLabel('Key').fill(live)
  await page.getByRole('dialog').getByRole('button', { name: 'Add a key' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByText('…3210').first()).toBeVisible()
  await expect(page.getByText(live)).toHaveCount(0)
  await expectAccessible(page)

  await chat.ask('And now?')
  await chat.answered()
  await page.goto('/admin/audit')
  await expect(page.getByRole('row').filter({ hasText: 'A vendor refused a key' }).first()).toBeVisible()
  await expect(page.getByRole('row').filter({ hasText: 'Added a vendor’s key' }).first()).toBeVisible()
  await installation.database.db.execute(`DELETE FROM channel_keys WHERE hint = '3210'`)
  await installation.reviveKeys()
  await leave()
})

test('“a price changed”: who changed it and when, and each receipt keeps its own', async ({
  context,
  page,
  installation,
}) => {
  const { admin, person, chat, leave } = await meet({ context, page, installation })
  installation.vendor.setBehavior(answers({ text: ['one ', 'two'] }))
  await chat.ask('Before')
  await chat.answered()

  await page.goto('/admin/models')
  await page.getByRole('table').getByRole('link', { name: 'test-model' }).click()
  const sale = page.getByRole('group', { name: 'People pay, for 1 M tokens' })
  const other = await context.newPage()
  await other.goto('/admin/models/test-model')
  await sale.getByLabel('Output', { exact: true }).fill('-1')
  await page.getByRole('button', { name: 'Set this price' }).click()
  await expect(sale.getByLabel('Output', { exact: true })).toHaveAccessibleDescription(/not negative/)
  await sale.getByLabel('Output', { exact: true }).fill('800')
  await page.getByRole('button', { name: 'What would last month have been?' }).click()
  await expect(page.getByText(/at this price: \d+ calls?|Nobody used it/)).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Set this price' }).click()
  await expect(page.getByText('Saved', { exact: true })).toBeVisible()

  // Whoever had the old price before them gets the new one with whatever brings their page again.
  for (const button of ['Hide', 'Show to people']) {
    await other.getByRole('button', { name: button }).click()
    await other.getByRole('dialog').getByRole('button', { name: button }).click()
    await expect(other.getByRole('dialog')).toBeHidden()
  }
  const otherSale = other.getByRole('group', { name: 'People pay, for 1 M tokens' })
  await expect(otherSale.getByLabel('Output', { exact: true })).toHaveValue('800')
  await other.close()

  await chat.ask('After')
  await chat.answered(2)
  await openCallsOf(page, person)
  const callsAddress = page.url()
  for (const [row, price] of [
    [1, '800'],
    [2, '400'],
  ] as const) {
    await page.goto(callsAddress)
    await page.getByRole('table').getByRole('row').nth(row).getByRole('link').first().click()
    await expect(page.getByRole('heading', { level: 1, name: /^Call of/ })).toBeVisible()
    await expect(page.getByRole('row', { name: /^Output/ })).toContainText(`× ${price} / 1M`)
  }

  const [changed] = await auditOf(installation, 'price.add')
  expect(changed).toMatchObject({ actor_id: admin.userId })
  await page.goto('/admin/audit?action=price.add')
  await expect(page.getByRole('row').filter({ hasText: 'Set a price' }).first()).toContainText('Olga')
  // Back to what the other stories know.
  await installation.admin('model', 'set', 'test-model', '--input', '100', '--output', '400')
  await leave()
})

test('one admin, one form: it can be saved again and again', async ({ context, page, installation }) => {
  const { leave } = await meet({ context, page, installation })
  await page.goto('/admin/models/test-model')
  const form = page.locator('form').filter({ has: page.getByLabel('Name', { exact: true }) })
  const version = form.locator('input[name=version]')
  for (const name of ['A new name', 'A newer name', 'test-model']) {
    const before = await version.inputValue()
    await form.getByLabel('Name', { exact: true }).fill(name)
    await form.getByRole('button', { name: 'Save' }).click()
    // The page comes again with the version that the next press is judged by.
    await expect(version).not.toHaveValue(before)
    await expect(page.getByRole('heading', { level: 1 })).toContainText(name)
  }
  await leave()
})

test('two admins, one form: the second is told, and nothing is lost', async ({ context, page, installation }) => {
  const { leave } = await meet({ context, page, installation })
  const other = await context.newPage()
  for (const one of [page, other]) await one.goto('/admin/settings')
  const save = async (one: Page, value: string) => {
    const group = one.locator('#answers')
    await group.getByLabel('Answers at once').fill(value)
    await group.getByRole('button', { name: 'Save' }).click()
    return group
  }
  await expect((await save(page, '12')).getByText('Saved')).toBeVisible()
  const stale = await save(other, '13')
  await expect(stale.getByRole('alert')).toContainText('Somebody else changed this')
  await expect(stale.getByLabel('Answers at once')).toHaveValue('13')
  await expectAccessible(other)
  await page.reload()
  await expect(page.locator('#answers').getByLabel('Answers at once')).toHaveValue('12')
  await expect((await save(page, '20')).getByText('Saved')).toBeVisible()
  await leave()
})
