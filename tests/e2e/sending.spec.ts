import { answers } from '#tests/support/fake-vendor.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, signIn, test } from './support/fixtures.ts'

test.beforeEach(({ installation }) => installation.vendor.setBehavior('answer'))

test('pressing send twice sends once', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  const sentBefore = installation.vendor.requests.length
  await chat.composer.fill('Only once, please')
  await chat.sendButton.evaluate((button: HTMLButtonElement) => {
    button.click()
    button.click()
  })
  await chat.answered()
  expect(installation.vendor.requests.length).toBe(sentBefore + 1)
  await expect(chat.questions).toHaveCount(1)
})

test('an answer is stopped: what came is kept and charged, and a retry stands beside it', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  installation.vendor.setBehavior(answers({ text: Array.from({ length: 400 }, (_, i) => `part${i} `), intervalMs: 50 }))
  await chat.ask('Tell me a long story')
  await expect(chat.answers).toContainText('part3')
  await chat.stopButton.click()
  await expect(chat.answers).toContainText('Stopped here')
  await chat.answered()
  const posted = await installation.postedMicros(person)
  expect(posted).toBeLessThan(10_000_000n)
  await page.reload()
  await expect(chat.answers).toContainText('part3')

  installation.vendor.setBehavior('answer')
  await chat.waitUntilAlive()
  await page.getByRole('button', { name: /Answer again|Try again/ }).click()
  await expect(chat.answers).toContainText('Hello, this is a fake answer.')
  await expect(page.getByText('Answer 2 of 2')).toBeAttached()
  await page.getByRole('button', { name: 'Previous answer' }).click()
  await expect(chat.answers).toContainText('part3')
})

test('a reload while the answer streams picks it up without a lost or doubled word', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  const words = Array.from({ length: 60 }, (_, i) => `w${i} `)
  installation.vendor.setBehavior(answers({ text: words, intervalMs: 60 }))
  await chat.ask('Count for me')
  await expect(chat.answers).toContainText('w5')
  await page.reload()
  await chat.answered()
  await expect(chat.answers.locator('.markdown')).toHaveText(words.join('').trim())
})

test('a message that failed on its way is given back, and sending it again does not double it', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  await context.setOffline(true)
  await chat.ask('Words that must not be lost')
  await expect(chat.composer).toHaveValue('Words that must not be lost')
  await page.reload().catch(() => undefined)
  await context.setOffline(false)
  await chat.open()
  await expect(chat.composer).toHaveValue('Words that must not be lost')
  await chat.composer.press('Enter')
  await chat.answered()
  await expect(chat.questions).toHaveCount(1)
})
