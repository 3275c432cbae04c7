import type { Page } from '@playwright/test'
import { systemCtx } from '#lib/ctx.ts'
import { setModel } from '#lib/models/index.ts'
import { seedPackages } from '#lib/payments/index.ts'
import { type ChangeSettingsInput, changeSettings } from '#lib/settings/index.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, expectAccessible, type Installation, signIn, test } from './support/fixtures.ts'
import { browserOf, inspect, VIEWS } from './support/screens.ts'

const HEADLINE = { en: 'Language models, prepaid', 'zh-CN': '先充值，再用大模型' }
const LONG_MODEL = 'A model whose makers could not settle on a shorter name (2026-11-22, preview, 长名字)'
const SHARED = 'public, max-age=0, must-revalidate, s-maxage=10, stale-if-error=86400'
const UNSET = {
  site_name: 'Undefined Behavior',
  registration: 'open',
  sign_up_credit_micros: null,
  contact: null,
  terms: null,
  privacy: null,
  registration_number: null,
  notice_text: null,
  notice_dismissable: 'on',
} satisfies ChangeSettingsInput['changes']

const change = ({ database }: Installation, changes: ChangeSettingsInput['changes']) =>
  changeSettings(systemCtx('test', database.db), { changes })

/** Opens a page until it shows what has just changed: it may be two seconds old. */
async function openUntil(page: Page, address: string, shows: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await page.goto(address)
    await shows()
  }).toPass({ timeout: 15_000 })
}

const soon = { timeout: 500 }

test.afterEach(({ installation }) => change(installation, UNSET))

test('a stranger reads what this is and what it costs now, and how to start as it is now', async ({
  page,
  context,
  installation,
}) => {
  const ctx = systemCtx('test', installation.database.db)
  const main = page.getByRole('main')
  await change(installation, { sign_up_credit_micros: '3500000', contact: 'help@example.com' })
  await openUntil(page, '/', () => expect(main.getByText('It starts with 3.5 credits.')).toBeVisible(soon))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(HEADLINE.en)
  await expect(page).toHaveTitle('Undefined Behavior: prepaid language models')
  const row = page.getByRole('row', { name: /test-model/ })
  await expect(row.getByRole('cell')).toHaveText(['100', '400'])
  await expect(page.getByText('help@example.com')).toHaveAttribute('href', 'mailto:help@example.com')

  // The same figures as in the chat's own list of models.
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  const chat = new ChatPage(page)
  await chat.open()
  await page.getByRole('button', { name: /^Model: / }).click()
  await expect(page.getByRole('menuitemradio', { name: /test-model/ })).toContainText('100 in · 400 out')
  await context.clearCookies()

  try {
    await setModel(ctx, { id: 'test-model', input: '0.315', cached: '0.0425', output: '12.5' })
    await openUntil(page, '/', () => expect(row.getByRole('cell')).toHaveText(['0.32', '12.5'], soon))
    await page.getByRole('link', { name: 'Prices in full' }).click()
    await expect(row.getByRole('cell')).toHaveText([/test-model/, '0.315', '0.0425', '12.5'])
  } finally {
    await setModel(ctx, { id: 'test-model', input: '100', output: '400' })
  }

  await change(installation, { registration: 'closed' })
  await openUntil(page, '/', () => expect(main.getByText(/registration is closed/)).toBeVisible(soon))
  await expect(page.getByRole('link', { name: 'Create an account' })).toHaveCount(0)
  await main.getByRole('link', { name: 'Sign in', exact: true }).click()
  await expect(page).toHaveURL(/\/sign-in$/)
  await page.getByRole('link', { name: 'Undefined Behavior' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(HEADLINE.en)
})

test('without JavaScript it is all there, and another language too', async ({ browser, installation, watch }) => {
  const context = await browser.newContext({
    baseURL: installation.service.url,
    javaScriptEnabled: false,
    locale: 'zh-CN',
  })
  watch(context)
  const page = await context.newPage()
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(HEADLINE['zh-CN'])
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(HEADLINE.en)
  await page.getByRole('navigation').getByRole('link', { name: 'Prices' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Models and prices')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await context.close()
})

test('a cache may keep it for strangers only, and an index only what is for everybody', async ({
  playwright,
  context,
  installation,
}) => {
  const { url } = installation.service
  const stranger = await playwright.request.newContext({ baseURL: url })
  for (const address of ['/', '/prices']) {
    const reply = await stranger.get(address)
    const headers = reply.headers()
    expect(headers).toMatchObject({ 'cache-control': SHARED, vary: expect.stringMatching(/Accept-Language, Cookie/) })
    expect(headers).not.toHaveProperty('set-cookie')
    expect(headers).not.toHaveProperty('x-robots-tag')
    const html = await reply.text()
    expect(html).toContain(`<link rel="canonical" href="${url}${address}"`)
    expect(html).toMatch(/<meta name="description" content="[^"]{40,}"/)
    expect(html).not.toMatch(/name="robots"/)
  }
  const chinese = await stranger.get('/', { headers: { 'accept-language': 'zh-TW,zh;q=0.9,en;q=0.5' } })
  expect(await chinese.text()).toContain(HEADLINE['zh-CN'])
  for (const address of ['/sign-in', '/register', '/nowhere', '/terms']) {
    const reply = await stranger.get(address)
    expect([address, reply.headers()['cache-control']]).toEqual([address, expect.stringContaining('no-store')])
    if (address !== '/terms') expect(reply.headers()['x-robots-tag']).toBe('noindex, nofollow')
  }
  const robots = await stranger.get('/robots.txt')
  expect(robots.status()).toBe(200)
  expect(await robots.text()).toMatch(/^Allow: \/\$$[\s\S]*^Disallow: \/$/m)
  await stranger.dispose()

  await signIn(context, url, await installation.createPerson())
  for (const address of ['/', '/prices']) {
    const reply = await context.request.get(address)
    expect([address, reply.headers()['cache-control']]).toEqual([address, expect.stringMatching(/private.*no-store/)])
  }
})

test('who is signed in finds the way back to the chat, and a dead session no loop', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  await page.goto('/prices')
  await page.getByRole('link', { name: 'Open the chat' }).click()
  await expect(new ChatPage(page).composer).toBeVisible()
  await installation.admin('disable-user', '--user', person.email)
  await page.goto('/prices')
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible()
  await page.goto('/')
  await expect(page).toHaveURL(/\/sign-in$/)
})

test('terms, privacy and a registration number are there once the operator has written them', async ({
  page,
  context,
  installation,
}) => {
  expect((await page.goto('/terms'))!.status()).toBe(404)
  await signIn(context, installation.service.url, await installation.createPerson({ role: 'admin' }))
  await page.goto('/admin/settings')
  const group = page.locator('#public')
  await group
    .getByLabel('Terms')
    .fill(
      '## Fair use\n\n**Be kind.** <img src=x onerror=alert(1)> [no](javascript:alert(1)) [yes](https://example.com/)',
    )
  await group.getByLabel('Privacy').fill('# 隐私政策\n\n我们只保存你写下的内容。')
  await group.getByLabel('Registration number').fill('京ICP备12345678号-1')
  await group.getByRole('button', { name: 'Save' }).click()
  await expect(group.getByText('Saved')).toBeVisible()
  await context.clearCookies()
  await openUntil(page, '/', () => expect(page.getByRole('link', { name: 'Terms' })).toBeVisible(soon))
  const number = page.getByRole('link', { name: '京ICP备12345678号-1' })
  await expect(number).toHaveAttribute('href', 'https://beian.miit.gov.cn/')
  await page.getByRole('link', { name: 'Terms' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Terms')
  await expect(page.getByRole('heading', { level: 2 })).toHaveText('Fair use')
  await expect(page.locator('article strong')).toHaveText('Be kind.')
  await expect(page.locator('article').getByRole('link')).toHaveText(['yes'])
  await expect(page.locator('article img')).toHaveCount(0)
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Privacy' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('隐私政策')
  await expect(page.locator('article .markdown')).toHaveAttribute('lang', 'zh-CN')
  await expectAccessible(page)
})

test('a page out of a cache knows what this browser has chosen', async ({ page, context, installation }) => {
  await change(installation, { notice_text: 'Maintenance on Sunday' })
  await openUntil(page, '/', () => expect(page.getByText('Maintenance on Sunday')).toBeVisible(soon))
  await page.getByRole('radio', { name: 'Dark' }).check()
  await page.getByRole('button', { name: 'Put this notice away' }).click()
  await expect(page.getByText('Maintenance on Sunday')).toHaveCount(0)
  expect((await context.cookies()).map(({ name }) => name).sort()).toEqual(['notice', 'theme'])
  // A cache asks without cookies.
  await page.route('**/', async (route) => {
    const { cookie: _, ...headers } = await route.request().allHeaders()
    await route.fulfill({ response: await route.fetch({ headers: { ...headers, cookie: '' } }) })
  })
  await page.goto('/')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expect(page.getByText('Maintenance on Sunday')).toBeHidden()
  await expectAccessible(page)
  // What may not be put away is there, whatever a browser says.
  await change(installation, { notice_dismissable: 'off' })
  await openUntil(page, '/', () => expect(page.getByText('Maintenance on Sunday')).toBeVisible(soon))
})

for (const { width, locale } of VIEWS) {
  test(`at ${width} px in ${locale}: with no model, one and sixty, nothing overflows`, async ({
    browser,
    installation,
    watch,
  }) => {
    test.setTimeout(240_000)
    const ctx = systemCtx('test', installation.database.db)
    const sql = (text: string) => installation.database.db.execute(text)
    const context = await browser.newContext({
      baseURL: installation.service.url,
      ...browserOf({ width, locale }),
    })
    watch(context)
    const page = await context.newPage()
    const shoot = (name: string) => inspect(page, `front-${name}-${width}-${locale}`, true)
    const body = page.locator('main')
    try {
      await openUntil(page, '/', () => expect(body.getByText('test-model')).toBeVisible(soon))
      await shoot('one')
      await page.goto('/terms')
      await shoot('none-written')
      await sql('UPDATE models SET visible = false')
      await openUntil(page, '/', () => expect(body.getByRole('table')).toHaveCount(0, soon))
      await shoot('no-model')
      await page.goto('/prices')
      await shoot('no-prices')
      for (let index = 0; index < 60; index++) {
        await setModel(ctx, {
          id: `front-${index}`,
          displayName: index === 1 ? LONG_MODEL : `Model ${index} ${index % 3 ? 'mini' : '通用'}`,
          vendor: ['openai', 'deepseek', 'qwen', 'somebody-with-a-long-vendor-name-of-their-own'][index % 4],
          input: String(0.05 * (index + 1)).slice(0, 6),
          output: index === 1 ? '1234567.891234' : String(index + 1),
          cached: index % 2 ? '0.000123' : undefined,
          request: index === 4 ? '0.01' : undefined,
          contextTokens: 1_000_000,
          channel: 'test',
          visible: true,
        })
      }
      await seedPackages(ctx, { currency: 'USD' })
      await change(installation, {
        site_name: '一个名字很长的大模型服务 A service with a long name of its own, sixty',
        registration: 'closed',
        contact: 'https://example.com/a-very-long-address/that/nobody/would/break/by/hand?with=parameters',
        terms:
          '## 一、服务\n\n你先充值，再使用。余额不会过期。\n\n| 项目 | 说明 |\n|---|---|\n| 退款 | 七天内 |\n\n## 二、内容\n\n1. 遵守法律。\n2. 尊重他人。\n\nhttps://example.com/averyveryverylongaddresswithoutanybreakinitwhatsoeverorelse\n',
        privacy: 'x',
        registration_number: '京ICP备12345678号-1',
      })
      await openUntil(page, '/', () => expect(body.getByText(LONG_MODEL)).toBeVisible(soon))
      await shoot('sixty')
      await page.goto('/prices')
      await expect(body.getByText(LONG_MODEL)).toBeVisible()
      await shoot('sixty-prices')
      await page.goto('/terms')
      await shoot('terms')
    } finally {
      await sql(`UPDATE models SET visible = id NOT LIKE 'front-%'`)
      await context.close()
    }
  })
}
