import { answers } from '#tests/support/fake-vendor.ts'
import { evaluateInService, INSPECTED } from '#tests/support/inspector.ts'
import { startService } from '#tests/support/service.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, signIn, test } from './support/fixtures.ts'

test('a page, an action, a route and instrumentation share one pool and one set of live runs', async ({
  page,
  context,
  installation,
}) => {
  const service = await startService(installation.database, INSPECTED)
  try {
    const person = await installation.createPerson()
    installation.vendor.setBehavior('answer')
    await signIn(context, service.url, person)
    await page.goto(`${service.url}/`)
    const chat = new ChatPage(page)
    await chat.waitUntilAlive()
    await chat.ask('Which instance are you?')
    await chat.answered()
    await page.goto(`${service.url}/account`)
    await page.getByLabel('Name').fill('Renamed by an action')
    await page.getByRole('button', { name: 'Save' }).first().click()
    await expect(page.getByText('Saved').first()).toBeVisible()

    const sharers = await evaluateInService<Record<string, number>>(
      service,
      `Object.fromEntries([...globalThis[Symbol.for('undefined-behavior.singletons')]].map(([name, entry]) => [name, entry.sharers.size]))`,
    )
    console.log('module copies that share an instance:', JSON.stringify(sharers))
    // Routes, pages with actions, and instrumentation each load their own copy of every module.
    expect(sharers.database).toBeGreaterThanOrEqual(3)

    // A route starts a run; instrumentation's hook ends it when the process is told to stop.
    installation.vendor.setBehavior(
      answers({ text: Array.from({ length: 1000 }, (_, i) => `still${i} `), intervalMs: 50 }),
    )
    await page.goto(`${service.url}/`)
    await chat.waitUntilAlive()
    await chat.ask('Who ends you?')
    await expect(chat.answers).toContainText('still3')
    expect(await service.stop()).toBe(0)
    const runs = await installation.database.db.execute<{ status: string; hold: string }>(
      `SELECT g.status, h.state AS hold FROM generations g JOIN holds h ON h.id = g.hold_id
       WHERE g.user_id = '${person.userId}' ORDER BY g.created_at`,
    )
    expect(runs.rows).toEqual([
      { status: 'completed', hold: 'captured' },
      { status: 'interrupted', hold: 'captured' },
    ])
  } finally {
    await service.stop()
  }
})
