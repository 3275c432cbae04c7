import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { verifyLedger } from '#lib/ledger/index.ts'
import { confirmOrder, getOrder, rejectOrder, reportTransfer, verifyOrders } from '#lib/payments/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer, createOrder, type OrderRow, readBooks, readWallet } from '#tests/support/orders.ts'
import { manualProvider } from './manual.ts'

let database: TestDatabase
let system: Ctx & { db: TestDatabase['db'] }
let ada: Buyer
let orderId: string

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  system = systemCtx('test', database.db)
})
beforeEach(async () => {
  ada = await createBuyer(database)
  orderId = (await place()).id
})
afterAll(() => database.close())

const place = (fields: Partial<OrderRow> = {}) => createOrder(ada, { provider: 'manual', method: null, ...fields })
const stateOf = async (id = orderId) => (await getOrder(ada, { orderId: id })).state
const balance = async (who = ada) => (await readWallet(system, who.walletId)).postedMicros
const audits = async (id = orderId) => {
  const { rows } = await database.db.execute(sql`
    SELECT action, before, after, reason, actor_type FROM audit_entries WHERE subject_type = 'order' AND subject_id = ${id}
    ORDER BY id`)
  return rows
}
const untouched = async (id = orderId) => {
  expect(await readBooks(system, { id, walletId: ada.walletId })).toMatchObject({ transfers: 0 })
  expect(await audits(id)).toEqual([])
}

describe('reportTransfer', () => {
  it('an order waits for the operator once its payer says so, and the note may change', async () => {
    const said = await reportTransfer(ada, { orderId, note: '  from Ada’s bank ' })
    expect(said).toMatchObject({ id: orderId, state: 'pending', payerNote: 'from Ada’s bank' })
    expect(await reportTransfer(ada, { orderId })).toMatchObject({ state: 'pending', payerNote: 'from Ada’s bank' })
    expect(await reportTransfer(ada, { orderId, note: 'at noon' })).toMatchObject({ payerNote: 'at noon' })
    expect(await reportTransfer(ada, { orderId, note: ' ' })).toMatchObject({ payerNote: null })
    await untouched()
  })

  it('somebody else’s order is not there, and nor is one that is paid otherwise', async () => {
    const eve = await createBuyer(database)
    await expect(reportTransfer(eve, { orderId, note: 'mine' })).rejects.toMatchObject({ code: 'not_found' })
    expect(await getOrder(ada, { orderId })).toMatchObject({ state: 'open', payerNote: null })
    const { id: byCard } = await createOrder(ada)
    await expect(reportTransfer(ada, { orderId: byCard })).rejects.toMatchObject({ code: 'not_found' })
    expect(await stateOf(byCard)).toBe('open')
    await expect(reportTransfer({ ...ada, actor: { type: 'anonymous' } }, { orderId })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })

  it.each(['canceled', 'rejected', 'expired', 'failed'] as const)('an order that is %s stays so', async (state) => {
    const { id } = await place({ state })
    await expect(reportTransfer(ada, { orderId: id, note: 'paid!' })).rejects.toMatchObject({ code: 'order_closed' })
    expect(await getOrder(ada, { orderId: id })).toMatchObject({ state, payerNote: null })
  })

  it('keeps a note in one line, without what speaks to a terminal', async () => {
    const note = 'Ada\u001b[2J\n\u202e0F3K9-7QWXA  paid\u0000\n'
    expect(await reportTransfer(ada, { orderId, note })).toMatchObject({ payerNote: 'Ada [2J 0F3K9-7QWXA  paid' })
    expect(await reportTransfer(ada, { orderId, note: '\u0000' })).toMatchObject({ payerNote: null })
  })

  it('refuses a note that is a letter', async () => {
    await expect(reportTransfer(ada, { orderId, note: 'x'.repeat(501) })).rejects.toMatchObject({ name: 'ZodError' })
    expect(await stateOf()).toBe('open')
  })
})

describe('confirmOrder', () => {
  it('the credits are there with the operator’s word, and the log has it', async () => {
    await reportTransfer(ada, { orderId, note: 'from Ada’s bank' })
    const { order, changed } = await confirmOrder(system, { orderId, reason: 'seen on the 3rd' })
    expect(changed).toBe(true)
    expect(order).toMatchObject({
      state: 'paid',
      paidMinor: 1_000n,
      paidCurrency: 'USD',
      creditedMicros: 10_000_000n,
      bonusCreditedMicros: 1_000_000n,
      payerNote: 'from Ada’s bank',
      decisionNote: 'seen on the 3rd',
      paidAt: expect.any(Date),
    })
    expect(await balance()).toBe(11_000_000n)
    expect(await audits()).toEqual([
      {
        action: 'order.confirm',
        actor_type: 'system',
        before: { state: 'pending' },
        after: { state: 'paid', paid: '10.00', currency: 'USD', credits: '10', bonus: '1' },
        reason: 'seen on the 3rd',
      },
    ])
  })

  it('again it is the same answer, and with another amount a conflict', async () => {
    await confirmOrder(system, { orderId })
    expect(await confirmOrder(system, { orderId })).toMatchObject({ changed: false, order: { state: 'paid' } })
    expect(await confirmOrder(system, { orderId, amountMinor: 1_000n })).toMatchObject({ changed: false })
    await expect(confirmOrder(system, { orderId, amountMinor: 2_000n })).rejects.toMatchObject({ code: 'conflict' })
    await expect(confirmOrder(system, { orderId, amountMinor: 500n })).rejects.toMatchObject({ code: 'conflict' })
    await expect(rejectOrder(system, { orderId, reason: 'no money' })).rejects.toMatchObject({ code: 'order_closed' })
    expect(await balance()).toBe(11_000_000n)
    expect(await audits()).toHaveLength(1)
  })

  it('twenty presses at once credit it once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirmOrder(system, { orderId })))
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1)
    expect(await balance()).toBe(11_000_000n)
    expect(await audits()).toHaveLength(1)
  })

  it('confirmed and rejected at once it is paid', async () => {
    const [confirmed, rejected] = await Promise.allSettled([
      confirmOrder(system, { orderId }),
      rejectOrder(system, { orderId, reason: 'no money' }),
    ])
    // Money that came after all counts, so the confirmation passes in either order.
    expect(confirmed.status).toBe('fulfilled')
    expect(await stateOf()).toBe('paid')
    expect(await balance()).toBe(11_000_000n)
    expect(await audits()).toHaveLength(rejected.status === 'fulfilled' ? 2 : 1)
  })

  it.each([
    [1n, 10_000n, 1_000n],
    [333n, 3_330_000n, 333_000n],
    [2_500n, 25_000_000n, 2_500_000n],
  ])('the credits follow what came in: %s cents', async (amountMinor, creditedMicros, bonusCreditedMicros) => {
    const { order } = await confirmOrder(system, { orderId, amountMinor })
    expect(order).toMatchObject({ paidMinor: amountMinor, creditedMicros, bonusCreditedMicros })
    expect(await balance()).toBe(creditedMicros + bonusCreditedMicros)
  })

  it.each(['canceled', 'rejected', 'expired'] as const)('money may come after the order was %s', async (state) => {
    const { id } = await place({ state, decisionNote: state === 'rejected' ? 'nothing came' : null })
    const { order } = await confirmOrder(system, { orderId: id })
    expect(order).toMatchObject({ state: 'paid', creditedMicros: 10_000_000n, decisionNote: null })
    expect(await balance()).toBe(11_000_000n)
  })

  it('refuses what is no amount, and what was typed wrong', async () => {
    await expect(confirmOrder(system, { orderId, amountMinor: 0n })).rejects.toMatchObject({ name: 'ZodError' })
    await expect(confirmOrder(system, { orderId, amountMinor: -5n })).rejects.toMatchObject({ name: 'ZodError' })
    await expect(confirmOrder(system, { orderId, amountMinor: 100_001n })).rejects.toMatchObject({
      code: 'invalid_input',
      params: { field: 'amountMinor' },
    })
    expect(await stateOf()).toBe('open')
    await untouched()
  })

  it('what Stripe takes in is for Stripe to say', async () => {
    const { id } = await createOrder(ada)
    await expect(confirmOrder(system, { orderId: id })).rejects.toMatchObject({ code: 'conflict' })
    await expect(rejectOrder(system, { orderId: id, reason: 'no money' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await stateOf(id)).toBe('open')
    await untouched(id)
  })

  it('is for admins: nobody confirms their own order', async () => {
    const visitor: Ctx = { db: database.db, actor: { type: 'anonymous' } }
    await expect(confirmOrder(ada, { orderId })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(rejectOrder(ada, { orderId, reason: 'no money' })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(confirmOrder(visitor, { orderId })).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(confirmOrder(system, { orderId: newId() })).rejects.toMatchObject({ code: 'not_found' })
    expect(await stateOf()).toBe('open')
    await untouched()
  })
})

describe('rejectOrder', () => {
  it('the payer reads why, and the log has it', async () => {
    await reportTransfer(ada, { orderId })
    expect(await rejectOrder(system, { orderId, reason: 'nothing came by the 9th' })).toMatchObject({
      changed: true,
      order: { state: 'rejected', decisionNote: 'nothing came by the 9th' },
    })
    expect(await getOrder(ada, { orderId })).toMatchObject({
      state: 'rejected',
      decisionNote: 'nothing came by the 9th',
      creditedMicros: 0n,
    })
    expect(await audits()).toMatchObject([
      { action: 'order.reject', before: { state: 'pending' }, reason: 'nothing came by the 9th' },
    ])
    expect(await balance()).toBe(0n)
  })

  it('again it changes nothing, and with another reason it is a conflict', async () => {
    await rejectOrder(system, { orderId, reason: 'nothing came' })
    expect(await rejectOrder(system, { orderId, reason: 'nothing came' })).toMatchObject({ changed: false })
    await expect(rejectOrder(system, { orderId, reason: 'too late' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await getOrder(ada, { orderId })).toMatchObject({ decisionNote: 'nothing came' })
    expect(await audits()).toHaveLength(1)
  })

  it('needs a reason, and an order that is not closed', async () => {
    await expect(rejectOrder(system, { orderId, reason: ' ' })).rejects.toMatchObject({ name: 'ZodError' })
    const { id } = await place({ state: 'canceled' })
    await expect(rejectOrder(system, { orderId: id, reason: 'no money' })).rejects.toMatchObject({
      code: 'order_closed',
    })
    expect(await stateOf(id)).toBe('canceled')
    await untouched(id)
  })

  it('who decided is on the order', async () => {
    const admin = await createBuyer(database)
    const acting: Ctx = { ...admin, actor: { ...admin.actor, role: 'admin' } }
    await rejectOrder(acting, { orderId, reason: 'no money' })
    const decidedBy = async () => {
      const { rows } = await database.db.execute(sql`SELECT decided_by FROM orders WHERE id = ${orderId}`)
      return rows[0]!.decided_by
    }
    expect(await decidedBy()).toBe(`user:${admin.userId}`)
    await confirmOrder(system, { orderId })
    expect(await decidedBy()).toBe('system:test')
  })
})

it('the provider by hand asks nobody, and takes operators at their word', async () => {
  const order = await place()
  expect(await manualProvider.beginPayment(order)).toBeNull()
  expect(await manualProvider.fetchPayment(order)).toBeNull()
  expect(await manualProvider.cancelPayment(order)).toMatchObject({ state: 'canceled', paid: null })
  const refund = { id: 'manual:k1', amountMinor: 5n, state: 'succeeded' }
  expect(await manualProvider.refundPayment(order, { amountMinor: 5n, key: 'k1' })).toEqual(refund)
})

it('the books agree with all of it', async () => {
  expect(foundIn(await inSnapshot(system, verifyLedger))).toEqual({})
  expect(foundIn(await inSnapshot(system, verifyOrders))).toEqual({})
})
