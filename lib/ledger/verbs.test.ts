import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '#lib/id.ts'
import { HOUSE } from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { untilBlocked } from '#tests/support/ledger/barriers.ts'
import { insert } from '#tests/support/ledger-rows.ts'

// The ledger's functions as the database offers them: each whole answer, each row they leave, each refusal by its code.

let database: TestDatabase
let app: pg.Client
let owner: pg.Client
let walletId: string
const spenderId = newId()
const workerId = newId()

beforeAll(async () => {
  database = await createTestDatabase()
  app = new pg.Client({ connectionString: database.url })
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await Promise.all([app.connect(), owner.connect()])
})
beforeEach(async () => {
  walletId = await open()
})
afterAll(async () => {
  await Promise.all([app.end(), owner.end()])
  await database.close()
})

type Args = Record<string, unknown>
type Row = Record<string, unknown>

/** Calls a function with its arguments by name. @returns its rows, amounts as bigint */
async function call(name: string, args: Args, client = app): Promise<Row[]> {
  const named = Object.keys(args).map((arg, index) => `p_${arg} => $${index + 1}`)
  return (await client.query(`SELECT * FROM ${name}(${named.join(', ')})`, Object.values(args))).rows
}
const refusal = (name: string, args: Args) =>
  call(name, args).then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const all = async (text: string, ...values: unknown[]): Promise<Row[]> => (await owner.query(text, values)).rows
const one = async (text: string, ...values: unknown[]) => (await all(text, ...values))[0]

async function open(ownerType = 'user', ownerId = newId()): Promise<string> {
  const [row] = await call('ledger_open_wallet', { owner_type: ownerType, owner_id: ownerId })
  return row!.ledger_open_wallet as string
}
const posting = (fields: Args = {}): Args => ({
  id: newId(),
  kind: 'grant',
  debit: HOUSE.promotions,
  credit: walletId,
  amount: 100,
  key: newId(),
  hash: Buffer.from('a request'),
  actor: 'system:test',
  lot_source: 'paid',
  ...fields,
})
/** Credits for the wallet in a lot of their own. @returns the lot */
async function credit(fields: Args = {}): Promise<string> {
  const [row] = await call('ledger_post', posting(fields))
  return row!.transfer_id as string
}
const taking = (amount: number, fields: Args = {}) =>
  posting({ kind: 'adjustment', debit: walletId, credit: HOUSE.adjustments, amount, lot_source: null, ...fields })
const holding = (fields: Args = {}): Args => ({
  id: newId(),
  wallet: walletId,
  spender: spenderId,
  full: 60,
  minimum: 30,
  max_open: 9,
  worker: workerId,
  hash: Buffer.from('a call'),
  ...fields,
})
async function hold(fields: Args = {}): Promise<string> {
  const args = holding(fields)
  const [held] = await call('ledger_hold', args)
  expect(held).toMatchObject({ outcome: 'held' })
  placed.set(args.id as string, { wallet: args.wallet, held: held!.amount_micros })
  return args.id as string
}
/** Whose wallet holds how much for which hold, as who placed it can say. */
const placed = new Map<string, Args>()
const capturing = (holdId: string, cost: number, fields: Args = {}): Args => ({
  hold: holdId,
  cost,
  actor: 'system:test',
  ...placed.get(holdId),
  ...fields,
})
const cap = (limit: number | null, period = 'day', time_zone = 'UTC') =>
  call('ledger_set_cap', { wallet: walletId, spender: spenderId, period, limit, time_zone })
const wallet = (id = walletId) =>
  one('SELECT posted_micros, held_micros, open_holds, seq, next_expiry_at FROM wallets WHERE id = $1', id)
const remaining = async (id = walletId) =>
  (await all('SELECT remaining_micros AS m FROM lots_left WHERE wallet_id = $1 ORDER BY transfer_id', id)).map(
    ({ m }) => m,
  )
const transfer = (id: unknown) =>
  one(
    `SELECT kind, debit_account_id, credit_account_id, amount_micros, debit_seq, debit_balance_micros, credit_seq,
       credit_balance_micros, hold_id, external_ref, actor, reason, idempotency_key, request_hash
     FROM transfers WHERE id = $1`,
    id,
  )
/** Lets the time come of lots of the wallet: now, after what was let in before, or at another moment. */
async function makeDue(lots: string[], when = 'now()'): Promise<void> {
  await owner.query(`UPDATE lots SET expires_at = ${when} WHERE transfer_id = ANY ($1)`, [lots])
  await owner.query(`UPDATE wallets SET next_expiry_at = ${when} WHERE id = $1`, [walletId])
}
/** Work in one transaction of the owner, in which now() stands still; nothing of it stays. */
async function inOneInstant(work: () => Promise<void>): Promise<void> {
  await owner.query('BEGIN')
  try {
    await work()
  } finally {
    await owner.query('ROLLBACK')
  }
}
const FAR = new Date('2099-01-01')
const NO_CAP = { cap_period: null, cap_limit_micros: null, cap_left_micros: null }

describe('ledger_open_wallet', () => {
  it('knows each owner’s own again', async () => {
    const ownerId = newId()
    const mine = await open('user', ownerId)
    const ours = await open('team', ownerId)
    const foreign = await open('user')
    expect(new Set([mine, ours, foreign]).size).toBe(3)
    expect([await open('user', ownerId), await open('team', ownerId)]).toEqual([mine, ours])
    expect(await one('SELECT kind, owner_type, owner_id FROM accounts WHERE id = $1', mine)).toEqual({
      kind: 'wallet',
      owner_type: 'user',
      owner_id: ownerId,
    })
  })
})

describe('ledger_post', () => {
  it('writes down all it was told, and what it did to the wallet', async () => {
    const args = posting({ reason: 'thanks', external_ref: 'ref-1', lot_expires: FAR })
    expect(await call('ledger_post', args)).toEqual([{ transfer_id: args.id, replayed: false }])
    expect(await transfer(args.id)).toEqual({
      kind: 'grant',
      debit_account_id: HOUSE.promotions,
      credit_account_id: walletId,
      amount_micros: 100n,
      debit_seq: null,
      debit_balance_micros: null,
      credit_seq: 1n,
      credit_balance_micros: 100n,
      hold_id: null,
      external_ref: 'ref-1',
      actor: 'system:test',
      reason: 'thanks',
      idempotency_key: args.key,
      request_hash: args.hash,
    })
    expect(await wallet()).toEqual({
      posted_micros: 100n,
      held_micros: 0n,
      open_holds: 0,
      seq: 1n,
      next_expiry_at: FAR,
    })
    expect(await one('SELECT * FROM lots_left WHERE wallet_id = $1', walletId)).toMatchObject({
      transfer_id: args.id,
      source: 'paid',
      amount_micros: 100n,
      remaining_micros: 100n,
      expires_at: FAR,
    })
  })

  it('moves from wallet to wallet, each with its own number and balance', async () => {
    const other = await open()
    await credit()
    await credit({ credit: other, amount: 7 })
    const args = taking(40, { credit: other, lot_source: 'code' })
    await call('ledger_post', args)
    expect(await transfer(args.id)).toMatchObject({
      debit_seq: 2n,
      debit_balance_micros: 60n,
      credit_seq: 2n,
      credit_balance_micros: 47n,
    })
    expect(await wallet()).toMatchObject({ posted_micros: 60n, seq: 2n })
    expect(await wallet(other)).toMatchObject({ posted_micros: 47n, seq: 2n })
    expect([await remaining(), await remaining(other)]).toEqual([[60n], [7n, 40n]])
    expect(await all('SELECT * FROM lot_uses WHERE transfer_id = $1', args.id)).toMatchObject([
      { wallet_id: walletId, amount_micros: 40n },
    ])
  })

  it('says of a key it knows what it did then, even when it could not do it again', async () => {
    await credit()
    const args = taking(100)
    await call('ledger_post', args)
    expect(await call('ledger_post', { ...args, id: newId() })).toEqual([{ transfer_id: args.id, replayed: true }])
    expect(await refusal('ledger_post', { ...args, hash: Buffer.from('another') })).toBe('UB001')
    expect(await refusal('ledger_post', taking(1))).toBe('UB002')
    expect(await wallet()).toMatchObject({ posted_micros: 0n, seq: 2n })
  })

  it('keeps the soonest expiry in mind, whatever comes after', async () => {
    const sooner = new Date('2098-01-01')
    await credit({ lot_expires: FAR })
    await credit({ lot_expires: sooner })
    await credit({ lot_expires: FAR })
    await credit()
    expect(await wallet()).toMatchObject({ next_expiry_at: sooner })
  })

  it('drains lots that are equal in the order in which they came, and each to the end', async () => {
    await credit({ amount: 5 })
    await credit({ amount: 5 })
    await credit({ amount: 5 })
    await call('ledger_post', taking(1))
    await inOneInstant(async () => {
      // The first lot was written last, and no index has them in order: the query must.
      await owner.query('SET LOCAL enable_indexscan = off')
      await owner.query('SET LOCAL enable_bitmapscan = off')
      await call('ledger_post', taking(5), owner)
      expect(await remaining()).toEqual([0n, 4n, 5n])
    })
  })

  it('takes nothing that has expired, of the whole wallet or of a lot', async () => {
    const lot = await credit({ amount: 50, lot_expires: FAR })
    await credit({ amount: 10 })
    await makeDue([lot])
    expect(await refusal('ledger_post', taking(11))).toBe('UB002')
    expect(await refusal('ledger_post', taking(10))).toBe('done')
    expect(await wallet()).toMatchObject({ posted_micros: 0n, next_expiry_at: null })
  })

  it('takes from one lot, and refuses beyond it', async () => {
    await credit({ amount: 5 })
    const lot = await credit({ amount: 5 })
    expect(await refusal('ledger_post', taking(6, { from_lot: lot }))).toBe('UB002')
    expect(await refusal('ledger_post', taking(5, { from_lot: lot }))).toBe('done')
    expect(await remaining()).toEqual([5n, 0n])
    expect(await refusal('ledger_post', taking(1, { from_lot: lot }))).toBe('UB002')
  })

  describe('while others have locks', () => {
    let others: pg.Client
    const locked = (id: string, how = '') => `SELECT 1 FROM wallets WHERE id = '${id}' FOR UPDATE ${how}`

    beforeEach(async () => {
      others = new pg.Client({ connectionString: database.ownerUrl })
      await others.connect()
      await others.query('BEGIN')
    })
    afterEach(() => others.end())

    it('waits for no wallet but those it touches', async () => {
      await others.query(locked(await open()))
      await app.query("SET lock_timeout = '1ms'")
      await credit()
      await app.query('RESET lock_timeout')
      expect(await wallet()).toMatchObject({ posted_micros: 100n })
    })

    it('waits for no row that names the wallet: two who wrote one first would wait for one another', async () => {
      const due = await credit({ amount: 10, lot_expires: FAR })
      await credit()
      const known = await hold()
      await others.query(`SELECT 1 FROM wallets WHERE id = '${walletId}' FOR KEY SHARE`)
      await app.query("SET lock_timeout = '1ms'")
      await call('ledger_post', taking(10))
      await call('ledger_hold', holding({ id: known }))
      await call('ledger_capture', { hold: known, cost: 5, actor: 'system:test' })
      await cap(100)
      await makeDue([due])
      await call('ledger_expire', { wallet: walletId })
      await app.query('RESET lock_timeout')
      expect(await wallet()).toMatchObject({ open_holds: 0 })
    })

    it('locks the wallet with the lower id first, wherever it lies', async () => {
      const [low, high] = [walletId, await open()].toSorted() as [string, string]
      await credit({ credit: high })
      await owner.query('UPDATE wallets SET seq = seq WHERE id = $1', [low])
      await others.query(locked(low))
      const [{ pid: waiting }, { pid: blocker }] = await Promise.all(
        [owner, others].map(async (client) => (await client.query('SELECT pg_backend_pid() AS pid')).rows[0]),
      )
      await owner.query('SET enable_indexscan = off')
      await owner.query('SET enable_bitmapscan = off')
      const move = call('ledger_post', taking(10, { debit: high, credit: low, lot_source: 'paid' }), owner)
      expect(await untilBlocked(app, waiting, blocker, move)).toBe(true)
      await others.query(locked(high, 'NOWAIT'))
      await others.query('COMMIT')
      expect(await move).toMatchObject([{ replayed: false }])
      await owner.query('RESET ALL')
    })
  })

  it.each(['usage', 'bad_debt', 'expiry'])('leaves %s to who knows how much', async (kind) => {
    await credit()
    expect(await refusal('ledger_post', taking(1, { kind }))).toBe('UB004')
  })

  it.each(['capture:1', 'bad-debt:1', 'expiry:1:2'])('leaves the key %s to the ledger', async (key) => {
    await credit()
    expect(await refusal('ledger_post', taking(1, { key }))).toBe('UB004')
    expect(await refusal('ledger_post', taking(1, { key: `my-${key}` }))).toBe('done')
  })

  it.each([1, 2])('stops when the lots hold %i less than the balance', async (missing) => {
    await credit({ amount: 10 })
    await owner.query('UPDATE wallets SET lot_floor_micros = $2 WHERE id = $1', [walletId, missing])
    expect(await refusal('ledger_post', taking(10))).toBe('UB009')
    expect(await wallet()).toMatchObject({ posted_micros: 10n })
  })
})

describe('ledger_hold', () => {
  it('answers with what it holds and what is left, and again the same', async () => {
    await credit()
    const args = holding()
    const held = { outcome: 'held', amount_micros: 60n, ...NO_CAP }
    const after = { available_micros: 40n, held_micros: 60n, open_holds: 1 }
    expect(await call('ledger_hold', args)).toEqual([{ ...held, ...after }])
    expect(await call('ledger_hold', args)).toEqual([{ ...held, ...after }])
    expect(await one('SELECT * FROM holds WHERE id = $1', args.id)).toMatchObject({
      wallet_id: walletId,
      spender_id: spenderId,
      amount_micros: 60n,
      state: 'open',
      captured_micros: 0n,
      bad_debt_micros: 0n,
      request_hash: args.hash,
      open_worker_id: workerId,
      closed_at: null,
    })
    expect(await call('ledger_hold', holding())).toEqual([
      { ...held, amount_micros: 40n, available_micros: 0n, held_micros: 100n, open_holds: 2 },
    ])
    expect(await wallet()).toMatchObject({ posted_micros: 100n, held_micros: 100n, open_holds: 2, seq: 1n })
  })

  it('says why it holds nothing: too little, or too many', async () => {
    await credit()
    await hold({ full: 80 })
    const standing = { amount_micros: 0n, available_micros: 20n, held_micros: 80n, open_holds: 1, ...NO_CAP }
    expect(await call('ledger_hold', holding())).toEqual([{ outcome: 'insufficient', ...standing }])
    const few = { full: 1, minimum: 1, max_open: 1 }
    expect(await call('ledger_hold', holding(few))).toEqual([{ outcome: 'too_many', ...standing }])
    expect(await call('ledger_hold', holding({ ...few, max_open: 2 }))).toMatchObject([{ outcome: 'held' }])
    expect(await wallet()).toMatchObject({ held_micros: 81n, open_holds: 2 })
  })

  it('holds exactly the minimum where that is all there is', async () => {
    await credit({ amount: 30 })
    expect(await call('ledger_hold', holding())).toMatchObject([{ outcome: 'held', amount_micros: 30n }])
  })

  it('names the cap that bounds it', async () => {
    await credit()
    await cap(90)
    await cap(50, 'month')
    const month = { cap_period: 'month', cap_limit_micros: 50n }
    const free = { available_micros: 100n, held_micros: 0n, open_holds: 0 }
    expect(await call('ledger_hold', holding({ minimum: 51 }))).toEqual([
      { outcome: 'capped', amount_micros: 0n, ...free, ...month, cap_left_micros: 50n },
    ])
    // What is free would not do either: that is said first, of exactly the minimum it is not.
    const more = { full: 200, minimum: 101 }
    expect(await call('ledger_hold', holding(more))).toMatchObject([{ outcome: 'insufficient' }])
    expect(await call('ledger_hold', holding({ ...more, minimum: 100 }))).toMatchObject([{ outcome: 'capped' }])
    expect(await call('ledger_hold', holding())).toEqual([
      {
        outcome: 'held',
        amount_micros: 50n,
        available_micros: 50n,
        held_micros: 50n,
        open_holds: 1,
        ...month,
        cap_left_micros: 50n,
      },
    ])
    expect(
      await all('SELECT period, held_micros, spent_micros FROM spend_caps WHERE wallet_id = $1', walletId),
    ).toEqual([
      { period: 'day', held_micros: 50n, spent_micros: 0n },
      { period: 'month', held_micros: 50n, spent_micros: 0n },
    ])
  })

  it('leaves nothing, never less, of a cap set below what is held; of two equal caps the day’s is named', async () => {
    await credit()
    await hold({ full: 60 })
    await cap(10, 'month')
    await cap(10)
    const refused = { outcome: 'capped', cap_period: 'day', cap_limit_micros: 10n, cap_left_micros: 0n }
    await inOneInstant(async () => {
      // The index has the day first as well; without it the order must be the query's own.
      await owner.query('SET LOCAL enable_indexscan = off')
      await owner.query('SET LOCAL enable_bitmapscan = off')
      expect(await call('ledger_hold', holding({ full: 1, minimum: 1 }), owner)).toMatchObject([refused])
    })
  })

  it('bounds nobody by somebody else’s cap, or by one on another wallet', async () => {
    await credit()
    const other = await open()
    await call('ledger_set_cap', { wallet: walletId, spender: newId(), period: 'day', limit: 1, time_zone: 'UTC' })
    await call('ledger_set_cap', { wallet: other, spender: spenderId, period: 'day', limit: 1, time_zone: 'UTC' })
    const args = holding()
    expect(await call('ledger_hold', args)).toMatchObject([{ outcome: 'held', amount_micros: 60n, ...NO_CAP }])
    await call('ledger_capture', capturing(args.id as string, 12))
    expect(await all('SELECT held_micros FROM spend_caps WHERE wallet_id IN ($1, $2)', walletId, other)).toEqual([
      { held_micros: 0n },
      { held_micros: 0n },
    ])
  })

  it('counts what was spent until the window’s last instant, and no more from its end on', async () => {
    await credit()
    await cap(100)
    await owner.query('UPDATE spend_caps SET spent_micros = 90 WHERE wallet_id = $1', [walletId])
    for (const [end, outcome] of [
      ["now() + interval '1 microsecond'", 'capped'],
      ['now()', 'held'],
    ] as const) {
      await inOneInstant(async () => {
        await owner.query(`UPDATE spend_caps SET window_end = ${end} WHERE wallet_id = $1`, [walletId])
        expect(await call('ledger_hold', holding(), owner)).toMatchObject([{ outcome }])
      })
    }
  })

  it('refuses what makes no sense, and an id that was used for anything else', async () => {
    await credit()
    expect(await refusal('ledger_hold', holding({ minimum: 0 }))).toBe('UB004')
    expect(await refusal('ledger_hold', holding({ minimum: 61 }))).toBe('UB004')
    expect(await refusal('ledger_hold', holding({ wallet: newId() }))).toBe('UB005')
    expect(await refusal('ledger_hold', holding({ full: 1, minimum: 1 }))).toBe('done')
    const id = await hold({ full: 10, minimum: 10 })
    expect(await refusal('ledger_hold', holding({ id, hash: Buffer.from('another') }))).toBe('UB001')
    await call('ledger_capture', capturing(id, 0))
    expect(await refusal('ledger_hold', holding({ id }))).toBe('UB003')
    expect(await refusal('ledger_hold', holding({ id, hash: Buffer.from('another') }))).toBe('UB001')
  })
})

describe('the lot that a wallet pays from', () => {
  const paying = (id = walletId) =>
    one('SELECT lot_transfer_id AS lot, lot_floor_micros AS floor FROM wallets WHERE id = $1', id)
  const noted = async (lot: string) => (await one('SELECT noted_micros AS m FROM lots WHERE transfer_id = $1', lot))!.m
  const spend = async (cost: number) => call('ledger_capture', capturing(await hold({ full: cost, minimum: 1 }), cost))

  it('is none as long as there is none', async () => {
    expect(await paying()).toEqual({ lot: null, floor: null })
  })

  it('is the first in order, and its row rests while calls are paid', async () => {
    const paid = await credit({ amount: 50 })
    expect(await paying()).toEqual({ lot: paid, floor: 0n })
    const sooner = await credit({ amount: 20, lot_expires: FAR })
    expect(await paying()).toEqual({ lot: sooner, floor: 50n })
    await spend(5)
    expect([await noted(sooner), await remaining()]).toEqual([20n, [50n, 15n]])
    expect(await paying()).toEqual({ lot: sooner, floor: 50n })
  })

  it('stays the one, with what is left of it, whatever else moves', async () => {
    const lot = await credit({ amount: 50, lot_source: 'promotional' })
    await spend(5)
    const last = await credit({ amount: 7 })
    expect([await remaining(), await paying()]).toEqual([[45n, 7n], { lot, floor: 7n }])
    await spend(5)
    await call('ledger_post', taking(3, { from_lot: last }))
    expect([await remaining(), await noted(last), await paying()]).toEqual([[40n, 4n], 4n, { lot, floor: 4n }])
    await call('ledger_post', taking(2, { from_lot: lot }))
    expect([await remaining(), await paying()]).toEqual([[38n, 4n], { lot, floor: 4n }])
    await spend(5)
    await call('ledger_post', taking(1))
    expect([await remaining(), await paying()]).toEqual([[32n, 4n], { lot, floor: 4n }])
  })

  it('is written down when another one comes before it, and not before', async () => {
    const lot = await credit({ amount: 50 })
    await spend(5)
    await credit({ amount: 7 })
    expect(await noted(lot)).toBe(50n)
    const first = await credit({ amount: 3, lot_source: 'promotional' })
    expect([await noted(lot), await paying()]).toEqual([45n, { lot: first, floor: 52n }])
  })

  it('is used up to the last, then the next one pays, and one call can take from both', async () => {
    const [first, second] = [await credit({ amount: 10, lot_source: 'promotional' }), await credit({ amount: 10 })]
    await spend(10)
    expect([await remaining(), await paying()]).toEqual([[0n, 10n], { lot: first, floor: 10n }])
    await spend(1)
    expect([await remaining(), await paying()]).toEqual([[0n, 9n], { lot: second, floor: 0n }])
    const third = await credit({ amount: 10 })
    await spend(10)
    expect([await remaining(), await paying()]).toEqual([[0n, 0n, 9n], { lot: third, floor: 0n }])
    await spend(9)
    await call('ledger_post', posting({ amount: 1, lot_source: 'promotional' }))
    expect(await remaining()).toEqual([0n, 0n, 0n, 1n])
  })

  it('is none again once all is taken, until something comes', async () => {
    await credit({ amount: 10 })
    await spend(4)
    await call('ledger_post', taking(6))
    expect([await remaining(), await paying()]).toEqual([[0n], { lot: null, floor: null }])
    const lot = await credit({ amount: 3 })
    expect(await paying()).toEqual({ lot, floor: 0n })
  })

  it('is another one once it has expired, of which calls under way keep what they hold', async () => {
    const [due, later] = [await credit({ amount: 20, lot_expires: FAR }), await credit({ amount: 30 })]
    await spend(5)
    const id = await hold({ full: 6, minimum: 6 })
    await makeDue([due])
    await call('ledger_expire', { wallet: walletId })
    expect([await remaining(), await paying()]).toEqual([[6n, 30n], { lot: due, floor: 30n }])
    await call('ledger_capture', capturing(id, 2))
    await call('ledger_expire', { wallet: walletId })
    expect([await remaining(), await paying()]).toEqual([[0n, 30n], { lot: due, floor: 30n }])
    await spend(1)
    expect([await remaining(), await paying()]).toEqual([[0n, 29n], { lot: later, floor: 0n }])
  })

  it('of both wallets is minded when one gives to the other', async () => {
    const other = await open()
    const [mine, theirs] = [await credit({ amount: 20 }), await credit({ credit: other, amount: 7 })]
    await spend(5)
    const args = taking(4, { credit: other, lot_source: 'code' })
    await call('ledger_post', args)
    expect([await remaining(), await paying()]).toEqual([[11n], { lot: mine, floor: 0n }])
    expect([await noted(theirs), await paying(other)]).toEqual([7n, { lot: args.id, floor: 7n }])
  })

  it('pays for calls under a cap too, and names itself', async () => {
    const lot = await credit({ amount: 100 })
    await cap(100)
    await credit({ amount: 10, lot_source: 'promotional' })
    await call('ledger_post', taking(10))
    for (const left of [80n, 0n]) {
      const cost = left === 0n ? 80 : 20
      const [end] = (await spend(cost)) as [Row]
      expect(await one('SELECT lot_transfer_id AS lot FROM transfers WHERE id = $1', end.transfer_id)).toEqual({ lot })
      expect([await noted(lot), (await remaining())[0], await paying()]).toEqual([100n, left, { lot, floor: 0n }])
      expect(await all('SELECT 1 FROM lot_uses WHERE transfer_id = $1', end.transfer_id)).toEqual([])
    }
  })
})

describe.each([
  ['remembers the hold', {}],
  ['does not know it', { wallet: null, held: null }],
  ['takes it for another amount', { held: 59 }],
  ['takes it for nothing', { held: 0 }],
])('ledger_capture, by one who %s', (_, told) => {
  const ending = (holdId: string, cost: number, fields: Args = {}) => capturing(holdId, cost, { ...told, ...fields })

  it('answers with the transfer and its number, and again the same', async () => {
    await credit()
    const id = await hold()
    const args = ending(id, 25, { external_ref: 'receipt' })
    const [first] = await call('ledger_capture', args)
    const { transfer_id } = first!
    const answer = { charged_micros: 25n, bad_debt_micros: 0n, transfer_id, wallet_seq: 2n }
    expect(first).toEqual({ ...answer, replayed: false })
    expect(await call('ledger_capture', args)).toEqual([{ ...answer, replayed: true }])
    expect(await transfer(transfer_id)).toEqual({
      kind: 'usage',
      debit_account_id: walletId,
      credit_account_id: HOUSE.revenue,
      amount_micros: 25n,
      debit_seq: 2n,
      debit_balance_micros: 75n,
      credit_seq: null,
      credit_balance_micros: null,
      hold_id: id,
      external_ref: 'receipt',
      actor: 'system:test',
      reason: null,
      idempotency_key: `capture:${id}`,
      request_hash: Buffer.from('a call'),
    })
    expect(await wallet()).toMatchObject({ posted_micros: 75n, held_micros: 0n, open_holds: 0, seq: 2n })
    expect(await one('SELECT * FROM holds WHERE id = $1', id)).toMatchObject({
      state: 'captured',
      captured_micros: 25n,
      bad_debt_micros: 0n,
      open_worker_id: null,
      closed_at: expect.any(Date),
    })
    expect(await remaining()).toEqual([75n])
  })

  it('books to bad debt what the wallet has not, under a transfer of its own', async () => {
    await credit()
    const id = await hold()
    const [first] = await call('ledger_capture', ending(id, 101, { external_ref: 'receipt' }))
    expect(first).toMatchObject({ charged_micros: 100n, bad_debt_micros: 1n, wallet_seq: 2n, replayed: false })
    expect(await call('ledger_capture', ending(id, 101))).toEqual([{ ...first, replayed: true }])
    const both = {
      credit_account_id: HOUSE.revenue,
      credit_seq: null,
      credit_balance_micros: null,
      hold_id: id,
      external_ref: 'receipt',
      actor: 'system:test',
      reason: null,
      request_hash: Buffer.from('a call'),
    }
    expect(await transfer(first!.transfer_id)).toEqual({
      ...both,
      kind: 'usage',
      debit_account_id: walletId,
      amount_micros: 100n,
      debit_seq: 2n,
      debit_balance_micros: 0n,
      idempotency_key: `capture:${id}`,
    })
    const [lost] = await all("SELECT id FROM transfers WHERE hold_id = $1 AND kind = 'bad_debt'", id)
    expect(await transfer(lost!.id)).toEqual({
      ...both,
      kind: 'bad_debt',
      debit_account_id: HOUSE.badDebt,
      amount_micros: 1n,
      debit_seq: null,
      debit_balance_micros: null,
      idempotency_key: `bad-debt:${id}`,
    })
    expect(await one('SELECT * FROM holds WHERE id = $1', id)).toMatchObject({
      captured_micros: 100n,
      bad_debt_micros: 1n,
    })
    expect(await wallet()).toMatchObject({ posted_micros: 0n, held_micros: 0n, open_holds: 0 })
  })

  it.each([null, 500])('charges a single micro-credit, and nothing releases, under a cap of %s', async (limit) => {
    await credit()
    await cap(limit)
    const [charged, free] = [await hold({ full: 30 }), await hold({ full: 30 })]
    expect(await call('ledger_capture', ending(charged, 1))).toMatchObject([{ charged_micros: 1n, wallet_seq: 2n }])
    const nothing = { charged_micros: 0n, bad_debt_micros: 0n, transfer_id: null, wallet_seq: null }
    expect(await call('ledger_capture', ending(free, 0))).toEqual([{ ...nothing, replayed: false }])
    expect(await call('ledger_capture', ending(free, 0))).toEqual([{ ...nothing, replayed: true }])
    expect(await one('SELECT state FROM holds WHERE id = $1', free)).toEqual({ state: 'released' })
    expect(await wallet()).toEqual({
      posted_micros: 99n,
      held_micros: 0n,
      open_holds: 0,
      seq: 2n,
      next_expiry_at: null,
    })
  })

  it('takes an overrun from what is free, not from what others hold or what has expired', async () => {
    const lot = await credit({ lot_expires: FAR })
    await credit({ amount: 10 })
    const id = await hold({ full: 40 })
    await hold({ full: 30 })
    await makeDue([lot])
    expect(await call('ledger_capture', ending(id, 60))).toMatchObject([{ charged_micros: 50n, bad_debt_micros: 10n }])
    expect(await wallet()).toMatchObject({ posted_micros: 30n, held_micros: 30n, open_holds: 1 })
  })

  it('moves in each cap of the spender what was held to what was spent', async () => {
    await credit()
    await cap(500)
    await cap(500, 'month')
    const [id, other] = [await hold({ full: 40 }), await hold({ full: 30 })]
    const caps = () =>
      all('SELECT period, held_micros, spent_micros FROM spend_caps WHERE wallet_id = $1 ORDER BY 1', walletId)
    await call('ledger_capture', ending(id, 12))
    const after = { held_micros: 30n, spent_micros: 12n }
    expect(await caps()).toEqual([
      { period: 'day', ...after },
      { period: 'month', ...after },
    ])
    await call('ledger_capture', ending(other, 5))
    expect(await caps()).toMatchObject([{ held_micros: 0n, spent_micros: 17n }, { spent_micros: 17n }])
  })

  it('begins a window anew from its end on, and not before', async () => {
    await credit()
    await cap(500, 'day', 'Asia/Shanghai')
    const id = await hold()
    const fresh = await one('SELECT window_start, window_end FROM spend_caps WHERE wallet_id = $1', walletId)
    const past = "spent_micros = 90, window_start = now() - interval '2 days'"
    for (const [end, spent, isFresh] of [
      ["now() + interval '1 microsecond'", 102n, false],
      ['now()', 12n, true],
    ] as const) {
      await inOneInstant(async () => {
        await owner.query(`UPDATE spend_caps SET ${past}, window_end = ${end} WHERE wallet_id = $1`, [walletId])
        await call('ledger_capture', ending(id, 12), owner)
        const row = (await one('SELECT * FROM spend_caps WHERE wallet_id = $1', walletId))!
        expect(row).toMatchObject({ spent_micros: spent, held_micros: 0n })
        const { window_start, window_end } = row
        if (isFresh) expect({ window_start, window_end }).toEqual(fresh)
        else expect(window_end).not.toEqual(fresh!.window_end)
      })
    }
  })

  it('lets what nobody holds expire first, from the very instant on', async () => {
    const lot = await credit({ amount: 20, lot_expires: FAR })
    const id = await hold({ full: 6, minimum: 6 })
    for (const [at, left] of [
      ["now() + interval '1 microsecond'", 18n],
      ['now()', 4n],
    ] as const) {
      await inOneInstant(async () => {
        await makeDue([lot], at)
        await call('ledger_capture', ending(id, 2), owner)
        expect(await remaining()).toEqual([left])
      })
    }
  })

  it('refuses a cost below nothing, and a hold it does not know', async () => {
    await credit()
    const id = await hold()
    expect(await refusal('ledger_capture', ending(id, -1))).toBe('UB004')
    expect(await refusal('ledger_capture', ending(newId(), 1))).toBe('UB005')
  })

  it('of a hold that has ended says how, whatever it is told now, and changes nothing', async () => {
    await credit()
    const [captured, released] = [await hold(), await hold({ full: 40 })]
    const [end] = await call('ledger_capture', ending(captured, 1))
    await call('ledger_capture', ending(released, 0))
    const before = await wallet()
    for (const cost of [0, 2, 200]) {
      expect(await call('ledger_capture', ending(captured, cost))).toEqual([{ ...end, replayed: true }])
      expect(await call('ledger_capture', ending(released, cost))).toMatchObject([
        { charged_micros: 0n, bad_debt_micros: 0n, transfer_id: null, wallet_seq: null, replayed: true },
      ])
    }
    expect(await wallet()).toEqual(before)
  })
})

it('a charge that names another wallet, which could pay it, is the wallet’s that holds for it', async () => {
  await credit()
  const id = await hold()
  const other = await open()
  await credit({ credit: other })
  await hold({ wallet: other })
  const before = await wallet(other)
  const [end] = await call('ledger_capture', capturing(id, 25, { wallet: other }))
  expect(end).toMatchObject({ charged_micros: 25n, wallet_seq: 2n, replayed: false })
  expect([await wallet(other), (await wallet())!.posted_micros]).toEqual([before, 75n])
})

describe('ledger_expire', () => {
  const expire = (client = app) => call('ledger_expire', { wallet: walletId }, client)

  it('says how much it took, and of each lot that it did', async () => {
    const lots = [await credit({ amount: 20, lot_expires: FAR }), await credit({ amount: 20, lot_expires: FAR })]
    const later = await credit({ amount: 5, lot_expires: FAR })
    await makeDue(lots)
    expect(await expire()).toEqual([{ ledger_expire: 40n }])
    expect(await expire()).toEqual([{ ledger_expire: 0n }])
    expect(await wallet()).toMatchObject({ posted_micros: 5n, seq: 5n, next_expiry_at: FAR })
    expect(await remaining()).toEqual([0n, 0n, 5n])
    const moved = await all(
      "SELECT id FROM transfers WHERE kind = 'expiry' AND debit_account_id = $1 ORDER BY debit_seq",
      walletId,
    )
    expect(await transfer(moved[0]!.id)).toMatchObject({
      credit_account_id: HOUSE.expired,
      amount_micros: 20n,
      debit_seq: 4n,
      debit_balance_micros: 25n,
      hold_id: null,
      actor: 'system:expiry',
      reason: null,
    })
    await makeDue([later])
    expect(await expire()).toEqual([{ ledger_expire: 5n }])
    expect(await wallet()).toMatchObject({ next_expiry_at: null })
  })

  it('takes a lot from the very instant on', async () => {
    const lot = await credit({ amount: 20, lot_expires: FAR })
    await inOneInstant(async () => {
      await makeDue([lot], "now() + interval '1 microsecond'")
      expect(await expire(owner)).toEqual([{ ledger_expire: 0n }])
      await makeDue([lot], 'now()')
      expect(await expire(owner)).toEqual([{ ledger_expire: 20n }])
    })
  })

  it('leaves what calls hold, in the lots that are drained first, until they end', async () => {
    const lots = [await credit({ amount: 20, lot_expires: FAR }), await credit({ amount: 20, lot_expires: FAR })]
    const id = await hold({ full: 30 })
    await makeDue(lots)
    expect(await expire()).toEqual([{ ledger_expire: 10n }])
    expect(await remaining()).toEqual([20n, 10n])
    expect(await expire()).toEqual([{ ledger_expire: 0n }])
    await call('ledger_capture', capturing(id, 5))
    expect(await expire()).toEqual([{ ledger_expire: 25n }])
    expect(await wallet()).toMatchObject({ posted_micros: 0n, next_expiry_at: null })
  })

  it('knows which lot is next, however little is left of it', async () => {
    const due = await credit({ amount: 20, lot_expires: FAR })
    await credit({ amount: 1, lot_expires: FAR })
    await makeDue([due])
    expect(await expire()).toEqual([{ ledger_expire: 20n }])
    expect(await wallet()).toMatchObject({ posted_micros: 1n, next_expiry_at: FAR })
    expect(await remaining()).toEqual([0n, 1n])
  })

  it('waits no more for a lot of which nothing is left', async () => {
    const used = await credit({ amount: 20, lot_expires: FAR })
    await credit({ amount: 5 })
    await call('ledger_capture', capturing(await hold({ full: 20, minimum: 20 }), 20))
    expect(await remaining()).toEqual([0n, 5n])
    await makeDue([used])
    expect(await expire()).toEqual([{ ledger_expire: 0n }])
    expect(await wallet()).toMatchObject({ posted_micros: 5n, next_expiry_at: null })
  })

  it('writes nothing while nothing is due', async () => {
    const version = () => one('SELECT xmin::text, ctid::text FROM wallets WHERE id = $1', walletId)
    await credit({ amount: 20 })
    const lasting = await version()
    await expire()
    expect(await version()).toEqual(lasting)
    await credit({ amount: 20, lot_expires: FAR })
    const expiring = await version()
    await expire()
    expect(await version()).toEqual(expiring)
  })

  it('knows no wallet but those there are', async () => {
    expect(await refusal('ledger_expire', { wallet: newId() })).toBe('UB005')
  })
})

describe('ledger_set_cap', () => {
  const capRow = () => one('SELECT * FROM spend_caps WHERE wallet_id = $1 AND spender_id = $2', walletId, spenderId)

  it.each([
    ['day', 'Pacific/Kiritimati'],
    ['month', 'America/Adak'],
  ])('runs for a %s of %s', async (period, zone) => {
    await cap(70, period, zone)
    const bounds = await one(
      `SELECT date_trunc($1, now() AT TIME ZONE $2) AT TIME ZONE $2 AS start,
         (date_trunc($1, now() AT TIME ZONE $2) + $3::interval) AT TIME ZONE $2 AS end`,
      period,
      zone,
      `1 ${period}`,
    )
    expect(await capRow()).toEqual({
      wallet_id: walletId,
      spender_id: spenderId,
      period,
      limit_micros: 70n,
      time_zone: zone,
      window_start: bounds!.start,
      window_end: bounds!.end,
      spent_micros: 0n,
      held_micros: 0n,
    })
  })

  it('counts what this spender has spent and holds from this wallet, and nobody else’s', async () => {
    await credit({ amount: 1_000 })
    const spend = async (fields: Args, cost: number) => call('ledger_capture', capturing(await hold(fields), cost))
    await spend({}, 3)
    await spend({}, 4)
    await spend({ spender: newId() }, 10)
    await hold({ full: 31 })
    await hold({ full: 32 })
    await hold({ full: 33, spender: newId() })
    const other = await open()
    await credit({ credit: other })
    await spend({ wallet: other }, 20)
    await hold({ wallet: other })
    await cap(500)
    expect(await capRow()).toMatchObject({ spent_micros: 7n, held_micros: 63n })
    await cap(600)
    expect(await capRow()).toMatchObject({ limit_micros: 600n, spent_micros: 7n, held_micros: 63n })
  })

  it('counts from the window’s first instant, also what a call cost that began before', async () => {
    await credit()
    const start = "date_trunc('day', now(), 'UTC')"
    const idAt = (when: string) => one(`SELECT ledger_first_id(${when}) AS id`)
    const closed = async (when: string, made: string, micros: number) => {
      const { id } = (await idAt(made))!
      const at = await one(`SELECT ${when} AS at`)
      await insert(owner, 'holds', {
        id,
        wallet_id: walletId,
        spender_id: spenderId,
        state: 'captured',
        captured_micros: micros,
        closed_at: at!.at,
      })
    }
    await inOneInstant(async () => {
      await closed(start, `${start} - interval '1 second'`, 1)
      await closed(`${start} - interval '1 millisecond'`, `${start} - interval '2 seconds'`, 2)
      await closed(start, `${start} - interval '1 day'`, 4)
      // No call lasts that long: what is read stays bounded.
      await closed(start, `${start} - interval '25 hours'`, 8)
      await call(
        'ledger_set_cap',
        { wallet: walletId, spender: spenderId, period: 'day', limit: 9, time_zone: 'UTC' },
        owner,
      )
      expect(await capRow()).toMatchObject({ spent_micros: 5n })
    })
  })

  it('lifts one cap and leaves the others', async () => {
    const other = await open()
    const [somebody, both] = [newId(), { limit: 5, time_zone: 'UTC', period: 'day' }]
    await cap(5)
    await cap(5, 'month')
    await call('ledger_set_cap', { wallet: walletId, spender: somebody, ...both })
    await call('ledger_set_cap', { wallet: other, spender: spenderId, ...both })
    await cap(null)
    const left = await all(
      'SELECT wallet_id, spender_id, period FROM spend_caps WHERE wallet_id IN ($1, $2)',
      walletId,
      other,
    )
    expect(left).toHaveLength(3)
    expect(left).toEqual(
      expect.arrayContaining([
        { wallet_id: walletId, spender_id: spenderId, period: 'month' },
        { wallet_id: walletId, spender_id: somebody, period: 'day' },
        { wallet_id: other, spender_id: spenderId, period: 'day' },
      ]),
    )
  })

  it('knows no wallet but those there are', async () => {
    const args = { wallet: newId(), spender: spenderId, period: 'day', limit: null, time_zone: 'UTC' }
    expect(await refusal('ledger_set_cap', args)).toBe('UB005')
  })
})

describe('ids', () => {
  const milliseconds = (id: unknown) => Number.parseInt(String(id).replaceAll('-', '').slice(0, 12), 16)

  it('of the ledger carry the database’s clock', async () => {
    const rows = await all(
      'SELECT ledger_new_id() AS id, extract(epoch FROM clock_timestamp()) * 1000 AS now FROM generate_series(1, 64)',
    )
    expect(new Set(rows.map(({ id }) => id)).size).toBe(64)
    for (const { id, now } of rows) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(Math.abs(milliseconds(id) - Number(now))).toBeLessThan(1_000)
    }
  })

  it('begin with the smallest of their instant', async () => {
    const { id } = (await one("SELECT ledger_first_id('2026-11-22T12:00:00.123Z') AS id"))!
    expect(milliseconds(id)).toBe(Date.parse('2026-11-22T12:00:00.123Z'))
    expect(String(id).replaceAll('-', '').slice(12)).toBe('00000000000000000000')
  })
})

describe('the functions', () => {
  const VERBS = ['capture', 'expire', 'hold', 'open_wallet', 'post', 'set_cap', 'suspend'].map(
    (verb) => `ledger_${verb}`,
  )

  it('that the application calls run as the owner, who looks for nothing in a schema of theirs', async () => {
    const rows = await all(
      "SELECT proname, prosecdef, proconfig FROM pg_proc WHERE proname LIKE 'ledger\\_%' AND prosecdef ORDER BY 1",
    )
    const proconfig = ['search_path=pg_catalog, public, pg_temp']
    expect(rows).toEqual(VERBS.map((proname) => ({ proname, prosecdef: true, proconfig })))
    expect(await one("SELECT proconfig FROM pg_proc WHERE proname = 'refuse_change'")).toEqual({ proconfig })
  })

  it('are for nobody but the application, and the tables too', async () => {
    const open = await all(
      "SELECT proname FROM pg_proc WHERE proname LIKE 'ledger\\_%' AND has_function_privilege('public', oid, 'EXECUTE')",
    )
    expect(open).toEqual([])
    const verbs = await app.query(
      "SELECT proname FROM pg_proc WHERE proname LIKE 'ledger\\_%' AND has_function_privilege(oid, 'EXECUTE') ORDER BY 1",
    )
    expect(verbs.rows.map(({ proname }) => proname)).toEqual(VERBS)
    const kept = ['accounts', 'wallets', 'transfers', 'holds', 'lots', 'lot_uses', 'spend_caps']
    const appended = ['usage_records', 'late_usage', 'audit_entries', 'payment_events']
    const changed = [
      ...['price_versions', 'checkpoints', 'adjustments', 'ledger_checks'],
      ...['packages', 'orders', 'refunds', 'disputes'],
    ]
    const { rows } = await app.query(
      `SELECT name, array_agg(privilege ORDER BY privilege) AS may
       FROM unnest($1::text[]) AS name, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
       WHERE has_table_privilege(name, privilege) GROUP BY name`,
      [[...kept, ...appended, ...changed]],
    )
    const may = Object.fromEntries(rows.map(({ name, may }) => [name, may]))
    expect(may).toEqual({
      ...Object.fromEntries(appended.map((name) => [name, ['INSERT']])),
      ...Object.fromEntries(changed.map((name) => [name, ['DELETE', 'INSERT', 'UPDATE']])),
    })
  })
})
