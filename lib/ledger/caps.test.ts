import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  type CapPeriod,
  captureHold,
  HOUSE,
  listSpendCaps,
  openWallet,
  placeHold,
  postTransfer,
  releaseHold,
  setSpendCap,
} from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let owner: pg.Client
let ctx: Ctx
let spenderId: string
let walletId: string

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  ctx = systemCtx('test', database.db)
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
})
beforeEach(async () => {
  spenderId = newId()
  walletId = await openWallet(ctx, { ownerType: 'user', ownerId: spenderId })
  await postTransfer(ctx, {
    kind: 'grant',
    debitAccountId: HOUSE.promotions,
    creditAccountId: walletId,
    amountMicros: 1_000n,
    idempotencyKey: newId(),
    lot: { source: 'promotional' },
  })
})
afterAll(async () => {
  await owner.end()
  await database.close()
})

const cap = (period: CapPeriod, limitMicros: bigint | null, timeZone = 'Asia/Shanghai') =>
  setSpendCap(ctx, { walletId, spenderId, period, limitMicros, timeZone })
const caps = () => listSpendCaps(ctx, { walletId, spenderId })
const hold = async (micros: bigint, minimumMicros = micros, who = spenderId) => {
  const holdId = newId()
  const amounts = { fullMicros: micros, minimumMicros, maxOpen: 300 }
  const placed = await placeHold(ctx, { holdId, walletId, spenderId: who, workerId: newId(), ...amounts })
  return { holdId, ...placed }
}
const spend = async (micros: bigint) => {
  const { holdId } = await hold(micros)
  await captureHold(ctx, { holdId, costMicros: micros })
}
/** Makes the current day (or month) one that is over. */
const endWindow = (period: CapPeriod) =>
  owner.query(
    "UPDATE spend_caps SET window_start = now() - interval '2 hours', window_end = now() - interval '1 hour' WHERE wallet_id = $1 AND period = $2",
    [walletId, period],
  )

describe('a spend cap', () => {
  it('is of one wallet: what is held and spent elsewhere does not count, and no other wallet knows of it', async () => {
    const mine = walletId
    const other = await openWallet(ctx, { ownerType: 'team', ownerId: newId() })
    await cap('day', 100n)
    await setSpendCap(ctx, { walletId: other, spenderId, period: 'day', limitMicros: 100n, timeZone: 'Asia/Shanghai' })
    await cap('month', 200n)
    const counted = await owner.query('SELECT caps FROM wallets WHERE id = ANY ($1) ORDER BY caps', [[mine, other]])
    expect(counted.rows).toEqual([{ caps: 1 }, { caps: 2 }])
    await spend(30n)
    await hold(20n)
    expect(await listSpendCaps(ctx, { walletId: other, spenderId })).toMatchObject([
      { spentMicros: 0n, heldMicros: 0n },
    ])
    await cap('day', null)
    await cap('month', null)
    const left = await owner.query('SELECT caps FROM wallets WHERE id = ANY ($1) ORDER BY caps', [[mine, other]])
    expect(left.rows).toEqual([{ caps: 0 }, { caps: 1 }])
  })

  it('is named where it decided something, and by no repetition nor by who has too many holds open', async () => {
    await cap('day', 100n)
    const place = async (holdId: string, maxOpen: number) => {
      const { rows } = await owner.query(
        `SELECT outcome, cap_period AS period, cap_limit_micros AS limit, cap_left_micros AS left
         FROM ledger_hold($1, $2, $3, 10, 10, $4, $1, '')`,
        [holdId, walletId, spenderId, maxOpen],
      )
      return rows[0]
    }
    const holdId = newId()
    const none = { period: null, limit: null, left: null }
    expect(await place(holdId, 1)).toEqual({ outcome: 'held', period: 'day', limit: 100n, left: 100n })
    expect(await place(newId(), 1)).toEqual({ outcome: 'too_many', ...none })
    expect(await place(holdId, 2)).toEqual({ outcome: 'held', ...none })
  })

  it('leaves what is neither spent nor held, and refuses beyond it', async () => {
    await cap('day', 100n)
    await spend(30n)
    const running = await hold(50n)
    expect(await caps()).toMatchObject([
      { period: 'day', limitMicros: 100n, spentMicros: 30n, heldMicros: 50n, leftMicros: 20n },
    ])
    expect(await hold(21n)).toMatchObject({
      outcome: 'capped',
      amountMicros: 0n,
      availableMicros: 920n,
      cap: { period: 'day', limitMicros: 100n, leftMicros: 20n },
    })
    await releaseHold(ctx, running)
    expect(await hold(70n)).toMatchObject({ outcome: 'held' })
  })

  it('shrinks a hold to what it leaves, down to the minimum', async () => {
    await cap('day', 100n)
    expect(await hold(500n, 100n)).toMatchObject({ outcome: 'held', amountMicros: 100n })
  })

  it('of two the tighter one counts', async () => {
    await cap('day', 100n)
    await cap('month', 40n)
    expect(await hold(41n)).toMatchObject({ outcome: 'capped', cap: { period: 'month', leftMicros: 40n } })
    await cap('month', 400n)
    expect(await hold(101n)).toMatchObject({ outcome: 'capped', cap: { period: 'day', leftMicros: 100n } })
    expect((await caps()).map(({ period }) => period)).toEqual(['day', 'month'])
  })

  it('an empty wallet is told before a cap', async () => {
    await cap('day', 5n)
    expect(await hold(1_001n)).toMatchObject({ outcome: 'insufficient' })
  })

  it('counts what was spent and is held before it was set', async () => {
    await spend(30n)
    await hold(20n)
    await cap('day', 100n)
    await cap('month', 60n)
    expect(await caps()).toMatchObject([
      { spentMicros: 30n, heldMicros: 20n, leftMicros: 50n },
      { spentMicros: 30n, heldMicros: 20n, leftMicros: 10n },
    ])
  })

  it('below what is gone already leaves nothing, and captures go on', async () => {
    const { holdId } = await hold(80n)
    await spend(30n)
    await cap('day', 10n)
    expect(await caps()).toMatchObject([{ leftMicros: 0n }])
    expect(await hold(1n)).toMatchObject({ outcome: 'capped', cap: { leftMicros: 0n } })
    expect(await captureHold(ctx, { holdId, costMicros: 80n })).toMatchObject({ chargedMicros: 80n })
    expect(await caps()).toMatchObject([{ spentMicros: 110n, heldMicros: 0n }])
  })

  it('begins anew with the day, and a call that runs over midnight counts where it ends', async () => {
    await cap('day', 100n)
    await cap('month', 500n)
    await spend(90n)
    const { holdId } = await hold(10n)
    await endWindow('day')
    expect(await caps()).toMatchObject([
      { period: 'day', spentMicros: 0n, heldMicros: 10n, leftMicros: 90n },
      { period: 'month', spentMicros: 90n },
    ])
    expect(await hold(91n)).toMatchObject({ outcome: 'capped', cap: { leftMicros: 90n } })
    await captureHold(ctx, { holdId, costMicros: 10n })
    expect(await caps()).toMatchObject([
      { period: 'day', spentMicros: 10n, heldMicros: 0n },
      { period: 'month', spentMicros: 100n },
    ])
    const { rows } = await owner.query(
      `SELECT period, window_start = date_trunc(period, now(), 'Asia/Shanghai') AS begun, window_end > now() AS open
       FROM spend_caps WHERE wallet_id = $1 ORDER BY period`,
      [walletId],
    )
    expect(rows).toEqual([
      { period: 'day', begun: true, open: true },
      { period: 'month', begun: true, open: true },
    ])
  })

  it('never goes back to a day that is over, whoever waited for the lock since before midnight', async () => {
    await cap('day', 100n)
    const { holdId } = await hold(10n)
    // A later day than that of anybody who writes now.
    await owner.query(
      "UPDATE spend_caps SET window_start = now() + interval '1 day', window_end = now() + interval '2 days', spent_micros = 30 WHERE wallet_id = $1",
      [walletId],
    )
    await captureHold(ctx, { holdId, costMicros: 10n })
    const { rows } = await owner.query(
      'SELECT window_start > now() AS kept, spent_micros::int AS spent FROM spend_caps WHERE wallet_id = $1',
      [walletId],
    )
    expect(rows).toEqual([{ kept: true, spent: 40 }])
  })

  it('is lifted, and what runs ends as ever', async () => {
    await cap('day', 10n)
    const { holdId } = await hold(10n)
    await cap('day', null)
    expect(await caps()).toEqual([])
    expect(await hold(500n)).toMatchObject({ outcome: 'held', cap: null })
    await captureHold(ctx, { holdId, costMicros: 3n })
  })

  it('is one spender’s: others spend from the wallet as before', async () => {
    await cap('day', 10n)
    const other = newId()
    expect(await hold(50n, 50n, other)).toMatchObject({ outcome: 'held', cap: null })
    expect(await caps()).toMatchObject([{ spentMicros: 0n, heldMicros: 0n }])
  })

  it('lets exactly as many of a crowd in as it has room for', async () => {
    await cap('day', 70n)
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => hold(10n)))
    expect(outcomes.filter(({ outcome }) => outcome === 'held')).toHaveLength(7)
    expect(outcomes.filter(({ outcome }) => outcome === 'capped')).toHaveLength(33)
  })

  it('ends at midnight where the person is', async () => {
    await cap('day', 10n, 'Asia/Shanghai')
    const [{ windowEnd } = { windowEnd: new Date(0) }] = await caps()
    const there = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', timeStyle: 'medium' })
    expect(there.format(windowEnd)).toBe('00:00:00')
    expect(windowEnd.getTime() - Date.now()).toBeLessThanOrEqual(24 * 3_600_000)
  })

  it('refuses a limit that is none, and zones that nobody lives in', async () => {
    await expect(cap('day', 0n)).rejects.toThrow()
    await expect(cap('day', 10n, 'Mars/Olympus')).rejects.toThrow()
    await expect(cap('day', 10n, '+08:00')).rejects.toThrow()
    expect(await caps()).toEqual([])
  })
})
