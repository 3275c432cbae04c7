import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { creditBackCall, settle, verifyReceipts } from '#lib/inference/index.ts'
import { verifyLedger } from '#lib/ledger/index.ts'
import { setModel } from '#lib/models/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { breakBooks, foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { admitCall, carryOut, createChannel, createPayer, createPricedModel } from '#tests/support/paid-call.ts'

let database: TestDatabase
let vendor: FakeVendor
let ctx: Ctx & { db: TestDatabase['db'] }
let modelId: string
let made: Awaited<ReturnType<typeof makeCalls>>

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  ctx = systemCtx('test', database.db)
  modelId = await createPricedModel(database.db, [await createChannel(database.db, vendor.url)])
  made = await makeCalls()
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

/** Calls of every end: paid, free, dearer than the wallet, under way, and one at a later price. */
async function makeCalls() {
  const payer = await createPayer(database.db)
  const paid = await carryOut(payer, await admitCall(payer, modelId))
  vendor.setBehavior('empty')
  const free = await carryOut(payer, await admitCall(payer, modelId))
  vendor.setBehavior('answer')
  const poor = await createPayer(database.db, 10_000n)
  const overrun = await settle(poor.ctx, {
    admission: await admitCall(poor, modelId),
    result: { ...paid.result, usage: { ...paid.result.usage, outputTokens: 1_000_000 } },
    usageRecordId: newId(),
  })
  const old = await admitCall(payer, modelId)
  await setModel(ctx, { id: modelId, input: '2', output: '8' })
  await settle(payer.ctx, { admission: old, result: paid.result, usageRecordId: newId() })
  const later = await carryOut(payer, await admitCall(payer, modelId))
  const open = await admitCall(payer, modelId)
  for (const reason of ['not what was asked', 'nor the rest']) {
    const gift = { callId: paid.record.id, amountMicros: paid.record.chargedMicros / 2n, reason, requestId: newId() }
    await creditBackCall(ctx, gift)
  }
  await database.db.execute(sql`
    INSERT INTO late_usage (hold_id, user_id, usage_record_id, model_id, input_tokens, cache_read_tokens,
      cache_write_tokens, output_tokens, reasoning_tokens, vendor_cost_micros)
    VALUES (${paid.record.holdId}, ${payer.userId}, ${paid.record.id}, ${modelId}, 1, 0, 0, 1, 0, 5)`)
  return {
    paid: paid.record.id,
    paidHold: paid.record.holdId,
    free: free.record.id,
    freeHold: free.record.holdId,
    overrun: overrun.id,
    later: later.record.id,
    laterHold: later.record.holdId,
    openHold: open.holdId,
    creditBack: `call:${paid.record.id}`,
  }
}

type Made = typeof made

describe('verifyReceipts', () => {
  it('finds nothing in what the service wrote, across a change of price', async () => {
    const checks = await inSnapshot(ctx, verifyReceipts)
    expect(foundIn(checks)).toEqual({})
    expect(foundIn(await inSnapshot(ctx, verifyLedger))).toEqual({})
    const checked = Object.fromEntries(checks.map((check) => [check.name, check.checked]))
    expect(checked).toEqual({
      call_has_receipt: 5,
      charge_has_call: 4,
      receipt_has_call: 5,
      receipt_charge: 5,
      receipt_terms: 5,
      receipt_prices: 5,
      price_in_force: 6,
      late_usage_receipt: 1,
      receipt_entry: 4,
      credit_back_bounded: 2,
      receipt_cost: 5,
    })
  })

  const named = (name: string, id: keyof Made, others: string[] = []) => ({ name, id, others })
  it.each([
    [
      'a call whose receipt is gone',
      named('call_has_receipt', 'laterHold'),
      (m: Made) => sql`DELETE FROM usage_records WHERE id = ${m.later}`,
    ],
    [
      'a free call that left no trace',
      named('call_has_receipt', 'freeHold'),
      (m: Made) => sql`DELETE FROM usage_records WHERE id = ${m.free}`,
    ],
    [
      'a charge for a call that was never let in',
      named('charge_has_call', 'laterHold', ['receipt_has_call']),
      (m: Made) => sql`UPDATE holds SET price_version_id = NULL WHERE id = ${m.laterHold}`,
    ],
    [
      'a receipt that names another entry of the statement',
      named('receipt_entry', 'paid'),
      (m: Made) => sql`UPDATE usage_records SET wallet_seq = wallet_seq + 1 WHERE id = ${m.paid}`,
    ],
    [
      'a receipt for a call under way',
      named('receipt_has_call', 'paid'),
      (m: Made) => sql`UPDATE holds SET state = 'open' WHERE id = ${m.paidHold}`,
    ],
    [
      'a second receipt for one call',
      named('receipt_has_call', 'paid', ['late_usage_receipt']),
      (
        m: Made,
      ) => sql`INSERT INTO usage_records SELECT (jsonb_populate_record(u, jsonb_build_object('id', gen_random_uuid()))).*
        FROM usage_records u WHERE id = ${m.paid}`,
    ],
    [
      'a receipt that says another charge than was captured',
      named('receipt_charge', 'paid'),
      (m: Made) => sql`UPDATE holds SET captured_micros = captured_micros + 1 WHERE id = ${m.paidHold}`,
    ],
    [
      'a receipt that says another hold',
      named('receipt_charge', 'paid'),
      (m: Made) => sql`UPDATE usage_records SET held_micros = held_micros + 1 WHERE id = ${m.paid}`,
    ],
    [
      'a receipt that hides bad debt',
      named('receipt_charge', 'overrun'),
      (m: Made) => sql`UPDATE usage_records SET bad_debt_micros = 0 WHERE id = ${m.overrun}`,
    ],
    [
      'a cost that is not what was charged',
      named('receipt_charge', 'paid', ['receipt_cost']),
      (m: Made) => sql`UPDATE usage_records SET cost_micros = cost_micros + 1 WHERE id = ${m.paid}`,
    ],
    [
      'more given back for a call than it was charged',
      named('credit_back_bounded', 'creditBack'),
      (m: Made) => sql`UPDATE transfers SET amount_micros = amount_micros + 1 WHERE external_ref = ${m.creditBack}`,
    ],
    [
      'a gift for a call that is none',
      named('credit_back_bounded', 'creditBack'),
      (m: Made) => sql`UPDATE transfers SET credit_account_id = gen_random_uuid() WHERE external_ref = ${m.creditBack}`,
    ],
    [
      'a receipt of another model',
      named('receipt_terms', 'later', ['receipt_prices']),
      (m: Made) => sql`UPDATE usage_records SET model_id = 'other' WHERE id = ${m.later}`,
    ],
    [
      'a receipt of another person',
      named('receipt_terms', 'later'),
      (m: Made) => sql`UPDATE usage_records SET user_id = gen_random_uuid() WHERE id = ${m.later}`,
    ],
    [
      'a receipt of another wallet',
      named('receipt_terms', 'later'),
      (m: Made) => sql`UPDATE usage_records SET wallet_id = gen_random_uuid() WHERE id = ${m.later}`,
    ],
    [
      'a unit price that was not the version’s',
      named('receipt_prices', 'later', []),
      (m: Made) =>
        sql`UPDATE usage_records SET cache_write_price_micros = cache_write_price_micros + 1 WHERE id = ${m.later}`,
    ],
    [
      'a version whose price was changed afterwards',
      named('receipt_prices', 'later', []),
      (m: Made) => sql`UPDATE price_versions SET request_micros = 9
        WHERE id = (SELECT price_version_id FROM usage_records WHERE id = ${m.later})`,
    ],
    [
      'a call at a price that was not yet',
      named('price_in_force', 'laterHold'),
      (m: Made) => sql`UPDATE holds SET created_at = created_at - interval '1 day' WHERE id = ${m.laterHold}`,
    ],
    [
      'a call at a price that was over',
      named('price_in_force', 'paidHold'),
      (m: Made) => sql`UPDATE holds SET created_at = created_at + interval '1 day' WHERE id = ${m.paidHold}`,
    ],
    [
      'tokens that come to another cost',
      named('receipt_cost', 'later'),
      (m: Made) => sql`UPDATE usage_records SET output_tokens = output_tokens + 1 WHERE id = ${m.later}`,
    ],
    [
      'a free call that cost something',
      named('receipt_cost', 'paid'),
      (m: Made) => sql`UPDATE usage_records SET outcome = 'empty' WHERE id = ${m.paid}`,
    ],
    [
      'tokens that cannot be',
      named('receipt_cost', 'paid'),
      (m: Made) => sql`UPDATE usage_records SET output_tokens = -1 WHERE id = ${m.paid}`,
    ],
    [
      'late usage of another receipt',
      named('late_usage_receipt', 'paidHold'),
      (m: Made) => sql`UPDATE late_usage SET usage_record_id = ${m.later}`,
    ],
  ] as const)('names %s', async (_what, { name, id, others }, change) => {
    const found = await breakBooks(database, change(made), verifyReceipts)
    expect(Object.keys(found).sort()).toEqual([name, ...others].sort())
    expect(JSON.stringify(found[name])).toContain(made[id])
  })

  it('allows for a price change that had not been committed when a call was let in', async () => {
    const admittedAfterEnd = (seconds: number) => sql`
      UPDATE holds h SET created_at = upper(p.valid_during) + ${seconds} * interval '1 second'
      FROM price_versions p WHERE p.id = h.price_version_id AND h.id = ${made.paidHold}`
    expect(await breakBooks(database, admittedAfterEnd(59), verifyReceipts)).toEqual({})
    expect(await breakBooks(database, admittedAfterEnd(61), verifyReceipts)).toMatchObject({
      price_in_force: [{ hold_id: made.paidHold }],
    })
  })

  it('prices every receipt, however many batches there are, and names a hundred', async () => {
    const copies = sql`
      INSERT INTO usage_records
      SELECT (jsonb_populate_record(u, jsonb_build_object(
        'id', gen_random_uuid(), 'user_id', CASE WHEN n % 3 = 0 THEN gen_random_uuid() ELSE u.user_id END,
        'cost_micros', u.cost_micros + CASE WHEN n % 5 = 0 THEN 1 ELSE 0 END))).*
      FROM usage_records u, generate_series(1, 1600) n WHERE u.id = ${made.paid}`
    let result = { checked: 0, differences: 0 }
    const found = await breakBooks(database, copies, async (broken) => {
      const checks = await verifyReceipts(broken)
      result = checks.find(({ name }) => name === 'receipt_cost')!
      return checks
    })
    expect(result).toMatchObject({ checked: 1605, differences: 320 })
    expect(found.receipt_cost).toHaveLength(100)
  })
})
