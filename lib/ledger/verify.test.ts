import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  captureHold,
  expireLots,
  HOUSE,
  openWallet,
  type PostTransferInput,
  placeHold,
  postTransfer,
  releaseHold,
  setSpendCap,
  verifyLedger,
} from '#lib/ledger/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { breakBooks, foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: Ctx & { db: TestDatabase['db'] }

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  ctx = systemCtx('test', database.db)
})
afterAll(() => database.close())

const verify = async () => foundIn(await inSnapshot(ctx, verifyLedger))
const payFromNoLot = (walletId: string) => sql`
  WITH noted AS (
    UPDATE lots l SET noted_micros = x.remaining_micros FROM lots_left x
    WHERE x.wallet_id = ${walletId} AND l.wallet_id = x.wallet_id AND l.transfer_id = x.transfer_id)
  UPDATE wallets SET lot_transfer_id = NULL, lot_floor_micros = NULL WHERE id = ${walletId}`

/** A wallet in which everything has happened once, and the ids of what happened. */
async function makeWallet() {
  const spenderId = newId()
  const walletId = await openWallet(ctx, { ownerType: 'user', ownerId: spenderId })
  const post = async (fields: Partial<PostTransferInput>) => {
    const transfer = {
      kind: 'grant',
      debitAccountId: HOUSE.promotions,
      creditAccountId: walletId,
      amountMicros: 1_000n,
      idempotencyKey: newId(),
      ...fields,
    } as const
    return (await postTransfer(ctx, transfer)).transferId
  }
  const hold = async (micros: bigint) => {
    const holdId = newId()
    const placed = await placeHold(ctx, {
      holdId,
      walletId,
      spenderId,
      fullMicros: micros,
      minimumMicros: 1n,
      maxOpen: 100,
      workerId: newId(),
    })
    expect(placed.outcome).toBe('held')
    return holdId
  }
  const grant = await post({ lot: { source: 'promotional' } })
  const paidByOne = await hold(30n)
  await captureHold(ctx, { holdId: paidByOne, costMicros: 20n })
  await setSpendCap(ctx, { walletId, spenderId, period: 'day', limitMicros: 1_000_000n, timeZone: 'Asia/Shanghai' })
  const expiring = await post({ lot: { source: 'code', expiresAt: new Date(Date.now() + 86_400_000) } })
  const expired = await post({ lot: { source: 'promotional', expiresAt: new Date(Date.now() - 1_000) } })
  await expireLots(ctx)
  const bought = await post({ kind: 'top_up', debitAccountId: HOUSE.clearing, lot: { source: 'paid' } })
  const taken = { debitAccountId: walletId, lot: undefined }
  const refund = await post({
    ...taken,
    kind: 'refund',
    creditAccountId: HOUSE.clearing,
    amountMicros: 100n,
    fromLotId: bought,
  })
  const adjustment = await post({
    ...taken,
    kind: 'adjustment',
    creditAccountId: HOUSE.adjustments,
    amountMicros: 50n,
  })
  const [captured, released, overrun, open] = [await hold(300n), await hold(200n), await hold(100n), await hold(400n)]
  await captureHold(ctx, { holdId: captured, costMicros: 120n })
  await releaseHold(ctx, { holdId: released })
  await captureHold(ctx, { holdId: overrun, costMicros: 5_000n })
  await post({ lot: { source: 'promotional' }, amountMicros: 700n })
  const transferOf = async (holdId: string, kind: string) => {
    const { rows } = await database.db.execute<{ id: string }>(
      sql`SELECT id FROM transfers WHERE hold_id = ${holdId} AND kind = ${kind}`,
    )
    return rows[0]!.id
  }
  const [usage, debt] = [await transferOf(captured, 'usage'), await transferOf(overrun, 'bad_debt')]
  const ofOneLot = await transferOf(paidByOne, 'usage')
  return {
    usage,
    debt,
    ofOneLot,
    walletId,
    spenderId,
    grant,
    expiring,
    expired,
    bought,
    refund,
    adjustment,
    captured,
    released,
    overrun,
    open,
  }
}

type Made = Awaited<ReturnType<typeof makeWallet>>

describe('verifyLedger', () => {
  let made: Made
  beforeAll(async () => {
    made = await makeWallet()
    await makeWallet()
  })

  it('finds nothing in books that were only written by the ledger, and says how much it looked at', async () => {
    const checks = await inSnapshot(ctx, verifyLedger)
    expect(foundIn(checks)).toEqual({})
    const checked = Object.fromEntries(checks.map((check) => [check.name, check.checked]))
    expect(checked).toMatchObject({ wallet_balance: 2, hold_transfers: 10, lot_of_credit: 10, cap_held: 2 })
    expect(checks.every((check) => check.checked > 0)).toBe(true)
  })

  const named = (name: string, id: keyof Made, others: string[] = []) => ({ name, id, others })
  it.each([
    [
      'a wallet without an account',
      named('wallet_account', 'walletId', ['transfer_accounts']),
      (m: Made) => sql`DELETE FROM accounts WHERE id = ${m.walletId}`,
    ],
    [
      'a wallet whose account is of the house',
      named('wallet_account', 'walletId', ['books_balance', 'transfer_chart']),
      (m: Made) => sql`UPDATE accounts SET kind = 'house' WHERE id = ${m.walletId}`,
    ],
    [
      'a balance that is a millionth too high',
      named('wallet_balance', 'walletId', ['books_balance', 'lot_remaining']),
      (m: Made) => sql`UPDATE wallets SET posted_micros = posted_micros + 1 WHERE id = ${m.walletId}`,
    ],
    [
      'a wallet that stands at another number',
      named('wallet_numbering', 'walletId'),
      (m: Made) => sql`UPDATE wallets SET seq = seq + 1 WHERE id = ${m.walletId}`,
    ],
    [
      'a gap in the numbers',
      named('wallet_numbering', 'walletId'),
      (
        m: Made,
      ) => sql`UPDATE transfers SET credit_seq = credit_seq + 1000, credit_balance_micros = credit_balance_micros
        WHERE id = (SELECT id FROM transfers WHERE credit_account_id = ${m.walletId} ORDER BY credit_seq DESC LIMIT 1)`,
    ],
    [
      'a number that was given twice',
      named('wallet_numbering', 'walletId', ['wallet_running_balance']),
      (m: Made) => sql`UPDATE transfers SET debit_seq = debit_seq - 1 WHERE id = ${m.refund}`,
    ],
    [
      'a balance noted wrongly',
      named('wallet_running_balance', 'refund'),
      (m: Made) => sql`UPDATE transfers SET debit_balance_micros = debit_balance_micros + 1 WHERE id = ${m.refund}`,
    ],
    [
      'more held than open holds reserve',
      named('wallet_held', 'walletId'),
      (m: Made) => sql`UPDATE wallets SET held_micros = held_micros + 1 WHERE id = ${m.walletId}`,
    ],
    [
      'a miscount of open holds',
      named('wallet_held', 'walletId'),
      (m: Made) => sql`UPDATE wallets SET open_holds = 0 WHERE id = ${m.walletId}`,
    ],
    [
      'an overdrawn wallet',
      named('wallet_never_overdrawn', 'walletId', ['wallet_held', 'cap_held']),
      (m: Made) => [
        sql`UPDATE holds SET amount_micros = 900000 WHERE id = ${m.open}`,
        sql`UPDATE wallets SET held_micros = 900001 WHERE id = ${m.walletId}`,
      ],
    ],
    [
      'a credit without a lot',
      named('lot_of_credit', 'grant', ['lot_remaining']),
      (m: Made) => sql`DELETE FROM lots WHERE transfer_id = ${m.grant}`,
    ],
    [
      'a lot of another amount than its credit',
      named('lot_of_credit', 'bought', ['lot_remaining']),
      (m: Made) => sql`UPDATE lots SET amount_micros = amount_micros + 1 WHERE transfer_id = ${m.bought}`,
    ],
    [
      'a lot out of nothing',
      named('lot_of_credit', 'released', ['wallet_lots']),
      (m: Made) => sql`INSERT INTO lots (wallet_id, transfer_id, source, amount_micros, noted_micros)
        VALUES (${m.walletId}, ${m.released}, 'paid', 5, 5)`,
    ],
    [
      'a debit that no lot paid',
      named('lot_uses_of_debit', 'refund', ['lot_remaining']),
      (m: Made) => sql`DELETE FROM lot_uses WHERE transfer_id = ${m.refund}`,
    ],
    [
      'a debit paid by lots twice over',
      named('lot_uses_of_debit', 'refund', ['lot_remaining']),
      (m: Made) => sql`UPDATE lot_uses SET amount_micros = amount_micros * 2 WHERE transfer_id = ${m.refund}`,
    ],
    [
      'a charge whose lot is not named',
      named('lot_uses_of_debit', 'ofOneLot', ['lot_remaining']),
      (m: Made) => sql`UPDATE transfers SET lot_transfer_id = NULL WHERE id = ${m.ofOneLot}`,
    ],
    [
      'a charge that names another lot than the one it came out of',
      named('lot_remaining', 'grant'),
      (m: Made) => sql`UPDATE transfers SET lot_transfer_id = ${m.bought} WHERE id = ${m.ofOneLot}`,
    ],
    [
      'a charge that names its lot and was paid by it once more',
      named('lot_uses_of_debit', 'ofOneLot', ['lot_remaining']),
      (m: Made) => sql`INSERT INTO lot_uses (wallet_id, transfer_id, lot_transfer_id, amount_micros)
        SELECT debit_account_id, id, lot_transfer_id, amount_micros FROM transfers WHERE id = ${m.ofOneLot}`,
    ],
    [
      'a debit paid by somebody else',
      named('lot_uses_of_debit', 'adjustment', ['lot_remaining']),
      (m: Made) => sql`UPDATE lot_uses SET wallet_id = (SELECT id FROM wallets WHERE id <> ${m.walletId} LIMIT 1)
        WHERE transfer_id = ${m.adjustment}`,
    ],
    [
      'credits that left a lot without a transfer',
      named('lot_remaining', 'bought', ['wallet_lots']),
      (m: Made) => sql`UPDATE lots SET noted_micros = noted_micros - 1 WHERE transfer_id = ${m.bought}`,
    ],
    [
      'lots that hold less than the balance, and none of them knows',
      named('wallet_lots', 'walletId', ['lot_uses_of_debit']),
      (m: Made) => [
        sql`UPDATE lots SET noted_micros = noted_micros - 1 WHERE transfer_id = ${m.bought}`,
        sql`UPDATE lot_uses SET amount_micros = amount_micros + 1 WHERE transfer_id = ${m.refund}`,
      ],
    ],
    [
      'a lot that is used up at another balance than the wallet notes',
      named('wallet_lots', 'walletId', ['lot_remaining']),
      (m: Made) => sql`UPDATE wallets SET lot_floor_micros = lot_floor_micros + 1 WHERE id = ${m.walletId}`,
    ],
    [
      'a wallet that pays from no lot and has some',
      named('wallet_lot', 'walletId'),
      (m: Made) => [payFromNoLot(m.walletId)],
    ],
    [
      'a wallet that pays from a lot whose turn has not come',
      named('wallet_lot', 'walletId'),
      (m: Made) => [
        payFromNoLot(m.walletId),
        sql`UPDATE wallets w SET (lot_transfer_id, lot_floor_micros) = (
            SELECT transfer_id, w.posted_micros - noted_micros FROM lots l
            WHERE l.wallet_id = w.id AND noted_micros > 0 ORDER BY expires_at NULLS FIRST, transfer_id LIMIT 1)
          WHERE w.id = ${m.walletId}`,
      ],
    ],
    [
      'a wallet that pays from a lot of nobody',
      named('wallet_lot', 'walletId'),
      (m: Made) => [
        payFromNoLot(m.walletId),
        sql`UPDATE wallets SET lot_transfer_id = ${m.usage}, lot_floor_micros = 0 WHERE id = ${m.walletId}`,
      ],
    ],
    [
      'a wallet that names a lot and not when it is used up',
      named('wallet_lot', 'walletId', ['wallet_lots']),
      (m: Made) => sql`UPDATE wallets SET lot_floor_micros = NULL WHERE id = ${m.walletId}`,
    ],
    [
      'credits that expired before their time',
      named('lot_expiry', 'expired'),
      (m: Made) => sql`UPDATE lots SET expires_at = now() + interval '1 day' WHERE transfer_id = ${m.expired}`,
    ],
    [
      'credits that expired and never would have',
      named('lot_expiry', 'expired'),
      (m: Made) => sql`UPDATE lots SET expires_at = NULL WHERE transfer_id = ${m.expired}`,
    ],
    [
      'an expiry that nobody is told of',
      named('wallet_next_expiry', 'walletId'),
      (m: Made) => [
        sql`UPDATE wallets SET next_expiry_at = NULL WHERE id = ${m.walletId}`,
        sql`UPDATE lots SET expires_at = now() + interval '1 day' WHERE wallet_id = ${m.walletId} AND noted_micros > 0`,
      ],
    ],
    [
      'an expiry noted too late',
      named('wallet_next_expiry', 'walletId'),
      (m: Made) => [
        sql`UPDATE wallets SET next_expiry_at = now() + interval '1 year' WHERE id = ${m.walletId}`,
        sql`UPDATE lots SET expires_at = now() + interval '1 day' WHERE wallet_id = ${m.walletId} AND noted_micros > 0`,
      ],
    ],
    [
      'an open hold that no process runs',
      named('hold_state', 'open'),
      (m: Made) => sql`UPDATE holds SET open_worker_id = NULL WHERE id = ${m.open}`,
    ],
    [
      'a released hold that says captured',
      named('hold_state', 'released'),
      (m: Made) => sql`UPDATE holds SET state = 'captured' WHERE id = ${m.released}`,
    ],
    [
      'a hold that captured more than was moved',
      named('hold_transfers', 'captured', ['cap_spent']),
      (m: Made) => sql`UPDATE holds SET captured_micros = captured_micros + 1 WHERE id = ${m.captured}`,
    ],
    [
      'bad debt that was not booked',
      named('hold_transfers', 'overrun'),
      (m: Made) => sql`DELETE FROM transfers WHERE hold_id = ${m.overrun} AND kind = 'bad_debt'`,
    ],
    [
      'a hold captured twice',
      named('hold_transfers', 'overrun'),
      (
        m: Made,
      ) => sql`INSERT INTO transfers (id, kind, debit_account_id, credit_account_id, amount_micros, idempotency_key,
          request_hash, hold_id, actor)
        SELECT gen_random_uuid(), kind, debit_account_id, credit_account_id, amount_micros, 'twice', request_hash, hold_id, actor
        FROM transfers WHERE hold_id = ${m.overrun} AND kind = 'bad_debt'`,
    ],
    [
      'usage without a hold',
      named('transfer_hold', 'usage', ['hold_transfers']),
      (m: Made) => sql`UPDATE transfers SET hold_id = NULL WHERE id = ${m.usage}`,
    ],
    [
      'usage of a hold that is not there',
      named('transfer_hold', 'usage', ['cap_spent']),
      (m: Made) => sql`DELETE FROM holds WHERE id = ${m.captured}`,
    ],
    [
      'usage of somebody else’s hold',
      named('transfer_hold', 'usage', ['cap_spent']),
      (m: Made) => sql`UPDATE holds SET wallet_id = (SELECT id FROM wallets WHERE id <> ${m.walletId} LIMIT 1)
        WHERE id = ${m.captured}`,
    ],
    [
      'a grant out of a hold',
      named('transfer_hold', 'grant'),
      (m: Made) => sql`UPDATE transfers SET hold_id = ${m.captured} WHERE id = ${m.grant}`,
    ],
    [
      'a transfer from nowhere',
      named('transfer_accounts', 'grant', ['books_balance']),
      (m: Made) => sql`UPDATE transfers SET debit_account_id = gen_random_uuid() WHERE id = ${m.grant}`,
    ],
    [
      'a transfer of nothing',
      named('transfer_accounts', 'debt', ['hold_transfers']),
      (m: Made) => sql`UPDATE transfers SET amount_micros = 0 WHERE id = ${m.debt}`,
    ],
    [
      'a transfer of an account to itself',
      named('transfer_accounts', 'debt', ['transfer_chart']),
      (m: Made) => sql`UPDATE transfers SET debit_account_id = credit_account_id WHERE id = ${m.debt}`,
    ],
    [
      'a wallet’s side without a balance',
      named('transfer_sides', 'refund', ['wallet_running_balance']),
      (m: Made) => sql`UPDATE transfers SET debit_balance_micros = NULL WHERE id = ${m.refund}`,
    ],
    [
      'a balance of a house account',
      named('transfer_sides', 'refund'),
      (m: Made) => sql`UPDATE transfers SET credit_seq = 1, credit_balance_micros = 100 WHERE id = ${m.refund}`,
    ],
    [
      'a grant that was paid out of the clearing account',
      named('transfer_chart', 'grant'),
      (m: Made) => sql`UPDATE transfers SET debit_account_id = ${HOUSE.clearing} WHERE id = ${m.grant}`,
    ],
    [
      'an adjustment that calls itself a refund',
      named('transfer_chart', 'adjustment'),
      (m: Made) => sql`UPDATE transfers SET kind = 'refund' WHERE id = ${m.adjustment}`,
    ],
    [
      'a wallet that is gone with all that was in it',
      named('wallet_account', 'walletId', [
        ...['books_balance', 'lot_of_credit', 'lot_remaining', 'lot_uses_of_debit', 'transfer_sides'],
      ]),
      (m: Made) => sql`DELETE FROM wallets WHERE id = ${m.walletId}`,
    ],
    [
      'a cap that forgot a call',
      named('cap_spent', 'spenderId'),
      (m: Made) => sql`UPDATE spend_caps SET spent_micros = spent_micros - 1 WHERE spender_id = ${m.spenderId}`,
    ],
    [
      'a cap that counts a call twice',
      named('cap_spent', 'spenderId'),
      (m: Made) => sql`UPDATE spend_caps SET spent_micros = spent_micros + 120 WHERE spender_id = ${m.spenderId}`,
    ],
    [
      'a cap that still reserves for a call that has ended',
      named('cap_held', 'spenderId'),
      (m: Made) => sql`UPDATE spend_caps SET held_micros = held_micros + 200 WHERE spender_id = ${m.spenderId}`,
    ],
    [
      'a cap that its wallet knows nothing of',
      named('cap_counted', 'walletId'),
      (m: Made) => sql`UPDATE wallets SET caps = 0 WHERE id = ${m.walletId}`,
    ],
    [
      'a wallet that knows of a cap too many',
      named('cap_counted', 'walletId'),
      (m: Made) => sql`UPDATE wallets SET caps = caps + 1 WHERE id = ${m.walletId}`,
    ],
  ] as const)('%s', async (_what, { name, id, others }, change) => {
    const found = await breakBooks(database, [change(made)].flat(), verifyLedger)
    expect(Object.keys(found).sort()).toEqual([name, ...others].sort())
    expect(JSON.stringify(found[name])).toContain(made[id])
  })
  it('names a hundred rows and counts them all', async () => {
    let counted = 0
    const strangers = sql`INSERT INTO accounts (id, kind, owner_type, owner_id)
      SELECT gen_random_uuid(), 'wallet', 'user', gen_random_uuid() FROM generate_series(1, 150)`
    const found = await breakBooks(database, strangers, async (broken) => {
      const checks = await verifyLedger(broken)
      counted = checks.find(({ name }) => name === 'wallet_account')!.differences
      return checks
    })
    expect(counted).toBe(150)
    expect(found.wallet_account).toHaveLength(100)
  })
})

describe('verifyLedger on a live service', () => {
  it('finds nothing while wallets are being fought over, nor afterwards', async () => {
    const wallets = await Promise.all([makeWallet(), makeWallet(), makeWallet()])
    const story = async (index: number) => {
      const { walletId, spenderId } = wallets[index % wallets.length]!
      const holdId = newId()
      await postTransfer(ctx, {
        kind: 'grant',
        debitAccountId: HOUSE.promotions,
        creditAccountId: walletId,
        amountMicros: BigInt(100 + index),
        idempotencyKey: newId(),
        lot: { source: 'promotional', expiresAt: index % 5 === 0 ? new Date(Date.now() + index) : undefined },
      })
      const { outcome } = await placeHold(ctx, {
        holdId,
        walletId,
        spenderId,
        fullMicros: 150n,
        minimumMicros: 1n,
        maxOpen: 100,
        workerId: newId(),
      })
      if (outcome !== 'held') return
      const ends = [
        captureHold(ctx, { holdId, costMicros: BigInt(index * 3) }),
        index % 2 ? releaseHold(ctx, { holdId }) : expireLots(ctx),
      ]
      const settled = await Promise.allSettled(ends)
      expect(settled.some(({ status }) => status === 'fulfilled')).toBe(true)
    }
    let busy = true
    const watch = async () => {
      let runs = 0
      for (; busy; runs++) expect(await verify()).toEqual({})
      return runs
    }
    const stories = Promise.all(Array.from({ length: 150 }, (_, index) => story(index))).finally(() => {
      busy = false
    })
    const [runs] = await Promise.all([watch(), stories])
    expect(runs).toBeGreaterThan(0)
    expect(await verify()).toEqual({})
  })

  it('reads one moment, whatever is written meanwhile, and writes nothing', async () => {
    const { walletId } = await makeWallet()
    const count = (snapshot: Ctx) =>
      snapshot.db.execute(sql`SELECT seq FROM wallets WHERE id = ${walletId}`).then(({ rows }) => rows[0]!.seq)
    await inSnapshot(ctx, async (snapshot) => {
      const before = await count(snapshot)
      await postTransfer(ctx, {
        kind: 'grant',
        debitAccountId: HOUSE.promotions,
        creditAccountId: walletId,
        amountMicros: 1n,
        idempotencyKey: newId(),
        lot: { source: 'promotional' },
      })
      expect(await count(snapshot)).toBe(before)
      expect(foundIn(await verifyLedger(snapshot))).toEqual({})
    })
    const writing = inSnapshot(ctx, (snapshot) => openWallet(snapshot, { ownerType: 'user', ownerId: newId() }))
    await expect(writing).rejects.toMatchObject({ cause: { code: '25006' } })
  })
})
