import { sql } from 'drizzle-orm'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  captureHold,
  expireLots,
  findWallet,
  HOUSE,
  openWallet,
  placeHold,
  postTransfer,
  releaseHold,
  verifyLedger,
} from '#lib/ledger/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let owner: pg.Client
let straggler: pg.Client
let ctx: Ctx & { db: TestDatabase['db'] }
let ownerId: string
let walletId: string

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  ctx = systemCtx('test', database.db)
  ;[owner, straggler] = [0, 1].map(() => new pg.Client({ connectionString: database.ownerUrl })) as [
    pg.Client,
    pg.Client,
  ]
  await Promise.all([owner.connect(), straggler.connect()])
})
beforeEach(async () => {
  ownerId = newId()
  walletId = await openWallet(ctx, { ownerType: 'user', ownerId })
})
afterAll(async () => {
  await Promise.all([owner.end(), straggler.end()])
  await database.close()
})

type Source = 'paid' | 'promotional' | 'code'
const FAR = new Date('2099-01-01')

/** Credits of the house in a lot. @returns the lot's id */
async function credit(amountMicros: bigint, source: Source = 'paid', expiresAt?: Date): Promise<string> {
  const { transferId } = await postTransfer(ctx, {
    kind: 'grant',
    debitAccountId: HOUSE.promotions,
    creditAccountId: walletId,
    amountMicros,
    idempotencyKey: newId(),
    lot: { source, expiresAt },
  })
  return transferId
}
/** Lets a lot's time come: all that can be moved is when. */
const makeDue = async (lotId: string) => {
  await owner.query('UPDATE lots SET expires_at = now() WHERE transfer_id = $1', [lotId])
  await owner.query('UPDATE wallets SET next_expiry_at = now() WHERE id = $1', [walletId])
}
const hold = async (micros: bigint) => {
  const holdId = newId()
  const amounts = { fullMicros: micros, minimumMicros: micros, maxOpen: 50 }
  const placed = await placeHold(ctx, { holdId, walletId, spenderId: ownerId, workerId: newId(), ...amounts })
  return { holdId, ...placed }
}
const wallet = async () => (await findWallet(ctx, { ownerType: 'user', ownerId }))!
const remaining = async (lotId: string) => {
  const { rows } = await database.db.execute<{ micros: bigint }>(
    sql`SELECT remaining_micros AS micros FROM lots_left WHERE transfer_id = ${lotId}`,
  )
  return rows[0]!.micros
}
const expiries = async () => {
  const { rows } = await database.db.execute<{ micros: bigint }>(
    sql`SELECT amount_micros AS micros FROM transfers
      WHERE kind = 'expiry' AND debit_account_id = ${walletId} AND credit_account_id = ${HOUSE.expired} ORDER BY debit_seq`,
  )
  return rows.map(({ micros }) => micros)
}
const debit = (amountMicros: bigint) =>
  postTransfer(ctx, {
    kind: 'adjustment',
    debitAccountId: walletId,
    creditAccountId: HOUSE.adjustments,
    amountMicros,
    idempotencyKey: newId(),
  })
const refund = (fromLotId: string, amountMicros: bigint) =>
  postTransfer(ctx, {
    kind: 'refund',
    debitAccountId: walletId,
    creditAccountId: HOUSE.clearing,
    amountMicros,
    idempotencyKey: newId(),
    fromLotId,
  })

describe('expireLots', () => {
  it('moves what is left of a lot to the house, once, however many look', async () => {
    await credit(100n)
    const lot = await credit(50n, 'promotional', FAR)
    const kept = await credit(7n, 'code', FAR)
    await makeDue(lot)
    const found = await Promise.all(Array.from({ length: 6 }, () => expireLots(ctx)))
    expect(found.reduce((sum, { expired }) => sum + expired, 0)).toBeGreaterThanOrEqual(1)
    expect(await expiries()).toEqual([50n])
    expect(await wallet()).toMatchObject({ postedMicros: 107n })
    expect([await remaining(lot), await remaining(kept)]).toEqual([0n, 7n])
    expect(await expireLots(ctx)).toEqual({ expired: 0, hasMore: false })
  })

  it('goes on to the next lot when its time comes', async () => {
    const [first, second] = [await credit(5n, 'promotional', FAR), await credit(6n, 'promotional', FAR)]
    await makeDue(first)
    await expireLots(ctx)
    await makeDue(second)
    await expireLots(ctx)
    expect(await expiries()).toEqual([5n, 6n])
    expect(await wallet()).toMatchObject({ postedMicros: 0n })
  })

  it('leaves what has been used, and a wallet whose time has not come', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    const { holdId } = await hold(50n)
    await captureHold(ctx, { holdId, costMicros: 50n })
    await makeDue(lot)
    await credit(9n, 'promotional', FAR)
    expect(await expireLots(ctx)).toEqual({ expired: 0, hasMore: false })
    expect(await wallet()).toMatchObject({ postedMicros: 9n })
  })
})

describe('a lot whose time has come', () => {
  it('can be held no more, although no job has run', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    await credit(10n)
    await makeDue(lot)
    expect(await wallet()).toMatchObject({ postedMicros: 60n, availableMicros: 10n })
    expect(await hold(11n)).toMatchObject({ outcome: 'insufficient', availableMicros: 10n })
    expect(await hold(10n)).toMatchObject({ outcome: 'held', availableMicros: 0n })
    expect(await expiries()).toEqual([50n])
  })

  it('can be taken by no debit', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    await makeDue(lot)
    await expect(refund(lot, 1n)).rejects.toMatchObject({ code: 'insufficient_credits' })
  })

  it('does not expire under a running call, and what the call leaves expires after it', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    await credit(10n)
    const { holdId } = await hold(30n)
    await makeDue(lot)
    expect(await wallet()).toMatchObject({ postedMicros: 60n, availableMicros: 10n })
    await expireLots(ctx)
    expect(await expiries()).toEqual([20n])
    expect(await wallet()).toMatchObject({ postedMicros: 40n, heldMicros: 30n })
    await captureHold(ctx, { holdId, costMicros: 12n })
    expect(await remaining(lot)).toBe(18n)
    expect(await hold(11n)).toMatchObject({ outcome: 'insufficient', availableMicros: 10n })
    expect(await expiries()).toEqual([20n, 18n])
    expect(await wallet()).toMatchObject({ postedMicros: 10n, heldMicros: 0n })
  })

  it('is kept for the calls that were let in on it alone, and pays for no other', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    const lasting = await credit(60n)
    const early = await hold(50n)
    await makeDue(lot)
    const late = await hold(50n)
    expect(late).toMatchObject({ outcome: 'held', availableMicros: 10n })
    // Another whose call goes on while the one before ends.
    const later = await hold(10n)
    await captureHold(ctx, { holdId: late.holdId, costMicros: 30n })
    expect([await remaining(lot), await remaining(lasting)]).toEqual([50n, 30n])
    await captureHold(ctx, { holdId: early.holdId, costMicros: 20n })
    expect([await remaining(lot), await remaining(lasting)]).toEqual([30n, 30n])
    expect(await wallet()).toMatchObject({ postedMicros: 60n, heldMicros: 10n, availableMicros: 20n })
    await expireLots(ctx)
    expect(await expiries()).toEqual([30n])
    await captureHold(ctx, { holdId: later.holdId, costMicros: 10n })
    expect([await remaining(lot), await remaining(lasting)]).toEqual([0n, 20n])
    expect(foundIn(await inSnapshot(ctx, verifyLedger))).toEqual({})
  })

  it('pays for nothing that goes out while it is kept', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    const lasting = [await credit(30n), await credit(30n)]
    const early = await hold(50n)
    await makeDue(lot)
    await debit(31n)
    expect(await Promise.all([lot, ...lasting].map(remaining))).toEqual([50n, 0n, 29n])
    await captureHold(ctx, { holdId: early.holdId, costMicros: 60n })
    expect(await Promise.all([lot, ...lasting].map(remaining))).toEqual([0n, 0n, 19n])
    expect(await wallet()).toMatchObject({ postedMicros: 19n, heldMicros: 0n })
  })

  it.each([
    ['neither kept for', 0, [0n, 60n]],
    ['nor pays for', 40, [50n, 20n]],
  ])('is %s a call that begins at its very instant', async (_name, cost, left) => {
    const lot = await credit(50n, 'promotional', FAR)
    const lasting = await credit(60n)
    const [early, late] = [await hold(50n), newId()]
    await owner.query('BEGIN')
    await owner.query('UPDATE lots SET expires_at = now() WHERE transfer_id = $1', [lot])
    await owner.query('UPDATE wallets SET next_expiry_at = now() WHERE id = $1', [walletId])
    await owner.query("SELECT ledger_hold($1, $2, $1, 50, 50, 9, $1, '')", [late, walletId])
    if (cost === 0) await owner.query("SELECT ledger_capture($1, 0, 'test')", [early.holdId])
    await owner.query('SELECT ledger_expire($1)', [walletId])
    await owner.query("SELECT ledger_capture($1, $2, 'test')", [late, cost])
    await owner.query('COMMIT')
    expect(await Promise.all([lot, lasting].map(remaining))).toEqual(left)
  })

  it('of several is kept as far as the calls go that were let in before its own time', async () => {
    const [first, second] = [await credit(40n, 'promotional', FAR), await credit(40n, 'promotional', FAR)]
    const lasting = await credit(40n)
    const early = await hold(30n)
    await makeDue(first)
    const between = await hold(30n)
    await makeDue(second)
    expect(await wallet()).toMatchObject({ availableMicros: 40n })
    await expireLots(ctx)
    expect(await Promise.all([first, second, lasting].map(remaining))).toEqual([30n, 30n, 40n])
    await captureHold(ctx, { holdId: between.holdId, costMicros: 25n })
    expect(await Promise.all([first, second, lasting].map(remaining))).toEqual([30n, 5n, 40n])
    await releaseHold(ctx, early)
    await expireLots(ctx)
    expect(await wallet()).toMatchObject({ postedMicros: 40n, availableMicros: 40n })
  })

  it.each([
    ['a hold', (w: string) => owner.query("SELECT ledger_hold($1, $2, $1, 1, 1, 9, $1, '')", [newId(), w])],
    [
      'a debit',
      (w: string) =>
        owner.query("SELECT ledger_post($1, 'refund', $2, $3, 1, $4, '', 'test')", [
          newId(),
          w,
          HOUSE.clearing,
          newId(),
        ]),
    ],
    ['the job', (w: string) => owner.query('SELECT ledger_expire($1)', [w])],
  ])('is gone at its very instant for %s', async (_name, take) => {
    const lot = await credit(50n, 'promotional', FAR)
    await credit(10n)
    await owner.query('BEGIN')
    await owner.query('UPDATE lots SET expires_at = now() WHERE transfer_id = $1', [lot])
    await owner.query('UPDATE wallets SET next_expiry_at = now() WHERE id = $1', [walletId])
    await take(walletId)
    await owner.query('COMMIT')
    expect(await remaining(lot)).toBe(0n)
  })

  it('is gone at its very instant for a call that costs more than it held', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    await credit(10n)
    const holdId = newId()
    await owner.query("SELECT ledger_hold($1, $2, $1, 20, 20, 9, $1, '')", [holdId, walletId])
    await owner.query('BEGIN')
    await owner.query('UPDATE lots SET expires_at = now() WHERE transfer_id = $1', [lot])
    await owner.query('UPDATE wallets SET next_expiry_at = now() WHERE id = $1', [walletId])
    const { rows } = await owner.query("SELECT charged_micros FROM ledger_capture($1, 60, 'test')", [holdId])
    await owner.query('COMMIT')
    expect(BigInt(rows[0].charged_micros)).toBe(30n)
  })

  it('does not expire because the end of a call is repeated', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    const running = await hold(50n)
    await makeDue(lot)
    await releaseHold(ctx, running)
    const before = await wallet()
    await releaseHold(ctx, running)
    expect((await wallet()).postedMicros).toBe(before.postedMicros)
    expect(await remaining(lot)).toBe(50n)
  })

  it('does not pay for what a call costs beyond its hold', async () => {
    const lot = await credit(50n, 'promotional', FAR)
    const paid = await credit(100n)
    const { holdId } = await hold(10n)
    await makeDue(lot)
    await captureHold(ctx, { holdId, costMicros: 30n })
    expect(await expiries()).toEqual([40n])
    expect([await remaining(lot), await remaining(paid)]).toEqual([0n, 80n])
  })

  it('expires in the order of draining: what is held lies in the first', async () => {
    const [first, second] = [await credit(10n, 'promotional', FAR), await credit(10n, 'paid', FAR)]
    await credit(20n)
    const { holdId } = await hold(19n)
    await makeDue(first)
    await makeDue(second)
    await expireLots(ctx)
    expect([await remaining(first), await remaining(second)]).toEqual([10n, 9n])
    await releaseHold(ctx, { holdId })
    await expireLots(ctx)
    expect(await expiries()).toEqual([1n, 10n, 9n])
    expect(await wallet()).toMatchObject({ postedMicros: 20n })
  })
})

describe('a lot whose time comes before a transaction that began sooner gets the wallet', () => {
  /** What is done before its time is in the transaction's past, though it asks when all else is done. */
  const late = async (lotId: string, meanwhile: () => Promise<[text: string, values: unknown[]]>) => {
    await straggler.query('BEGIN')
    await straggler.query('SELECT now()')
    await makeDue(lotId)
    const asked = await meanwhile()
    await straggler.query(...asked)
    await straggler.query('COMMIT')
  }

  it('is left to calls for which nothing else is, since a refund took that', async () => {
    const [lot, paid] = [await credit(100n, 'promotional', FAR), await credit(100n)]
    const early = await hold(100n)
    let running = ''
    await late(lot, async () => {
      running = (await hold(100n)).holdId
      await captureHold(ctx, { holdId: early.holdId, costMicros: 40n })
      const statement = "SELECT ledger_post($1, 'refund', $2, $3, 60, $4, '', 'test', p_from_lot => $5)"
      return [statement, [newId(), walletId, HOUSE.clearing, newId(), paid]]
    })
    expect(await wallet()).toMatchObject({ postedMicros: 100n, heldMicros: 100n, availableMicros: 0n })
    await expireLots(ctx)
    expect([await remaining(lot), await remaining(paid)]).toEqual([60n, 40n])
    await captureHold(ctx, { holdId: running, costMicros: 70n })
    expect([await remaining(lot), await remaining(paid)]).toEqual([30n, 0n])
    await expireLots(ctx)
    expect(await wallet()).toMatchObject({ postedMicros: 0n })
    expect(foundIn(await inSnapshot(ctx, verifyLedger))).toEqual({})
  })

  it('pays for no call that began after it, though the end of the call began before', async () => {
    const [lot, paid] = [await credit(100n, 'promotional', FAR), await credit(100n)]
    await hold(100n)
    await late(lot, async () => {
      const { holdId } = await hold(100n)
      return ["SELECT ledger_capture($1, 50, 'test', NULL, $2, 100)", [holdId, walletId]]
    })
    expect([await remaining(lot), await remaining(paid)]).toEqual([100n, 50n])
  })

  it('leaves the others as they are when nothing of it is left', async () => {
    const [lot, paid] = [await credit(100n, 'promotional', FAR), await credit(300n)]
    const early = await hold(100n)
    await late(lot, async () => {
      const { holdId } = await hold(100n)
      await captureHold(ctx, { holdId: early.holdId, costMicros: 120n })
      return ["SELECT ledger_capture($1, 50, 'test')", [holdId]]
    })
    expect([await remaining(lot), await remaining(paid)]).toEqual([0n, 230n])
    expect(foundIn(await inSnapshot(ctx, verifyLedger))).toEqual({})
  })
})

it('a lot is drained to its last micro-credit', async () => {
  const [first, second] = [await credit(4n), await credit(4n)]
  for (const costMicros of [3n, 2n]) await captureHold(ctx, { holdId: (await hold(3n)).holdId, costMicros })
  expect([await remaining(first), await remaining(second)]).toEqual([0n, 3n])
})

describe('what a call was charged', () => {
  const charge = async (costMicros: bigint) => {
    const { holdId } = await hold(100n)
    await captureHold(ctx, { holdId, costMicros })
    const { rows } = await database.db.execute<{ named: string | null; used: string[] }>(sql`
      SELECT t.lot_transfer_id AS named, array(
        SELECT u.lot_transfer_id::text FROM lot_uses u WHERE u.transfer_id = t.id ORDER BY 1) AS used
      FROM transfers t WHERE t.hold_id = ${holdId}`)
    return rows[0]
  }

  it.each([1n, 99n, 100n])('names the one lot that paid it: %s of a hundred', async (costMicros) => {
    const lotId = await credit(100n, 'paid', FAR)
    expect(await charge(costMicros)).toEqual({ named: lotId, used: [] })
    expect(await remaining(lotId)).toBe(100n - costMicros)
  })

  it('names none where several paid, which stand beside it', async () => {
    const lotIds = [await credit(30n), await credit(300n)]
    expect(await charge(31n)).toEqual({ named: null, used: lotIds.toSorted() })
    expect(await remaining(lotIds[1]!)).toBe(299n)
  })

  it.each([1, 2])('is refused when the lots hold %i less than the balance', async (missing) => {
    await credit(100n)
    await owner.query('UPDATE wallets SET lot_floor_micros = $2 WHERE id = $1', [walletId, missing])
    await expect(charge(100n)).rejects.toMatchObject({ cause: { code: 'UB009' } })
    expect(await wallet()).toMatchObject({ postedMicros: 100n, heldMicros: 100n })
  })
})

describe('a transfer out of one lot', () => {
  it('takes from that lot alone, at most what is left of it', async () => {
    const [promotional, paid] = [await credit(10n, 'promotional'), await credit(10n)]
    await refund(paid, 4n)
    expect([await remaining(promotional), await remaining(paid)]).toEqual([10n, 6n])
    await expect(refund(paid, 7n)).rejects.toMatchObject({ code: 'insufficient_credits' })
    expect(await wallet()).toMatchObject({ postedMicros: 16n })
    expect([await remaining(promotional), await remaining(paid)]).toEqual([10n, 6n])
  })

  it('never takes what running calls hold', async () => {
    const paid = await credit(10n)
    await hold(8n)
    await expect(refund(paid, 3n)).rejects.toMatchObject({ code: 'insufficient_credits' })
    await refund(paid, 2n)
    expect(await wallet()).toMatchObject({ postedMicros: 8n, heldMicros: 8n })
  })

  it('knows no lot of another wallet', async () => {
    const other = await openWallet(ctx, { ownerType: 'user', ownerId: newId() })
    const { transferId: foreign } = await postTransfer(ctx, {
      kind: 'grant',
      debitAccountId: HOUSE.promotions,
      creditAccountId: other,
      amountMicros: 10n,
      idempotencyKey: newId(),
      lot: { source: 'paid' },
    })
    await credit(10n)
    await expect(refund(foreign, 1n)).rejects.toMatchObject({ code: 'insufficient_credits' })
    expect(await wallet()).toMatchObject({ postedMicros: 10n })
  })
})
