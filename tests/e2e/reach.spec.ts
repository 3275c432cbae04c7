import { ChatPage } from './support/chat-page.ts'
import { expect, test } from './support/fixtures.ts'

// Chromium maps this address to this machine (playwright.config.ts): the server sees the phone's Host header.
const LAN_HOST = '192.168.77.7'

test('from a phone in the LAN: register, ask, sign out and in again, without ever being sent to localhost', async ({
  page,
  installation,
}) => {
  installation.vendor.setBehavior('answer')
  const url = `http://${LAN_HOST}:${installation.service.port}`
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== url) elsewhere.push(request.url())
  })
  const email = `phone-${installation.service.port}@example.com`
  await page.goto(`${url}/register`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Name').fill('Phone')
  await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery')
  await page.getByRole('button', { name: 'Create account' }).click()
  const chat = new ChatPage(page)
  await expect(chat.composer).toBeVisible()
  expect(new URL(page.url()).host).toBe(new URL(url).host)

  const grant = await installation.admin('grant', '--user', email, '--credits', '5', '--reason', 'a test')
  expect(grant.stderr).toBe('')
  await chat.waitUntilAlive()
  await chat.ask('Hello from the sofa')
  await chat.answered()

  await page.getByRole('button', { name: /^Phone ?: account menu$/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(new RegExp(`^${url}/sign-in`))
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(chat.composer).toBeVisible()
  expect(elsewhere).toEqual([])
})

test('a session that was revoked leads to a sign-in page that works, not into a loop', async ({
  page,
  context,
  installation,
}) => {
  const { signIn } = await import('./support/fixtures.ts')
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  await page.goto('/')
  await expect(new ChatPage(page).composer).toBeVisible()
  await installation.admin('set-password', '--user', person.email, '--password-stdin')
  const visited: string[] = []
  page.on('framenavigated', (frame) => visited.push(frame.url()))
  await page.goto('/')
  await expect(page).toHaveURL(/\/sign-in/)
  expect(visited.length).toBeLessThan(4)
  await page.getByLabel('E-mail').fill(person.email)
  await page.getByRole('textbox', { name: 'Password' }).fill(person.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(new ChatPage(page).composer).toBeVisible()
})

test('a disabled person is refused by the next request', async ({ page, context, installation }) => {
  const { signIn } = await import('./support/fixtures.ts')
  const person = await installation.createPerson()
  await signIn(context, installation.service.url, person)
  expect((await context.request.get('/api/status')).status()).toBe(200)
  await installation.admin('disable-user', '--user', person.email)
  expect((await context.request.get('/api/status')).status()).toBe(401)
  await page.goto('/')
  await expect(page).toHaveURL(/\/sign-in/)
})

test('after signing out the back button shows nothing of what was there', async ({ page, context, installation }) => {
  const { signIn } = await import('./support/fixtures.ts')
  const person = await installation.createPerson({ name: 'Nobody Else' })
  await signIn(context, installation.service.url, person)
  await page.goto('/')
  await expect(new ChatPage(page).composer).toBeVisible()
  await page.goto('/account')
  await expect(page.getByText(person.email)).toBeVisible()
  await page.getByRole('button', { name: 'Sign out', exact: true }).last().click()
  await expect(page).toHaveURL(/\/sign-in/)
  await page.goBack()
  await expect(page).toHaveURL(/\/sign-in/)
  await expect(page.getByText(person.email)).toHaveCount(0)
  // Where the chat was stands what is there for everybody.
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Language models, prepaid')
  await expect(page.getByText(person.name)).toHaveCount(0)
})
