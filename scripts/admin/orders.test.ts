import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { fulfilOrder } from '#lib/payments/fulfil.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer, createOrder, type OrderRow, readWallet } from '#tests/support/orders.ts'
import { TEST_SECRETS } from '#tests/support/service.ts'
import { UsageError } from './command.ts'
import { answer } from './run.ts'

let database: TestDatabase
let ada: Buyer

beforeAll(async () => {
  Object.assign(process.env, TEST_SECRETS)
  database = await createTestDatabase()
  process.env.DATABASE_URL = database.url
})
beforeEach(async () => {
  ada = await createBuyer(database)
  await database.db.execute(sql`DELETE FROM packages`)
})
afterAll(() => database.close())

type Json = Record<string, unknown> & { error: { code: string; message: string } }

async function run(args: string[]) {
  return answer(args, {
    withService: (_command, work) => work(systemCtx('admin', database.db)),
    readSecret: async () => {
      throw new UsageError('nobody is there')
    },
  })
}
async function admin(...args: string[]): Promise<{ code: number; answer: Json }> {
  const { exitCode, stdout } = await run([...args, '--json'])
  return { code: exitCode, answer: JSON.parse(stdout) }
}
/** What a person at a terminal reads. */
const tell = async (...args: string[]) => (await run(args)).stdout.trimEnd()
const place = (fields: Partial<OrderRow> = {}) => createOrder(ada, { provider: 'manual', method: null, ...fields })
const balance = async () => (await readWallet(ada, ada.walletId)).postedMicros

test('a package is made in the site’s currency, changed and listed', async () => {
  const made = await admin('package', 'set', 'small', '--price', '9.9', '--credits', '10', '--bonus', '0.5')
  const small = { id: 'small', price: '9.90', currency: 'USD', credits: '10', bonus: '0.5', position: 0, active: true }
  expect(made).toEqual({ code: 0, answer: { ...small, changed: true } })
  expect(await tell('package', 'set', 'small', '--price', '9.90')).toBe(
    'small  9.90 USD for 10 credits and 0.5 as a bonus, position 0 (as before)',
  )
  await admin('package', 'set', 'yen', '--price', '500', '--currency', 'JPY', '--credits', '500', '--position', '2')
  expect(await tell('package', 'set', 'yen', '--price', '600', '--active', 'no')).toBe(
    'yen  600 JPY for 500 credits, position 2, NOT FOR SALE',
  )
  const { answer: listed } = await admin('package', 'list')
  expect(listed).toMatchObject({ packages: [small, { id: 'yen', price: '600', currency: 'JPY', active: false }] })
})

test.each([
  [['new', '--credits', '1'], 'a new package needs a price'],
  [['new', '--price', '1'], 'a new package needs credits'],
  [['new', '--price', '1.005', '--credits', '1'], '--price must be an amount of USD above zero'],
  [['new', '--price', '0', '--credits', '1'], '--price must be an amount of USD above zero'],
  [['new', '--price', '1', '--currency', 'XYZ', '--credits', '1'], 'nobody can pay in XYZ'],
  [['new', '--price', '1', '--credits', 'ten'], '--credits must be'],
  [['new', '--price', '1', '--credits', '0'], 'creditsMicros'],
  [['New', '--price', '1', '--credits', '1'], 'id: must be'],
  [['new', '--price', '1', '--credits', '1', '--active', 'maybe'], '--active must be yes or no'],
])('no package is made of %j', async (words, message) => {
  const refused = await admin('package', 'set', ...words)
  expect(refused).toMatchObject({ code: 2, answer: { error: { message: expect.stringContaining(message) } } })
  expect(await tell('package', 'list')).toBe('none')
})

test('an order is found by its reference or its id, and a transfer confirmed once', async () => {
  const { id, reference } = await place({ state: 'pending', payerNote: 'from Ada' })
  const { answer: waiting } = await admin('order', 'list', '--state', 'pending')
  expect(waiting).toMatchObject({
    orders: [{ id, reference, price: '10.00', payerNote: 'from Ada' }],
    nextBefore: null,
  })
  const confirmed = await admin('order', 'confirm', reference.toLowerCase().replace('-', ' '), '--reason', 'seen today')
  expect(confirmed).toMatchObject({
    code: 0,
    answer: { id, state: 'paid', paid: '10.00', credited: '10', bonusCredited: '1', changed: true },
  })
  expect(await balance()).toBe(11_000_000n)
  expect(await admin('order', 'confirm', id)).toMatchObject({ code: 0, answer: { changed: false } })
  expect(await admin('order', 'confirm', id, '--amount', '12')).toMatchObject({
    code: 1,
    answer: { error: { code: 'conflict', message: 'this order was confirmed before, with 10.00 USD' } },
  })
  expect(await balance()).toBe(11_000_000n)
})

test('an order is confirmed with what came in, on an admin’s account', async () => {
  const { reference, id } = await place()
  const made = await admin('create-user', '--email', 'root@example.com', '--role', 'admin')
  const text = await tell('order', 'confirm', reference, '--amount', '5', '--by', 'root@example.com')
  expect(text).toMatch(/^5\.00 USD confirmed, 5\.5 credits for \S+@example\.com$/)
  expect(await admin('order', 'show', id)).toMatchObject({ answer: { decidedBy: `user:${made.answer.userId}` } })
  expect(await admin('order', 'confirm', reference, '--by', 'nobody@example.com')).toMatchObject({ code: 1 })
})

test('a rejected order keeps the reason, and can still be confirmed', async () => {
  const { reference } = await place()
  expect(await admin('order', 'reject', reference)).toMatchObject({ code: 2 })
  const words = ['order', 'reject', reference, '--reason', 'nothing came']
  expect(await admin(...words)).toMatchObject({ answer: { state: 'rejected', decisionNote: 'nothing came' } })
  expect(await tell(...words)).toContain('before; nothing was changed')
  expect(await admin('order', 'confirm', reference)).toMatchObject({ answer: { state: 'paid', decisionNote: null } })
  expect(await admin(...words)).toMatchObject({ code: 1, answer: { error: { message: 'this order is paid' } } })
})

test('money is given back in part, once for each request, and never more than was kept', async () => {
  const { reference } = await place()
  const words = ['order', 'refund', reference, '--reason', 'did not need it']
  expect(await admin(...words)).toMatchObject({ code: 1, answer: { error: { code: 'order_closed' } } })
  await admin('order', 'confirm', reference)
  const request = newId()
  const part = [...words, '--amount', '4', '--request', request]
  expect(await admin(...part)).toMatchObject({
    code: 0,
    answer: { amount: '4.00', requestId: request, changed: true, refunded: '4.00', credited: '6', shortfall: '0' },
  })
  expect(await admin(...part)).toMatchObject({ code: 0, answer: { changed: false, refunded: '4.00' } })
  expect(await balance()).toBe(6_600_000n)
  expect(await admin(...words, '--amount', '6.01')).toMatchObject({
    code: 1,
    answer: { error: { message: 'there is less left of this payment than that' } },
  })
  expect(await admin(...words)).toMatchObject({ answer: { amount: '6.00', credited: '0' } })
  expect(await balance()).toBe(0n)
  expect(await admin(...words, '--request', 'again')).toMatchObject({ code: 2 })
})

test('all that is known of an order is shown, and a lost dispute forgiven', async () => {
  const { id, reference } = await createOrder(ada, { sessionId: `cs_${newId()}` })
  const words = ['order', 'forgive', reference, '--reason', 'an honest mistake']
  expect(await admin(...words)).toMatchObject({ code: 1, answer: { error: { code: 'conflict' } } })
  await fulfilOrder(systemCtx('test', database.db), {
    orderId: id,
    facts: {
      state: 'paid',
      paymentIntentId: `pi_${id}`,
      paid: { amountMinor: 1_000n, currency: 'USD' },
      refunds: [{ id: `re_${id}`, amountMinor: 100n, state: 'succeeded' }],
      disputes: [{ id: `dp_${id}`, amountMinor: 900n, state: 'lost', withdrawnMinor: 900n, reinstatedMinor: 0n }],
    },
    event: {
      id: `evt_${id}`,
      type: 'charge.dispute.closed',
      source: 'webhook',
      happenedAt: new Date('2026-07-01T12:00:00Z'),
    },
  })
  const { answer: shown } = await admin('order', 'show', reference)
  expect(shown).toMatchObject({
    id,
    provider: 'stripe',
    method: 'card',
    paymentIntentId: `pi_${id}`,
    paid: '10.00',
    refunded: '1.00',
    disputed: '9.00',
    credited: '0',
    dispute: 'lost',
    refunds: [{ id: `re_${id}`, amount: '1.00', state: 'succeeded' }],
    disputes: [{ id: `dp_${id}`, amount: '9.00', withdrawn: '9.00', reinstated: '0.00', forgivenAt: null }],
    events: [{ id: `evt_${id}`, type: 'charge.dispute.closed', changed: true, happenedAt: '2026-07-01T12:00:00.000Z' }],
  })
  const text = await tell('order', 'show', id)
  for (const word of [reference, `re_${id}`, `dp_${id}`, `evt_${id}`, 'paid', '9.00 USD taken']) {
    expect(text).toContain(word)
  }
  expect((await readWallet(ada, ada.walletId)).suspended).toBe(true)
  expect(await admin(...words)).toMatchObject({ code: 0, answer: { forgiven: true } })
  expect((await readWallet(ada, ada.walletId)).suspended).toBe(false)
  expect(await admin(...words)).toMatchObject({ answer: { forgiven: false } })
})

test('orders are listed page by page, and unknown ones are not there', async () => {
  const placed = [await place(), await place(), await place()].map(({ id }) => id).toReversed()
  const page = async (...words: string[]) => {
    const { answer: listed } = await admin('order', 'list', '--limit', '2', ...words)
    return { ids: (listed.orders as { id: string }[]).map(({ id }) => id), nextBefore: listed.nextBefore as string }
  }
  const first = await page()
  expect(first.ids).toEqual(placed.slice(0, 2))
  expect((await page('--before', first.nextBefore)).ids[0]).toBe(placed[2])
  expect(await tell('order', 'list', '--limit', '1')).toMatch(
    new RegExp(`^\\S+  open  10\\.00 USD by manual for \\S+@example.com, .*\nolder ones: --before ${placed[0]}$`),
  )
  expect(await admin('order', 'list', '--state', 'gone')).toMatchObject({ code: 2 })
  for (const verb of ['show', 'confirm']) {
    expect(await admin('order', verb, 'ZZZZZ-ZZZZZ')).toMatchObject({
      code: 1,
      answer: { error: { code: 'not_found', message: 'there is no order ZZZZZ-ZZZZZ' } },
    })
  }
})

test('a picture to pay by is set, listed and taken away', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'payment-code-'))
  try {
    const picture = path.join(folder, 'code.jpg')
    await writeFile(picture, Buffer.from([0xff, 0xd8, 0xff, 0xe0]))
    const page = path.join(folder, 'code.png')
    await writeFile(page, '<svg><script>1</script></svg>')
    expect(await tell('payment-code', 'list')).toBe('none')
    expect(await tell('payment-code', 'set', 'wechat', picture)).toBe(`wechat is ${picture}`)
    expect(await admin('payment-code', 'set', 'wechat', picture)).toMatchObject({ answer: { changed: false } })
    expect(await admin('payment-code', 'set', 'alipay', page)).toMatchObject({
      code: 1,
      answer: { error: { code: 'file_not_image', message: 'this file is no PNG, JPEG or WebP picture' } },
    })
    expect(await admin('payment-code', 'set', 'alipay', path.join(folder, 'none.png'))).toMatchObject({ code: 2 })
    expect(await admin('payment-code', 'set', 'cash', picture)).toMatchObject({ code: 2 })
    expect(await admin('payment-code', 'list')).toMatchObject({
      answer: { codes: [{ name: 'wechat', mediaType: 'image/jpeg' }] },
    })
    expect(await tell('payment-code', 'clear', 'wechat')).toBe('wechat is gone')
    expect(await tell('payment-code', 'clear', 'wechat')).toBe('wechat was already gone')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the settings of payments are set in the words of a person', async () => {
  const set = async (name: string, value: string) => (await admin('setting', 'set', name, value)).answer.value
  expect((await admin('settings')).answer).toMatchObject({
    manual_payment: 'off',
    manual_payment_text: 'none',
    payment_text: 'none',
    stripe_methods: 'card,alipay,wechat_pay',
  })
  expect(await set('manual_payment', 'on')).toBe('on')
  expect(await set('manual_payment_text', 'Bank of Somewhere\n12 34 56')).toBe('Bank of Somewhere\n12 34 56')
  expect(await set('manual_payment_text', 'none')).toBe('none')
  expect(await set('payment_text', 'Write to me.')).toBe('Write to me.')
  expect(await set('stripe_methods', 'wechat_pay, card')).toBe('card,wechat_pay')
  expect(await set('stripe_methods', 'none')).toBe('none')
  expect(await admin('setting', 'set', 'stripe_methods', 'cash')).toMatchObject({ code: 2 })
  const { reference } = await place()
  await admin('order', 'confirm', reference)
  expect(await admin('setting', 'set', 'site_currency', 'EUR')).toMatchObject({
    code: 1,
    answer: { error: { code: 'conflict', message: 'the currency is fixed: somebody has paid already' } },
  })
})
