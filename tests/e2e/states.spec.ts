import type { Page } from '@playwright/test'
import { dictated } from '#tests/support/chat.ts'
import { answers } from '#tests/support/fake-vendor.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, signIn, test } from './support/fixtures.ts'
import { insertConversation, numberedTurns } from './support/past-conversation.ts'
import { layWire } from './support/wire.ts'

test.beforeEach(({ installation }) => installation.vendor.setBehavior('answer'))

test('the connection breaks in mid-stream and comes back: no word is lost or doubled', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const { behavior, say, finish } = dictated()
  installation.vendor.setBehavior(behavior)
  const wire = await layWire(installation.service.port)
  try {
    const chat = new ChatPage(page)
    await page.goto(`${wire.url}/`)
    await chat.waitUntilAlive()
    await chat.ask('Speak while I walk through a tunnel')
    say('before, ')
    await expect(chat.answers).toContainText('before,')
    wire.cut()
    await expect(page.getByText('Connection lost')).toBeVisible()
    say('within, ')
    wire.mend()
    await expect(chat.answers).toContainText('within,')
    await expect(page.getByText('Connection lost')).toHaveCount(0)
    say('**after**')
    finish()
    await chat.answered()
    // Whatever part of the page the cut kept back was fetched again.
    await expect(chat.answers.locator('strong')).toHaveText('after')
    await expect(chat.answers.locator('.markdown')).toHaveText('before, within, after')
  } finally {
    await wire.close()
  }
})

test('a hidden page holds no stream, and catches up when it is shown again', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const { behavior, say, finish } = dictated()
  installation.vendor.setBehavior(behavior)
  const chat = new ChatPage(page)
  await chat.open()
  await chat.ask('Speak while I look elsewhere')
  say('seen, ')
  await expect(chat.answers).toContainText('seen,')

  const streamClosed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/api/generations'))
  await setHidden(page, true)
  await streamClosed
  say('unseen, ')
  await expect
    .poll(async () => {
      const logged = await installation.database.db.execute(
        `SELECT 1 FROM generation_events WHERE user_id = '${person.userId}' AND data LIKE '%unseen%'`,
      )
      return logged.rows.length
    })
    .toBe(1)
  await expect(chat.answers).not.toContainText('unseen')
  await expect(page.getByText('Connection lost')).toHaveCount(0)
  await setHidden(page, false)
  await expect(chat.answers).toContainText('unseen,')
  say('seen again')
  finish()
  await chat.answered()
  await expect(chat.answers.locator('.markdown')).toHaveText('seen, unseen, seen again')
})

test('a long conversation opens at its end, and what came earlier comes in above without moving it', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const id = await insertConversation(installation.database, person.userId, {
    title: 'Eighty messages',
    said: numberedTurns(40),
  })
  const chat = new ChatPage(page)
  await page.goto(`/c/${id}`)
  await chat.waitUntilAlive()
  await expect(page.getByText('Answer number 39')).toBeInViewport()
  const earlier = page.getByRole('button', { name: 'Show earlier messages' })
  for (const [oldest, next] of [
    [25, 10],
    [10, 0],
  ]) {
    await earlier.scrollIntoViewIfNeeded()
    const place = page.getByText(`Question number ${oldest}.`)
    const before = await place.boundingBox()
    await earlier.click()
    await expect(page.getByText(`Question number ${next}.`)).toBeAttached()
    await expect.poll(async () => Math.abs((await place.boundingBox())!.y - before!.y)).toBeLessThanOrEqual(2)
  }
  await expect(earlier).toHaveCount(0)
  await expect(chat.questions).toHaveCount(40)
  await expect(chat.answers.first().locator('strong')).toHaveText('weight')
})

test('every word of a long conversation can be found in the page', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const id = await insertConversation(installation.database, person.userId, {
    title: 'Three hundred messages',
    said: numberedTurns(150),
  })
  const chat = new ChatPage(page)
  await page.goto(`/c/${id}`)
  await chat.waitUntilAlive()
  const earlier = page.getByRole('button', { name: 'Show earlier messages' })
  for (let shown = 15; shown < 150; shown += 15) {
    await expect(chat.questions).toHaveCount(shown)
    await earlier.click()
  }
  await expect(chat.questions).toHaveCount(150)
  const found = await page.evaluate(() => {
    const browser = window as unknown as { find(text: string): boolean }
    return ['Question number 0.', 'Answer number 75,', 'Answer number 149,'].map((text) => {
      getSelection()?.removeAllRanges()
      return browser.find(text) && getSelection()?.toString() === text
    })
  })
  expect(found).toEqual([true, true, true])
})

test('reasoning is shown as it comes, folded away, and kept', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  installation.vendor.setBehavior(
    answers({
      // Long enough that a slow page is still looking at thoughts when it looks.
      reasoning: Array.from({ length: 100 }, (_, i) => `thought${i} `),
      text: Array.from({ length: 12 }, (_, i) => `word${i} `),
      intervalMs: 100,
    }),
  )
  const chat = new ChatPage(page)
  await chat.open()
  await chat.ask('Think first')
  await page.getByText('Thinking…').click()
  await expect(chat.answers).toContainText('thought3')
  await expect(chat.answers).not.toContainText('word0')
  await expect(chat.answers).toContainText('word1')
  await expect(page.getByText('Reasoning', { exact: true })).toBeVisible()
  await expect(chat.answers).toContainText('thought99')
  await chat.answered()
  await page.reload()
  await expect(page.getByText('thought99')).toBeHidden()
  await page.getByText('Reasoning', { exact: true }).click()
  await expect(page.getByText('thought99')).toBeVisible()
  await expect(chat.answers).toContainText('word11')
})

test('an answer that failed is tried again in its place', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  installation.vendor.setBehavior('failing')
  const chat = new ChatPage(page)
  await chat.open()
  await chat.ask('Will you fail?')
  const again = chat.answers.getByRole('button', { name: 'Try again' }).first()
  await expect(again).toBeVisible()
  installation.vendor.setBehavior('answer')
  await installation.reviveKeys()
  await again.click()
  await chat.answered()
  await expect(chat.answers).toHaveCount(1)
  await expect(chat.answers).toContainText('Hello, this is a fake answer.')
  await expect(chat.questions).toHaveCount(1)
  await expect(page.getByText('Answer 2 of 2')).toBeAttached()
  await page.reload()
  await expect(chat.answers).toContainText('Hello, this is a fake answer.')
})

test('a conversation is renamed, deleted, brought back and deleted for good', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const { database } = installation
  const id = await insertConversation(database, person.userId, { title: 'First title', said: numberedTurns(1) })
  await insertConversation(database, person.userId, { title: 'Another one', said: numberedTurns(1) })
  const chat = new ChatPage(page)
  await page.goto(`/c/${id}`)
  await chat.waitUntilAlive()

  const list = page.getByRole('navigation', { name: 'Conversations' })
  await list.getByRole('button', { name: 'Menu of “First title”' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  const field = list.getByRole('textbox', { name: 'Rename' })
  await expect(field).toBeFocused()
  await field.fill('Second title')
  // The list shows it at once; a reload that overtakes the request would show the old one.
  const renamed = page.waitForResponse((reply) => reply.request().method() === 'PATCH')
  await field.press('Enter')
  expect((await renamed).ok()).toBe(true)
  await expect(page.getByRole('heading', { name: 'Second title' })).toBeVisible()
  await expect(list.getByRole('link', { name: 'Second title' })).toBeVisible()
  await page.reload()
  await chat.waitUntilAlive()
  await expect(page).toHaveTitle(/^Second title/)

  const remove = async () => {
    await list.getByRole('button', { name: 'Menu of “Second title”' }).click()
    const removed = page.waitForResponse((reply) => reply.request().method() === 'DELETE')
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    expect((await removed).ok()).toBe(true)
    await expect(list.getByRole('link', { name: 'Second title' })).toHaveCount(0)
  }
  await remove()
  await expect(page).toHaveURL(/\/$/)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(list.getByRole('link', { name: 'Second title' })).toBeVisible()
  await list.getByRole('link', { name: 'Second title' }).click()
  await expect(chat.questions).toHaveCount(1)
  await remove()
  await expect(page.getByText('“Second title” deleted')).toBeVisible()
  await page.reload()
  await expect(list.getByRole('link', { name: 'Another one' })).toBeVisible()
  await expect(list.getByRole('link', { name: 'Second title' })).toHaveCount(0)
})

test('another model is chosen, answers, and stays chosen in that conversation', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const limits = ['--context', '32000', '--max-output', '4096', '--channel', 'test']
  await installation.admin('model', 'set', 'second-model', '--input', '200', '--output', '800', ...limits)
  const chat = new ChatPage(page)
  await chat.open()
  await page.getByRole('button', { name: 'Model: test-model' }).click()
  await page.getByRole('menuitemradio', { name: /second-model/ }).click()
  await expect(page.getByRole('button', { name: 'Model: second-model' })).toBeVisible()
  const index = installation.vendor.requests.length
  await chat.ask('Who are you?')
  expect((await installation.vendor.arrival(index)).body.model).toBe('second-model')
  await chat.answered()
  await expect(chat.moneyLines).toContainText('second-model')
  await page.reload()
  await expect(page.getByRole('button', { name: 'Model: second-model' })).toBeVisible()
})

test('what is typed and not sent stays with its conversation', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const { database } = installation
  const first = await insertConversation(database, person.userId, { title: 'One', said: numberedTurns(1) })
  await insertConversation(database, person.userId, { title: 'Two', said: numberedTurns(1) })
  const chat = new ChatPage(page)
  const list = page.getByRole('navigation', { name: 'Conversations' })
  await page.goto(`/c/${first}`)
  await chat.waitUntilAlive()
  await chat.composer.fill('for the first')
  await list.getByRole('link', { name: 'Two', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Two' })).toBeVisible()
  await expect(chat.composer).toHaveValue('')
  await chat.composer.fill('for the second')
  await page.getByRole('link', { name: 'New chat' }).first().click()
  await expect(chat.questions).toHaveCount(0)
  await expect(chat.composer).toHaveValue('')
  await list.getByRole('link', { name: 'One', exact: true }).click()
  await expect(chat.composer).toHaveValue('for the first')
  await page.reload()
  await expect(chat.composer).toHaveValue('for the first')
  await list.getByRole('link', { name: 'Two', exact: true }).click()
  await expect(chat.composer).toHaveValue('for the second')
})

test('on a phone: Enter makes a line, the list is a drawer, the receipt a sheet', async ({
  browser,
  installation,
  watch,
}) => {
  const person = await installation.createPerson()
  const context = await browser.newContext({
    baseURL: installation.service.url,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  })
  watch(context)
  await signIn(context, installation.service.url, person)
  await insertConversation(installation.database, person.userId, { title: 'From before', said: numberedTurns(1) })
  const page = await context.newPage()
  const chat = new ChatPage(page)
  await chat.open()
  await chat.composer.tap()
  await page.keyboard.type('one')
  await page.keyboard.press('Enter')
  await page.keyboard.type('two')
  await expect(chat.composer).toHaveValue('one\ntwo')
  await chat.sendButton.tap()
  await chat.answered()
  await expect(chat.questions).toHaveText('one\ntwo')

  await chat.moneyLines.tap()
  const sheet = page.getByRole('dialog', { name: 'Receipt' })
  await expect(sheet).toBeVisible()
  await expect
    .poll(async () => {
      const box = await sheet.boundingBox()
      return box && [box.x, Math.round(box.y + box.height), box.width]
    })
    .toEqual([0, 844, 390])
  await sheet.getByRole('button', { name: 'Close' }).tap()
  await expect(sheet).toBeHidden()

  await page.getByRole('button', { name: 'Open the list of conversations' }).tap()
  const drawer = page.getByRole('dialog', { name: 'Conversations' })
  await drawer.getByRole('link', { name: 'From before' }).tap()
  await expect(drawer).toBeHidden()
  await expect(chat.answers).toContainText('Answer number 0')
  await context.close()
})

/** Says what a browser says when the page goes behind another one; Chromium without a window never does. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (hidden ? 'hidden' : 'visible'),
    })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}
