import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from '@playwright/test'
import { findFreePort } from '#scripts/ports.ts'
import { cloneDatabase, type TestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { TEST_SECRETS } from '#tests/support/service.ts'
import { expect, expectAccessible, signIn, test } from './support/fixtures.ts'

const PERSON = { userId: '', name: 'Ada', email: 'demo@example.com', password: 'correct horse battery' }

/** Runs `npm start -- --demo-pay` until it greets or ends. */
async function startDemo(database: TestDatabase, own: { DATA_DIR: string; PORT: string }) {
  const child = spawn(process.execPath, ['scripts/start.ts', '--demo-pay'], {
    env: {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      DATABASE_URL: database.url,
      DATABASE_OWNER_URL: database.ownerUrl,
      ADMIN_EMAIL: PERSON.email,
      ADMIN_PASSWORD: PERSON.password,
      ...TEST_SECRETS,
      ...own,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const greeted = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        if (printed.includes('Ctrl-C stops')) resolve()
      })
    }
  })
  await Promise.race([greeted, ended])
  const stop = () => {
    child.kill('SIGTERM')
    return ended
  }
  return { output: () => printed, stop }
}

/** The label is there, above a page that fits below it. */
async function expectLabel(page: Page): Promise<void> {
  await expect(page.getByRole('complementary', { name: 'Notice' })).toHaveText('Demo payments: no real money is moved')
  await expect(page.getByRole('complementary', { name: 'Notice' })).toBeInViewport({ ratio: 1 })
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(overflow).toBeLessThanOrEqual(0)
}

test('a demonstration of payments: a whole purchase, labelled on every page, over a restart', async ({
  page,
  context,
}) => {
  const database = await cloneDatabase(JSON.parse(process.env.UB_TEST_CLUSTER ?? '') as TestCluster)
  const own = { DATA_DIR: mkdtempSync(path.join(tmpdir(), 'ub-demo-pay-')), PORT: String(await findFreePort()) }
  const url = `http://localhost:${own.PORT}`
  await page.setViewportSize({ width: 390, height: 844 })
  let demo = await startDemo(database, own)
  try {
    expect(demo.output()).toContain('Payments are a demonstration: no money is moved')
    await page.goto(`${url}/sign-in`)
    await expectLabel(page)
    await page.goto(`${url}/nothing/here`)
    await expectLabel(page)
    await signIn(context, url, PERSON)
    await page.goto(url)
    await expectLabel(page)
    expect(await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight)).toBe(0)
    await expect(page.getByRole('textbox')).toBeInViewport({ ratio: 1 })

    await page.goto(`${url}/credits`)
    await expectLabel(page)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Pay $5' }).click()
    await expect(page.getByText('This is a stand-in for Stripe, no real money')).toBeVisible()
    expect(page.url()).toMatch(`${url}/c/pay/cs_test_`)

    // What was begun can be ended by the next start.
    expect(await demo.stop()).toBe(0)
    expect(statSync(path.join(own.DATA_DIR, 'demo-pay.json')).mode & 0o777).toBe(0o600)
    demo = await startDemo(database, own)
    await page.reload()
    await page.getByRole('button', { name: /^Pay by card(?! that)/ }).click()
    await expect(page.getByText('Paid. 5 credits are yours.')).toBeVisible()
    await expectLabel(page)

    // Its message came in too, by itself.
    const readEvents = async () => {
      const { rows } = await database.db.execute<{ type: string }>(
        `SELECT type FROM payment_events WHERE source = 'webhook'`,
      )
      return rows.map(({ type }) => type)
    }
    await expect.poll(readEvents).toContain('checkout.session.completed')
    await page.goto(`${url}/credits`)
    await expect(page.getByText('105credits available')).toBeVisible()
    await page.getByRole('link', { name: 'Back to the chat' }).click()
    await expectLabel(page)
  } finally {
    await demo.stop()
    await database.close()
    rmSync(own.DATA_DIR, { recursive: true, force: true })
  }
})
