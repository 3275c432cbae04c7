import { readdirSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page, Response } from '@playwright/test'
import { answers } from '#tests/support/fake-vendor.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, expectAccessible, signIn, test } from './support/fixtures.ts'

const EMPTY_CHAT_BUDGET = 200_000
const ANSWERING_BUDGET = 300_000

test('with JavaScript off, a conversation shows its messages', async ({ page, context, browser, installation }) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  installation.vendor.setBehavior(answers({ text: ['Readable **without** scripts: ', '`code`'] }))
  const chat = new ChatPage(page)
  await chat.open()
  await chat.ask('Can you be read?')
  await chat.answered()

  const plain = await browser.newContext({
    baseURL: installation.service.url,
    javaScriptEnabled: false,
    storageState: await context.storageState(),
  })
  const reader = await plain.newPage()
  await reader.goto(page.url())
  await expect(reader.getByText('Can you be read?').first()).toBeVisible()
  await expect(reader.locator('article strong')).toHaveText('without')
  await expect(reader.locator('article code')).toHaveText('code')
  await plain.close()
})

test('the empty chat page stays within its budget of JavaScript and asks no other host', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const measured: Promise<[path: string, bytes: number]>[] = []
  const foreign: string[] = []
  page.on('response', (response) => {
    const url = new URL(response.url())
    if (url.origin !== installation.service.url) foreign.push(response.url())
    if (url.pathname.endsWith('.js')) measured.push(measure(response))
  })
  const chat = new ChatPage(page)
  await chat.open()
  await page.waitForLoadState('networkidle')
  const empty = await sum(measured)
  console.log(
    `JavaScript of the empty chat page, compressed: ${empty} bytes in ${measured.length} files (budget ${EMPTY_CHAT_BUDGET})`,
  )
  expect(empty).toBeGreaterThan(50_000)
  expect(empty).toBeLessThanOrEqual(EMPTY_CHAT_BUDGET)

  installation.vendor.setBehavior(
    answers({
      text: ['Some **code**:\n\n```ts\n', 'const answer: number = 42\n', '```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n'],
    }),
  )
  await chat.ask('And while answering?')
  await expect(chat.answers.locator('.hljs-keyword')).toHaveText('const')
  await chat.answered()
  await page.waitForLoadState('networkidle')
  const answering = await sum(measured)
  console.log(`JavaScript once an answer with code has streamed: ${answering} bytes (budget ${ANSWERING_BUDGET})`)
  expect(answering).toBeLessThanOrEqual(ANSWERING_BUDGET)

  installation.vendor.setBehavior(answers({ text: ['A formula: ', '$x^2$'] }))
  await chat.ask('And with a formula?')
  await expect(chat.answers.locator('.katex')).toHaveCount(1)
  await chat.answered(2)
  await page.waitForLoadState('networkidle')
  console.log(`JavaScript once a formula has been shown, KaTeX with it: ${await sum(measured)} bytes (no budget)`)
  expect(foreign).toEqual([])
})

test('the whole story works with the keyboard alone', async ({ page, installation }) => {
  installation.vendor.setBehavior('answer')
  const email = `keys-${installation.service.port}@example.com`
  await page.goto('/register')
  await tabTo(page, 'E-mail')
  await page.keyboard.type(email)
  await tabTo(page, 'Name')
  await page.keyboard.type('Keys')
  await tabTo(page, 'Password')
  await page.keyboard.type('correct horse battery')
  await page.keyboard.press('Enter')
  const chat = new ChatPage(page)
  await expect(chat.composer).toBeVisible()
  await installation.admin('grant', '--user', email, '--credits', '5', '--reason', 'a test')
  await chat.waitUntilAlive()
  await expect(chat.composer).toBeFocused()
  await page.keyboard.type('Typed without a mouse')
  await page.keyboard.press('Enter')
  await chat.answered()
  await tabTo(page, /Open the receipt/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await tabTo(page, /Keys: account menu$/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeVisible()
  await page.keyboard.press('End')
  await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/sign-in/)
})

test('no page breaks the content security policy, not-found included', async ({ page, context, installation }) => {
  const person = await installation.createPerson()
  const violations: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(`${page.url()}: ${message.text()}`)
  })
  for (const address of ['/', '/prices', '/terms', '/sign-in', '/register', '/link/not-a-link', '/nowhere']) {
    await page.goto(address)
    await expectAccessible(page)
  }
  await signIn(context, installation.service.url, person)
  for (const address of ['/', '/account', '/c/00000000-0000-7000-8000-00000000dead']) {
    const reply = await page.goto(address)
    expect(reply!.headers()['content-security-policy']).toContain("'nonce-")
    await page.waitForLoadState('networkidle')
    await expectAccessible(page)
  }
  expect(violations).toEqual([])
})

test('whatever is asked for, nothing runs in the answer that we did not write', async ({ request }) => {
  for (const address of ['/nowhere', '/nowhere.html', '/link/a.html', '/c/a.txt', '/icon.svg', '/v1', '/apiary']) {
    const reply = await request.get(address)
    expect(reply.headers()['content-security-policy'], address).toMatch(
      /script-src 'self' 'nonce-\S+' 'strict-dynamic';/,
    )
  }
  for (const address of ['/api/nowhere', '/api/health', '/api/status', '/v1/nowhere', '/_next/nowhere']) {
    const reply = await request.get(address)
    expect(reply.headers()['content-security-policy'], address).toMatch(
      /^default-src 'none'; .*frame-ancestors 'none'$/,
    )
  }
  const missing = await request.get('/api/nowhere')
  expect(missing.status()).toBe(404)
  expect(await missing.json()).toMatchObject({ error: { code: 'not_found' } })
})

test('every script of the build is served by us, compressed', async ({ request }) => {
  const folder = path.resolve(import.meta.dirname, '../../.next/static/chunks')
  const script = readdirSync(folder).find((name) => name.endsWith('.js'))
  const reply = await request.get(`/_next/static/chunks/${script}`)
  expect(reply.ok()).toBe(true)
  expect(reply.headers()['content-encoding']).toMatch(/gzip|br/)
})

/** Bytes of a script as the browser was sent it; a server that does not compress is measured as if it did. */
async function measure(response: Response): Promise<[path: string, bytes: number]> {
  const isCompressed = (await response.headerValue('content-encoding')) !== null
  const bytes = isCompressed
    ? (await response.request().sizes()).responseBodySize
    : gzipSync(await response.body()).length
  return [new URL(response.url()).pathname, bytes]
}

async function sum(measured: readonly Promise<[path: string, bytes: number]>[]): Promise<number> {
  const sizes = new Map(await Promise.all(measured))
  return [...sizes.values()].reduce((total, size) => total + size, 0)
}

/** Presses Tab until the element with this name has the focus. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const matches = (text: string) => (typeof name === 'string' ? text === name : name.test(text))
  for (let presses = 0; presses < 60; presses++) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null
      if (!element || element === document.body) return ''
      const labels = (element as HTMLInputElement).labels
      return element.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element.textContent ?? ''
    })
    if (matches(focused.trim())) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`nothing named ${name} can be reached with Tab`)
}
