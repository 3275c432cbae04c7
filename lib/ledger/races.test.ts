import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '#lib/id.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { untilBlocked, untilWaiting } from '#tests/support/ledger/barriers.ts'
import { RealLedger } from '#tests/support/ledger/real.ts'
import { type Outcome, Reference, type Request } from '#tests/support/ledger/reference.ts'
import { readProofs, readReal, readReference } from '#tests/support/ledger/state.ts'

let database: TestDatabase
let first: RealLedger
let second: RealLedger
let third: RealLedger

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 1 })
  ;[first, second, third] = [new RealLedger(database), new RealLedger(database), new RealLedger(database)]
  await Promise.all([first.connect(), second.connect(), third.connect()])
})
afterAll(async () => {
  await Promise.all([first.close(), second.close(), third.close()])
  await database.close()
})

const spender = newId()
const ENDS = ['commits', 'rolls back'] as const

/** A wallet with three lots and open holds; unless it is `usual`, with a cap and a lot whose expiry nobody has noticed. */
class Scene {
  readonly reference = new Reference()
  readonly worker = newId()
  wallet = ''
  other = ''
  holds: string[] = []

  async set({ usual = false, holds = 4 } = {}): Promise<this> {
    const wallets = await first.begin()
    await Promise.all([second.join(first), third.join(first)])
    for (const id of wallets) this.reference.wallets.push({ id, lots: [], caps: [], entries: [] })
    ;[this.wallet, this.other] = wallets as [string, string]
    await this.does(this.credit(1_000n, 'paid', null))
    await this.does(this.credit(300n, 'promotional', 0))
    if (!usual) await this.does({ verb: 'cap', wallet: this.wallet, spender, period: 'day', limit: 1_600n })
    for (let count = 0; count < holds; count++) {
      const hold = this.hold(100n)
      await this.does(hold)
      this.holds.push(hold.id)
    }
    await this.does(this.credit(600n, 'code', usual ? 0 : -1))
    return this
  }

  async does(request: Request, ledger = first): Promise<Outcome> {
    const expected = this.reference.apply(request)
    expect(await ledger.apply(request)).toEqual(expected)
    return expected
  }

  credit(amount: bigint, source: 'paid' | 'promotional' | 'code', lastDay: number | null) {
    const lot = { source, lastDay }
    return { verb: 'post', kind: 'top_up', key: newId(), from: 'clearing', to: this.wallet, amount, lot } as const
  }

  debit(amount: bigint) {
    return { verb: 'post', kind: 'adjustment', key: newId(), from: this.wallet, to: 'adjustments', amount } as const
  }

  move(amount: bigint, [from, to] = [this.wallet, this.other]) {
    const lot = { source: 'paid', lastDay: null } as const
    return { verb: 'post', kind: 'adjustment', key: newId(), from, to, amount, lot } as const
  }

  refund(amount: bigint) {
    const fromLot = this.reference.wallet(this.wallet)!.lots[0]!.key
    const [from, to] = [this.wallet, 'clearing']
    return { verb: 'post', kind: 'refund', key: newId(), from, to, amount, fromLot } as const
  }

  hold(amount: bigint) {
    const amounts = { full: amount, minimum: amount, maxOpen: 20 }
    return { verb: 'hold', id: newId(), wallet: this.wallet, spender, worker: this.worker, ...amounts } as const
  }

  capture(index: number, cost: bigint): Request {
    return { verb: 'capture', hold: this.holds[index]!, cost }
  }

  async compare(): Promise<void> {
    const lines = await readReal(first, [this.wallet, this.other], [spender])
    expect(lines).toEqual(readReference(this.reference, [spender]))
  }

  /**
   * `a` is asked for in a transaction that stays open, `b` meanwhile by somebody else, who has to wait; then the first
   * transaction ends, and the second goes on as if it had come after it.
   */
  async race(a: Request, b: Request, end: (typeof ENDS)[number]): Promise<{ a: Outcome; b: Outcome }> {
    const undo = this.reference.snapshot()
    await first.say('BEGIN')
    const outcomeA = await this.does(a)
    const underWay = second.apply(b)
    expect(await untilBlocked(third.owner, second.pid, first.pid, underWay)).toBe(true)
    await first.say(end === 'commits' ? 'COMMIT' : 'ROLLBACK')
    if (end === 'rolls back') undo()
    const outcomeB = this.reference.apply(b)
    expect(await underWay).toEqual(outcomeB)
    await this.compare()
    return { a: outcomeA, b: outcomeB }
  }
}

/** What concerns one wallet; the number says who of two asks, for what can be done only once. */
const OPERATIONS: Record<string, (scene: Scene, who: 0 | 1) => Request> = {
  credit: (scene) => scene.credit(400n, 'paid', null),
  debit: (scene) => scene.debit(700n),
  hold: (scene) => scene.hold(700n),
  capture: (scene, who) => scene.capture(who, 450n),
  release: (scene, who) => scene.capture(2 + who, 0n),
  expire: () => ({ verb: 'expire' }),
  cap: (scene, who) => ({ verb: 'cap', wallet: scene.wallet, spender, period: 'day', limit: who ? 1_000n : 500n }),
  refund: (scene) => scene.refund(600n),
  transfer: (scene) => scene.move(700n),
}
const PAIRS = Object.keys(OPERATIONS).flatMap((a) => Object.keys(OPERATIONS).map((b) => [a, b] as const))

describe.each(ENDS)('on one wallet, when the first %s', (end) => {
  it.each(PAIRS)('%s, then %s', async (a, b) => {
    const scene = await new Scene().set()
    await scene.race(OPERATIONS[a]!(scene, 0), OPERATIONS[b]!(scene, 1), end)
  })

  // An expiry where nothing has expired touches no wallet.
  const others = PAIRS.filter((pair) => !pair.includes('expire'))
  it.each(others)('%s, then %s, where nothing has expired and no cap is set', async (a, b) => {
    const scene = await new Scene().set({ usual: true })
    // What is left for the second is too little when the first has had its own.
    await scene.does(scene.debit(500n))
    await scene.race(OPERATIONS[a]!(scene, 0), OPERATIONS[b]!(scene, 1), end)
  })
})

/** Ends of one hold, each as whoever comes with it sees the hold when they begin. */
const HOLD_ENDS: Record<string, (scene: Scene, ledger: RealLedger) => Promise<Request>> = {
  capture: async (scene) => scene.capture(0, 80n),
  'capture with another cost': async (scene) => scene.capture(0, 130n),
  'capture beyond the wallet': async (scene) => scene.capture(0, 5_000n),
  release: async (scene) => scene.capture(0, 0n),
  sweep: async (scene, ledger) => ({ verb: 'capture', hold: (await ledger.openHoldsOf(scene.worker))[0]!, cost: 30n }),
}
const HOLD_PAIRS = Object.keys(HOLD_ENDS).flatMap((a) => Object.keys(HOLD_ENDS).map((b) => [a, b] as const))

describe.each(ENDS)('on one hold, when the first %s', (end) => {
  const scenes = [{ usual: false }, { usual: true }, { usual: true, holds: 1 }]
  it.each(HOLD_PAIRS.flatMap(([a, b]) => scenes.map((set) => [a, b, set] as const)))(
    '%s, then %s, %j',
    async (a, b, set) => {
      const scene = await new Scene().set(set)
      const request = await HOLD_ENDS[b]!(scene, second)
      const { a: outcomeA, b: outcomeB } = await scene.race(await HOLD_ENDS[a]!(scene, first), request, end)
      expect(outcomeA).toMatchObject({ replayed: false })
      const twice = a === b ? { replayed: true } : { refused: 'conflict' }
      expect(outcomeB).toMatchObject(end === 'commits' ? twice : { replayed: false })
    },
  )
})

describe.each(ENDS)('a second try that meets the first, which %s', (end) => {
  it.each(
    [...Object.keys(OPERATIONS), 'between accounts of the house'].flatMap((name) =>
      // An expiry where nothing has expired touches no wallet.
      (name === 'expire' ? [false] : [false, true]).map((usual) => [name, { usual }] as const),
    ),
  )('%s, %j', async (name, set) => {
    const scene = await new Scene().set(set)
    const house = {
      verb: 'post',
      kind: 'adjustment',
      key: newId(),
      from: 'adjustments',
      to: 'promotions',
      amount: 5n,
    } as const
    const request = OPERATIONS[name]?.(scene, 0) ?? house
    const { a, b } = await scene.race(request, request, end)
    if ('replayed' in a) expect(b).toEqual({ ...a, replayed: end === 'commits' })
  })

  it('another request under the same key', async () => {
    const scene = await new Scene().set()
    const request = scene.credit(10n, 'paid', null)
    const { b } = await scene.race(request, { ...request, amount: 11n }, end)
    expect(b).toEqual(end === 'commits' ? { refused: 'conflict' } : { replayed: false })
  })

  it('another hold under the same id, on another wallet', async () => {
    const scene = await new Scene().set({ usual: true })
    await scene.does(scene.move(200n))
    const request = scene.hold(10n)
    const { b } = await scene.race(request, { ...request, wallet: scene.other }, end)
    expect(b).toMatchObject(end === 'commits' ? { refused: 'conflict' } : { outcome: 'held' })
  })
})

describe('nobody waits for somebody who waits for them', () => {
  it.each([0, 1])('opposite transfers, with wallet %s taken by a third', async (taken) => {
    const scene = await new Scene().set()
    await scene.does(scene.move(500n))
    const [there, back] = [scene.move(200n), scene.move(300n, [scene.other, scene.wallet])]
    await third.owner.query('BEGIN')
    await third.owner.query('SELECT 1 FROM wallets WHERE id = $1 FOR UPDATE', [[scene.wallet, scene.other][taken]])
    const underWay = [first.apply(there), second.apply(back)]
    await untilWaiting(third.owner, 2)
    await third.owner.query('COMMIT')
    expect(await Promise.all(underWay)).toEqual([scene.reference.apply(there), scene.reference.apply(back)])
    const { reference } = scene
    const lines = (await readReal(first, [scene.wallet, scene.other], [spender])).filter((line) =>
      line.startsWith('wallet'),
    )
    expect(lines).toEqual(readReference(reference, [spender]).filter((line) => line.startsWith('wallet')))
  })

  it('a hold, a capture and an expiry of one wallet, which agree whoever comes first', async () => {
    const scene = await new Scene().set()
    // 1500 are left of which 350 are held once the expired is gone and the call is paid: all three can be.
    const [capture, hold] = [scene.capture(0, 200n), scene.hold(700n)]
    await third.owner.query('BEGIN')
    await third.owner.query('SELECT 1 FROM wallets WHERE id = $1 FOR UPDATE', [scene.wallet])
    const underWay = [first.apply(capture), second.apply(hold), third.apply({ verb: 'expire' })]
    await untilWaiting(third.owner, 3)
    await third.owner.query('COMMIT')
    const [captured, held] = await Promise.all(underWay)
    expect(captured).toEqual({ charged: 200n, badDebt: 0n, replayed: false })
    expect(held).toMatchObject({ outcome: 'held', amount: 700n })
    const lines = await readReal(first, [scene.wallet], [spender])
    expect(orders(scene, [capture, hold, { verb: 'expire' }])).toContain(lines.filter(concernsMoney).join())
  })

  it('many at once', async () => {
    const scene = await new Scene().set()
    await scene.does(scene.credit(2_000n, 'paid', null))
    await scene.does(scene.move(500n))
    await scene.does({ verb: 'cap', wallet: scene.wallet, spender, period: 'day', limit: null })
    const crowd = [first, second, third]
    const back = [scene.other, scene.wallet] as [string, string]
    const work = crowd.map(async (ledger, who) => {
      for (let round = 0; round < 40; round++) {
        const hold = scene.hold(10n)
        const requests: Request[] = [
          who === 1 ? scene.move(7n, back) : scene.move(5n),
          hold,
          { verb: 'capture', hold: hold.id, cost: 11n },
          scene.credit(9n, 'promotional', -1),
          { verb: 'expire' },
        ]
        for (const request of requests) expect(await ledger.apply(request)).not.toHaveProperty('refused')
      }
    })
    await Promise.all(work)
    for (const index of [0, 1, 2, 3]) await first.apply(scene.capture(index, 0n))
    await first.apply({ verb: 'expire' })
    const { entries, house, ...contradictions } = await readProofs(first, [scene.wallet, scene.other])
    expect(contradictions).toEqual({ lots: [], transfers: [], wallets: [] })
    expect(entries.flat().length).toBeGreaterThan(400)
    const posted = entries.map((wallet) => wallet.at(-1)!.balance).reduce((a, b) => a + b)
    expect(Object.values(house).reduce((a, b) => a + b)).toBe(-posted)
  })
})

it('a call that began before midnight and ends after it does not take the new day back', async () => {
  const scene = await new Scene().set()
  const [late, early] = [scene.hold(100n), scene.hold(100n)]
  for (const hold of [late, early]) await scene.does(hold)
  const zone = await zoneBeforeMidnight()
  await third.ask('SELECT ledger_set_cap($1, $2, $3, 1000, $4)', [scene.wallet, spender, 'day', zone])
  await first.say('BEGIN')
  await first.openHoldsOf(scene.worker)
  await untilMidnight(scene.wallet)
  await second.apply({ verb: 'capture', hold: early.id, cost: 90n })
  await first.apply({ verb: 'capture', hold: late.id, cost: 5n })
  await first.say('COMMIT')
  expect(await spentToday(scene.wallet)).toBeGreaterThanOrEqual(90n)
})

it('a cap that is set while midnight passes begins with the new day', async () => {
  const scene = await new Scene().set()
  const hold = scene.hold(100n)
  await scene.does(hold)
  const zone = await zoneBeforeMidnight()
  const setCap = [scene.wallet, spender, 'day', 1_000, zone]
  await third.ask('SELECT ledger_set_cap($1, $2, $3, $4, $5)', setCap)
  await third.owner.query('BEGIN')
  await third.ask('SELECT now()')
  await untilMidnight(scene.wallet)
  await second.apply({ verb: 'capture', hold: hold.id, cost: 90n })
  await third.ask('SELECT ledger_set_cap($1, $2, $3, $4, $5)', setCap)
  await third.owner.query('COMMIT')
  expect(await spentToday(scene.wallet)).toBeGreaterThanOrEqual(90n)
})

/** A zone in which midnight is two seconds away; the application knows only zones with names. */
async function zoneBeforeMidnight(): Promise<string> {
  const [now] = await third.ask<{ second: number }>(
    'SELECT (extract(epoch FROM now())::bigint % 86400)::int + 2 AS second',
  )
  return `<here>+${new Date((now!.second % 86_400) * 1000).toISOString().slice(11, 19)}`
}

/** Until the day of the wallet's cap is over. */
async function untilMidnight(walletId: string): Promise<void> {
  for (let over = false; !over; ) {
    const [cap] = await first.ask<{ over: boolean }>(
      'SELECT window_end <= now() AS over FROM spend_caps WHERE wallet_id = $1',
      [walletId],
    )
    over = cap!.over
  }
}

/** What counts against the wallet's cap now. */
async function spentToday(walletId: string): Promise<bigint> {
  const [cap] = await first.ask<{ spent: bigint }>(
    'SELECT CASE WHEN window_end > now() THEN spent_micros ELSE 0 END AS spent FROM spend_caps WHERE wallet_id = $1',
    [walletId],
  )
  return cap!.spent
}

const concernsMoney = (line: string) => !line.startsWith('wallet')

/** What may be seen after requests in any order, but for how many entries it took. */
function orders(scene: Scene, requests: Request[]): string[] {
  const permutations = (list: Request[]): Request[][] =>
    list.length < 2
      ? [list]
      : list.flatMap((one) => permutations(list.filter((other) => other !== one)).map((rest) => [one, ...rest]))
  return permutations(requests).map((order) => {
    const undo = scene.reference.snapshot()
    for (const request of order) scene.reference.apply(request)
    const lines = readReference(scene.reference, [spender]).filter(concernsMoney).join()
    undo()
    return lines
  })
}
