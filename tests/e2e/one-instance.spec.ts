import { answers } from '#tests/support/fake-vendor.ts'
import { startService } from '#tests/support/service.ts'
import { ChatPage } from './support/chat-page.ts'
import { expect, signIn, test } from './support/fixtures.ts'

test('a page, an action, a route and instrumentation share one pool and one set of live runs', async ({
  page,
  context,
  installation,
}) => {
  const service = await startService(installation.database, { NODE_OPTIONS: '--inspect=127.0.0.1:0' })
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

    const sharers = await evaluateInServer(
      service.output(),
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

/** Asks the running server through Node's inspector, so that the app needs no door for tests. */
async function evaluateInServer(output: string, expression: string): Promise<Record<string, number>> {
  const address = /Debugger listening on (ws:\/\/\S+)/.exec(output)?.[1]
  expect(address, output).toBeTruthy()
  const socket = new WebSocket(address!)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  const reply = new Promise<Record<string, number>>((resolve) => {
    socket.addEventListener('message', ({ data }) => resolve(JSON.parse(String(data)).result.result.value))
  })
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression, returnByValue: true } }))
  try {
    return await reply
  } finally {
    socket.close()
  }
}
