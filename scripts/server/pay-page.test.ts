import { request as ask } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseServerEnv } from '#lib/env.ts'
import { type AppServer, startAppServer } from '#scripts/server/http-server.ts'
import { withPayPage } from '#scripts/server/pay-page.ts'
import { sessionParameters, stripeClient } from '#tests/support/stripe/client.ts'
import { type StripeStandIn, startStripeStandIn } from '#tests/support/stripe/stand-in.ts'

const APP_URL = 'http://shop.test'
const seen: string[] = []
let standIn: StripeStandIn
let server: AppServer

beforeAll(async () => {
  standIn = await startStripeStandIn({ secretKey: 'sk_test_x', webhookSecret: 'whsec_x', pagesAt: APP_URL })
  const demo = { STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_WEBHOOK_SECRET: `whsec_${'x'.repeat(16)}`, UB_DEMO_PAY: '1' }
  const own = { PORT: '0', APP_URL, UB_DATABASE: 'external', STRIPE_API_BASE: standIn.url }
  const env = parseServerEnv({ ...process.env, ...demo, ...own })
  const application = withPayPage(
    {
      handle: async (request, response) => {
        seen.push(request.url ?? '')
        response.end('the service')
      },
    },
    standIn.url,
  )
  server = await startAppServer(env, application)
})
afterAll(async () => {
  await server.close()
  await standIn.close()
})

async function send(method: string, path: string, { body = '', host = 'shop.test', headers = {} } = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    headers: Record<string, unknown>
    body: string
  }>()
  const sent = { host, ...(body && { 'content-length': String(body.length) }), ...headers }
  ask({ port: server.port, host: '127.0.0.1', method, path, headers: sent, agent: false }, async (response) =>
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }),
  )
    .on('error', reject)
    .end(body)
  return promise
}

async function openPage() {
  const session = await stripeClient(standIn, 'sk_test_x').checkout.sessions.create(sessionParameters())
  return { session, path: new URL(session.url!).pathname }
}

test('the hosted page is shown at the address of the service, and paid there', async () => {
  const { session, path } = await openPage()
  expect(session.url).toBe(`${APP_URL}/c/pay/${session.id}`)
  const page = await send('GET', path)
  expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
  expect(page.headers['content-security-policy']).toContain("default-src 'none'")
  expect(page.body).toContain('no real money')
  expect(await send('HEAD', path)).toMatchObject({ status: 200, body: '' })

  const declined = await send('POST', path, { body: 'action=decline' })
  expect(declined).toMatchObject({ status: 303, headers: { location: path } })
  const paid = await send('POST', path, { body: 'action=card' })
  expect(paid).toMatchObject({
    status: 303,
    headers: { location: session.success_url?.replace('{CHECKOUT_SESSION_ID}', session.id) },
  })
  expect((await send('GET', path)).body).toContain('The payment has arrived')
  expect(seen).toEqual([])
})

test('nothing else of the stand-in is reached by way of the service', async () => {
  const { path } = await openPage()
  for (const other of ['/v1/checkout/sessions', `${path}/x`, '/c/pay/', '/c/pay/../../v1/events', '/c/pay/%2e%2e']) {
    expect((await send('GET', other)).body).toBe('the service')
  }
  expect(seen.splice(0)).toHaveLength(5)
  expect(await send('GET', '/c/pay/cs_test_unknown')).toMatchObject({ status: 404 })
})

test('a form that is none is not read', async () => {
  const { path } = await openPage()
  expect((await send('POST', path, { body: 'x'.repeat(1_001) })).status).toBe(413)
  expect((await send('POST', path, { headers: { 'transfer-encoding': 'chunked' }, body: '' })).status).toBe(413)
})

test('a demonstration answers for names and addresses of the network, and for no public one', async () => {
  for (const host of ['localhost:3000', '127.0.0.1', '192.168.1.5', 'shop.test']) {
    expect((await send('GET', '/', { host })).status).toBe(200)
  }
  for (const host of ['203.0.113.7', 'chat.example.com']) expect((await send('GET', '/', { host })).status).toBe(421)
})
