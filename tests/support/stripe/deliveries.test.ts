import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Stripe from 'stripe'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { signature } from './deliveries.ts'
import { SECRET_KEY, startHarness, WEBHOOK_SECRET } from './harness.ts'

type Received = { body: string; signature: string | undefined }

/** An endpoint that answers with what it is told. */
async function startEndpoint() {
  const received: Received[] = []
  const waiting: (() => void)[] = []
  const endpoint = {
    status: () => 200,
    received,
    url: '',
    /** Resolves once this many have come. */
    async arrivals(count: number) {
      while (received.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      received.push({ body, signature: request.headers['stripe-signature'] as string | undefined })
      const status = endpoint.status()
      if (status === 0) response.destroy()
      else response.writeHead(status, status === 307 ? { location: '/elsewhere' } : {}).end()
      for (const wake of waiting.splice(0)) wake()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return endpoint
}

const endpoint = await startEndpoint()
const directory = await mkdtemp(path.join(tmpdir(), 'stand-in-'))

beforeEach(() => {
  endpoint.received.length = 0
  endpoint.status = () => 200
})

afterAll(async () => {
  await endpoint.close()
  await rm(directory, { recursive: true })
})

const verified = ({ body, signature: header }: Received) =>
  Stripe.webhooks.constructEvent(body, String(header), WEBHOOK_SECRET)
const typesOf = (received: Received[]) => received.map(({ body }) => (JSON.parse(body) as Stripe.Event).type)

describe('told to deliver', () => {
  it('sends nothing by itself, and then signed as the SDK expects', async () => {
    const { standIn, paidIntent } = await startHarness({ webhookUrl: endpoint.url })
    await paidIntent()
    expect(endpoint.received).toEqual([])
    const [event] = standIn.events
    expect(event?.pending_webhooks).toBe(1)
    expect(await standIn.deliver(event as Stripe.Event)).toEqual([200])
    expect(verified(endpoint.received[0] as Received)).toEqual({ ...event, pending_webhooks: 1 })
    expect(event?.pending_webhooks).toBe(0)
    expect(standIn.undelivered).toHaveLength(standIn.events.length - 1)
    expect(await standIn.deliverPending()).toEqual([200, 200, 200, 200])
    expect(typesOf(endpoint.received)).toEqual(standIn.events.map(({ type }) => type))
    expect(await standIn.deliverPending()).toEqual([])
    await standIn.close()
  })

  it('repeats, and counts anything but 2xx as not accepted', async () => {
    const { standIn, paidIntent } = await startHarness({ webhookUrl: endpoint.url })
    await paidIntent()
    const event = standIn.events[0] as Stripe.Event
    const answers = [500, 307, 0, 200, 200]
    endpoint.status = () => answers.shift() as number
    expect(await standIn.deliver(event, { times: 3 })).toEqual([500, 307, 0])
    expect(standIn.undelivered).toContain(event)
    expect(await standIn.deliver(event, { times: 2 })).toEqual([200, 200])
    expect(standIn.undelivered).not.toContain(event)
    expect(new Set(endpoint.received.map(({ body }) => (JSON.parse(body) as Stripe.Event).id))).toEqual(
      new Set([event.id]),
    )
    await standIn.close()
  })

  it('forges, dates back, tampers and leaves unsigned', async () => {
    const { standIn, paidIntent } = await startHarness({ webhookUrl: endpoint.url })
    await paidIntent()
    const event = standIn.events[0] as Stripe.Event
    const body = JSON.stringify({ ...event, livemode: true })
    await standIn.deliver(event, { signWith: 'whsec_other' })
    await standIn.deliver(event, { timestamp: Math.floor(Date.now() / 1000) - 301 })
    await standIn.deliver(event, { body })
    await standIn.deliver(event, { signWith: null })
    for (const received of endpoint.received)
      expect(() => verified(received)).toThrow(Stripe.errors.StripeSignatureVerificationError)
    const handMade = { body, signature: signature(body, WEBHOOK_SECRET, Math.floor(Date.now() / 1000)) }
    expect(verified(handMade)).toMatchObject({ livemode: true })
    await standIn.close()
  })
})

describe('delivering by itself', () => {
  it('sends each event and asks again until it is accepted', async () => {
    const { standIn, paidIntent } = await startHarness({ deliver: 'auto' })
    let refusals = 3
    endpoint.status = () => (refusals-- > 0 ? 500 : 200)
    await paidIntent()
    standIn.webhookUrl = endpoint.url
    await endpoint.arrivals(5 + 3)
    await expect.poll(() => standIn.undelivered).toEqual([])
    expect(new Set(typesOf(endpoint.received))).toEqual(new Set(standIn.events.map(({ type }) => type)))
    await standIn.close()
  })

  it('says nothing more once it is closed', async () => {
    const { standIn, openSession, paidIntent } = await startHarness({ deliver: 'auto', webhookUrl: endpoint.url })
    const session = await openSession()
    await paidIntent()
    await endpoint.arrivals(5)
    await standIn.close()
    standIn.expire(session.id)
    await new Promise((resolve) => setImmediate(resolve))
    expect(standIn.undelivered.map(({ type }) => type)).toContain('checkout.session.expired')
    await fetch(endpoint.url, { method: 'POST', body: 'whatever was sent before has come by now' })
    expect(endpoint.received).toHaveLength(5 + 1)
  })
})

describe('with a file', () => {
  it('knows everything after a restart, and delivers what was left', async () => {
    const file = path.join(directory, 'stripe.json')
    const first = await startHarness({ file })
    const intent = await first.paidIntent()
    const open = await first.stripe.checkout.sessions.create(
      {
        mode: 'payment',
        success_url: 'http://shop.example',
        line_items: [{ price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'x' } } }],
      },
      { idempotencyKey: 'order-1' },
    )
    const events = structuredClone(first.standIn.events)
    await first.standIn.close()
    expect(await readdir(directory)).toEqual(['stripe.json'])
    expect(await readFile(file, 'utf8')).not.toContain(SECRET_KEY)

    const second = await startHarness({ file, deliver: 'auto', webhookUrl: endpoint.url })
    expect(second.standIn.events).toEqual(events)
    await endpoint.arrivals(events.length)
    await expect.poll(() => second.standIn.undelivered).toEqual([])
    const refund = await second.stripe.refunds.create({ payment_intent: intent.id })
    expect((await second.stripe.refunds.list({ payment_intent: intent.id })).data).toEqual([refund])
    second.standIn.pay(open.id, { method: 'card' })
    const again = await second.stripe.checkout.sessions.create(
      {
        mode: 'payment',
        success_url: 'http://shop.example',
        line_items: [{ price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'x' } } }],
      },
      { idempotencyKey: 'order-1' },
    )
    expect(again).toEqual(open)
    await second.standIn.close()
  })
})
