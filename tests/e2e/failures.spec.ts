import en from '#lib/i18n/messages/en/errors.json' with { type: 'json' }
import zh from '#lib/i18n/messages/zh-CN/errors.json' with { type: 'json' }
import { type BehaviorName, VENDOR_WORDS } from '#tests/support/fake-vendor.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, signIn, test } from './support/fixtures.ts'

const failures: { behavior: BehaviorName; code: keyof typeof en }[] = [
  { behavior: 'unauthorized', code: 'vendor_key_refused' },
  { behavior: 'rateLimited', code: 'vendor_rate_limited' },
  { behavior: 'failing', code: 'vendor_failed' },
  { behavior: 'garbage', code: 'vendor_malformed' },
  { behavior: 'empty', code: 'vendor_empty' },
]

for (const { behavior, code } of failures) {
  test(`a vendor that is ${behavior}: a sentence in the reader's language, the words kept, nothing charged`, async ({
    page,
    context,
    installation,
  }) => {
    const person = await installation.createPerson()
    await signIn(context, installation.service.url, person)
    installation.vendor.setBehavior(behavior)
    await installation.reviveKeys()
    const chat = new ChatPage(page)
    await chat.open()
    await chat.ask('A question that meets trouble')
    await expect(chat.answers).toContainText(`${en[code]} Nothing was charged.`)
    await expect(chat.questions).toHaveText('A question that meets trouble')
    expect(await installation.postedMicros(person)).toBe(10_000_000n)
    const shown = await page.content()
    for (const word of [VENDOR_WORDS, 'sk-test', 'sk-leaked']) expect(shown).not.toContain(word)

    await context.addCookies([{ name: 'locale', value: 'zh-CN', url: installation.service.url }])
    await page.reload()
    await expect(page.getByText(String(zh[code]))).toBeVisible()
    await expect(page.getByText('A question that meets trouble', { exact: true }).first()).toBeVisible()
  })
}

test('a person without credits is told so before anything is sent, and keeps the text', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  const sentBefore = installation.vendor.requests.length
  await chat.ask('Something I cannot pay for')
  await expect(chat.composer).toHaveValue('Something I cannot pay for')
  await expect(
    page
      .getByRole('alert')
      .or(page.getByRole('status'))
      .filter({ hasText: /credits/ })
      .first(),
  ).toBeVisible()
  await expect(chat.questions).toHaveCount(0)
  expect(installation.vendor.requests.length).toBe(sentBefore)
})

test('markup in a message stays text', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const hostile = `<script>window.pwned=1</script><img src=x onerror="window.pwned=1"> [click](javascript:window.pwned=1) ![x](http://192.0.2.99/leak.png)`
  const { answers } = await import('#tests/support/fake-vendor.ts')
  installation.vendor.setBehavior(answers({ text: [hostile] }))
  const foreign: string[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== installation.service.url) foreign.push(request.url())
  })
  const chat = new ChatPage(page)
  await chat.open()
  await chat.ask(hostile)
  await chat.answered()
  await page.reload()
  await expect(chat.questions).toHaveText(hostile)
  for (const link of await chat.answers.getByRole('link').all()) {
    expect(await link.getAttribute('href')).not.toMatch(/^javascript:/i)
  }
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
  expect(foreign).toEqual([])
})
