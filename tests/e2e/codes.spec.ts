import type { Page } from '@playwright/test'
import { systemCtx } from '#lib/ctx.ts'
import { createCodes } from '#lib/payments/index.ts'
import { expect, expectAccessible, type Installation, signIn, test } from './support/fixtures.ts'

const makeCode = async ({ database }: Installation) => {
  const terms = { name: 'Autumn', creditsMicros: 12_500_000n, count: 1 }
  const { codes } = await createCodes(systemCtx('test', database.db), terms)
  return codes[0]!
}
const linesOf = (page: Page) => page.getByRole('row').filter({ has: page.locator('a[data-entry]') })

test('somebody without credits mistypes a code, redeems it, and finds it in the statement', async ({
  page,
  context,
  installation,
}) => {
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  const code = await makeCode(installation)
  await page.goto('/credits')
  const field = page.getByRole('textbox', { name: 'Code' })
  const redeem = page.getByRole('button', { name: 'Redeem' })

  await redeem.click()
  await expect(field).toHaveAccessibleDescription('Enter the code you were given.')
  await expect(field).toBeFocused()
  const wrong = code.slice(0, -1) + (code.endsWith('0') ? '1' : '0')
  await field.fill(wrong)
  await field.press('Enter')
  await expect(field).toHaveAccessibleDescription(/not quite a code/)
  await expect(field).toHaveValue(wrong)
  await expectAccessible(page)

  // Typed as people do; Enter twice in a row is one redemption.
  await field.fill(` ${code.toLowerCase().replaceAll('-', ' ')} `)
  await field.press('Enter')
  await field.press('Enter')
  await expect(page.getByRole('status').filter({ hasText: 'Redeemed.' })).toBeVisible()
  await expect(page.getByText('12.5credits available')).toBeVisible()
  await expect(linesOf(page)).toHaveCount(1)
  await expect(linesOf(page)).toContainText('Code redeemed')
  expect(await installation.postedMicros(person)).toBe(12_500_000n)
  await expectAccessible(page)

  await linesOf(page).getByRole('link').click()
  await expect(page.getByRole('dialog')).toContainText(`…${code.slice(-4)}`)
})

test('on a phone, in Chinese, a code that somebody else was faster with', async ({ browser, installation, watch }) => {
  const context = await browser.newContext({
    baseURL: installation.service.url,
    locale: 'zh-CN',
    viewport: { width: 390, height: 844 },
  })
  watch(context)
  const person = await installation.createPerson({ credits: 0 })
  await signIn(context, installation.service.url, person)
  const other = await installation.createPerson({ credits: 0 })
  const theirs = await browser.newContext({ baseURL: installation.service.url })
  watch(theirs)
  await signIn(theirs, installation.service.url, other)
  const code = await makeCode(installation)
  const theirPage = await theirs.newPage()
  await theirPage.goto('/credits')
  await theirPage.getByRole('textbox', { name: 'Code' }).fill(code)
  await theirPage.getByRole('button', { name: 'Redeem' }).click()
  await expect(theirPage.getByRole('status').filter({ hasText: 'Redeemed.' })).toBeVisible()

  const page = await context.newPage()
  await page.goto('/credits')
  const field = page.getByRole('textbox', { name: '兑换码' })
  await field.fill(code)
  await page.getByRole('button', { name: '兑换', exact: true }).click()
  await expect(field).toHaveAccessibleDescription('这个兑换码已被使用。')
  await expect(field).toHaveValue(code)
  expect(await installation.postedMicros(person)).toBe(0n)
  await expectAccessible(page)
  await context.close()
  await theirs.close()
})
