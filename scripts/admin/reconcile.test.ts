import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCtx } from '#lib/ctx.ts'
import { fulfilOrder } from '#lib/payments/fulfil.ts'
import { stripeProvider } from '#lib/payments/stripe.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createBuyer, createOrder } from '#tests/support/orders.ts'
import type { StripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { startProcessStripe } from '#tests/support/stripe-service.ts'
import { answer } from './run.ts'

let database: TestDatabase
let stripe: StripeStandIn

beforeAll(async () => {
  stripe = await startProcessStripe()
  database = await createTestDatabase()
})
afterAll(async () => {
  await stripe.close()
  await database.close()
})

const run = (...args: string[]) =>
  answer(['reconcile', ...args], {
    withService: (_command, work) => work(systemCtx('admin', database.db)),
    readSecret: () => expect.unreachable('nobody is asked'),
  })
/** What a person at a terminal reads, without the time it is. */
const tell = async (...args: string[]) => {
  const { exitCode, stdout } = await run(...args)
  return [exitCode, stdout.trimEnd().replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'T')]
}

test('tells what was missed, what was found out and what differs', async () => {
  const system = systemCtx('test', database.db)
  const buyer = await createBuyer(database)
  const order = await createOrder(buyer)
  const facts = (await stripeProvider.beginPayment(order))!
  await fulfilOrder(system, { orderId: order.id, facts })
  stripe.pay(facts.sessionId!, { method: 'card' })
  const [event] = stripe.events.filter(({ type }) => type === 'checkout.session.completed')
  const { reference } = order
  const money = 'USD: 10.00 came in, 0.00 refunded, 0.00 disputed, 0.59 fees, 9.41 left'
  expect(await tell()).toEqual([
    0,
    [
      'asked Stripe from T to T',
      'missed events: 1',
      `  T  ${reference}  checkout.session.completed  ${event!.id}`,
      'orders that were caught up on: 1',
      `  ${reference}  state: open -> paid; credits: 0 -> 10; paid: none -> 10.00 USD`,
      'DIFFERENCES: none',
      money,
      'Stripe and this service agree',
    ].join('\n'),
  ])
  const more = { ...facts, state: 'paid' as const, paid: { amountMinor: 1_200n, currency: 'USD' } }
  await fulfilOrder(system, { orderId: order.id, facts: more })
  expect(await tell('--since', '2')).toEqual([
    1,
    [
      'asked Stripe from T to T',
      'missed events: none',
      'orders that were caught up on: none',
      'DIFFERENCES: 1',
      `  ${reference}  paid: here 12.00 USD, at Stripe 10.00 USD`,
      money,
      'STRIPE AND THIS SERVICE DO NOT AGREE',
    ].join('\n'),
  ])
  const { exitCode, stdout } = await run('--json')
  expect({ exitCode, ...JSON.parse(stdout) }).toEqual({
    exitCode: 1,
    since: expect.stringMatching(/Z$/),
    until: expect.stringMatching(/Z$/),
    missedEvents: [],
    healed: [],
    differences: [{ orderId: order.id, reference, what: 'paid', ours: '12.00 USD', theirs: '10.00 USD' }],
    totals: [{ currency: 'USD', gross: '10.00', refunded: '0.00', disputed: '0.00', fees: '0.59', net: '9.41' }],
  })
})

test('takes days that Stripe still knows of', async () => {
  for (const days of ['0', '31', 'yesterday']) expect((await run('--since', days)).exitCode).toBe(2)
  stripe.failNext({ with: 500, times: 2 })
  const { exitCode, stderr } = await run()
  expect(exitCode).toBe(1)
  expect(stderr).toContain('Stripe')
})
