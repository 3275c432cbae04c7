import { isDeepStrictEqual } from 'node:util'

/**
 * The ledger's rules once more, over plain arrays: what the real one is compared with. Nothing here is kept that can be
 * counted: a balance is the sum of its lots, what is held the sum of open holds, what a cap leaves the sum of what was
 * charged today. Days are numbers; a lot lasts to the end of its last day. What is refused has changed nothing.
 */
export type Period = 'day' | 'month'
export type Source = 'promotional' | 'code' | 'paid'

export type Post = {
  verb: 'post'
  kind: 'top_up' | 'grant' | 'redemption' | 'adjustment' | 'refund'
  key: string
  /** A wallet, or the name of a house account. */
  from: string
  to: string
  amount: bigint
  /** What a credited wallet receives; a lot has the key of its post for a name. */
  lot?: { source: Source; lastDay: number | null }
  /** Takes the amount from this lot alone. */
  fromLot?: string
}
export type Place = {
  verb: 'hold'
  id: string
  wallet: string
  spender: string
  full: bigint
  minimum: bigint
  maxOpen: number
  worker: string
}
export type Capture = { verb: 'capture'; hold: string; cost: bigint }
export type SetCap = { verb: 'cap'; wallet: string; spender: string; period: Period; limit: bigint | null }
export type Request = Post | Place | Capture | SetCap | { verb: 'expire' }
export type Outcome = Record<string, unknown>

type Lot = { key: string; source: Source; lastDay: number | null; left: bigint }
type Cap = { spender: string; period: Period; limit: bigint }
export type Wallet = { id: string; lots: Lot[]; caps: Cap[]; entries: { amount: bigint; balance: bigint }[] }
export type Hold = {
  request: Place
  amount: bigint
  began: number
  state: 'open' | 'captured' | 'released'
  charged: bigint
  badDebt: bigint
  closed: Record<Period, number>
}

class Refused extends Error {}

const SOURCES: Source[] = ['promotional', 'code', 'paid']
const PERIODS: Period[] = ['day', 'month']
const sum = (amounts: bigint[]) => amounts.reduce((a, b) => a + b, 0n)
const compare = (a: bigint | number, b: bigint | number) => (a < b ? -1 : a > b ? 1 : 0)
const isOver = (lot: Lot, day: number) => lot.lastDay !== null && lot.lastDay < day
const least = (...amounts: bigint[]) => amounts.toSorted(compare)[0]!

export class Reference {
  today: Record<Period, number> = { day: 0, month: 0 }
  wallets: Wallet[] = []
  holds: Hold[] = []
  posts: Post[] = []
  house: Record<string, bigint> = {}

  /** Does what is asked, or says why not. */
  apply(request: Request): Outcome {
    const undo = this.snapshot()
    try {
      return this[request.verb](request as never)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      undo()
      return { refused: error.message }
    }
  }

  /** @returns what brings everything back to how it is now */
  snapshot(): () => void {
    const copy = ({ lots, entries, ...wallet }: Wallet) => ({
      ...wallet,
      lots: lots.map((lot) => ({ ...lot })),
      entries: [...entries],
    })
    const { today, house, posts } = this
    const kept = {
      today: { ...today },
      wallets: this.wallets.map(copy),
      holds: this.holds.map((hold) => ({ ...hold })),
      posts: [...posts],
      house: { ...house },
    }
    return () => void Object.assign(this, kept)
  }

  passes(period: Period): void {
    this.today.day += period === 'day' ? 1 : 32
    if (period === 'month') this.today.month++
  }

  knows(key: string): boolean {
    return this.posts.some((post) => post.key === key)
  }

  wallet(id: string): Wallet | undefined {
    return this.wallets.find((wallet) => wallet.id === id)
  }

  open(wallet: Wallet): Hold[] {
    return this.holds.filter((hold) => hold.request.wallet === wallet.id && hold.state === 'open')
  }

  posted(wallet: Wallet): bigint {
    return sum(wallet.lots.map((lot) => lot.left))
  }

  held(wallet: Wallet): bigint {
    return sum(this.open(wallet).map((hold) => hold.amount))
  }

  free(wallet: Wallet): bigint {
    return this.posted(wallet) - this.held(wallet)
  }

  /** Soonest expiry first; promotional before code before paid among those that expire together; then the oldest. */
  inDrainOrder(wallet: Wallet): Lot[] {
    const day = (lot: Lot) => lot.lastDay ?? Number.POSITIVE_INFINITY
    const source = (lot: Lot) => SOURCES.indexOf(lot.source)
    return wallet.lots
      .filter((lot) => lot.left > 0n)
      .sort((a, b) => compare(day(a), day(b)) || compare(source(a), source(b)))
  }

  capsOf(wallet: Wallet, spender: string) {
    const mine = this.holds.filter(({ request }) => request.wallet === wallet.id && request.spender === spender)
    const caps = wallet.caps.filter((cap) => cap.spender === spender)
    return PERIODS.flatMap((period) => caps.filter((cap) => cap.period === period)).map((cap) => {
      const ended = mine.filter((hold) => hold.state !== 'open' && hold.closed[cap.period] === this.today[cap.period])
      const spent = sum(ended.map((hold) => hold.charged))
      const held = sum(mine.filter((hold) => hold.state === 'open').map((hold) => hold.amount))
      const left = cap.limit - spent - held
      return { ...cap, spent, held, left: left > 0n ? left : 0n }
    })
  }

  private post(post: Post): Outcome {
    const payer = this.wallet(post.from)
    if (payer) this.expireIn(payer)
    const known = this.posts.find(({ key }) => key === post.key)
    if (known && !isDeepStrictEqual(known, post)) throw new Refused('conflict')
    if (known) return { replayed: true }
    if (payer && this.free(payer) < post.amount) throw new Refused('insufficient_credits')
    this.posts.push(post)
    this.take(post.from, post.amount, { since: this.today.day, fromLot: post.fromLot })
    this.give(post.to, post.amount)
    this.wallet(post.to)?.lots.push({ key: post.key, ...post.lot!, left: post.amount })
    return { replayed: false }
  }

  private hold(request: Place): Outcome {
    const wallet = this.wallet(request.wallet)!
    this.expireIn(wallet)
    const answer = (outcome: string, amount = 0n, cap: unknown = null) => ({
      outcome,
      amount,
      available: this.free(wallet),
      held: this.held(wallet),
      open: this.open(wallet).length,
      cap,
    })
    const known = this.holds.find((hold) => hold.request.id === request.id)
    if (known && !isDeepStrictEqual(known.request, { ...request, worker: known.request.worker }))
      throw new Refused('conflict')
    if (known && known.state !== 'open') throw new Refused('conflict')
    if (known) return answer('held', known.amount)
    if (this.open(wallet).length >= request.maxOpen) return answer('too_many')
    const [tightest] = this.capsOf(wallet, request.spender).sort((a, b) => compare(a.left, b.left))
    const cap = tightest ? { period: tightest.period, limit: tightest.limit, left: tightest.left } : null
    const amount = least(request.full, this.free(wallet), tightest?.left ?? request.full)
    if (amount < request.minimum)
      return answer(this.free(wallet) < request.minimum ? 'insufficient' : 'capped', 0n, cap)
    const began = this.today.day
    this.holds.push({ request, amount, began, state: 'open', charged: 0n, badDebt: 0n, closed: { ...this.today } })
    return answer('held', amount, cap)
  }

  private capture({ hold: id, cost }: Capture): Outcome {
    const hold = this.holds.find(({ request }) => request.id === id)
    if (!hold) throw new Refused('missing')
    if (hold.state !== 'open') {
      if (hold.charged + hold.badDebt !== cost) throw new Refused('conflict')
      return { charged: hold.charged, badDebt: hold.badDebt, replayed: true }
    }
    const wallet = this.wallet(hold.request.wallet)!
    this.expireIn(wallet)
    const charged = least(cost, this.free(wallet) + hold.amount)
    const badDebt = cost - charged
    Object.assign(hold, { state: cost > 0n ? 'captured' : 'released', charged, badDebt, closed: { ...this.today } })
    if (charged > 0n) this.take(wallet.id, charged, { since: hold.began })
    this.take('badDebt', badDebt, { since: hold.began })
    this.give('revenue', cost)
    return { charged, badDebt, replayed: false }
  }

  private cap({ wallet: id, spender, period, limit }: SetCap): Outcome {
    const wallet = this.wallet(id)!
    wallet.caps = wallet.caps.filter((cap) => cap.spender !== spender || cap.period !== period)
    if (limit !== null) wallet.caps.push({ spender, period, limit })
    return {}
  }

  private expire(): Outcome {
    return { expired: this.wallets.filter((wallet) => this.expireIn(wallet)).length }
  }

  /** What calls hold that began in a lot's time lies in the lots that are drained first, and does not expire under them. */
  private expireIn(wallet: Wallet): boolean {
    let keptBefore = 0n
    let any = false
    for (const lot of this.inDrainOrder(wallet)) {
      if (!isOver(lot, this.today.day)) continue
      const held = sum(this.open(wallet).flatMap((hold) => (isOver(lot, hold.began) ? [] : [hold.amount])))
      const kept = least(held - keptBefore, lot.left)
      keptBefore += kept
      if (lot.left === kept) continue
      any = true
      this.give('expired', lot.left - kept)
      this.take(wallet.id, lot.left - kept, { since: this.today.day, fromLot: lot.key })
    }
    return any
  }

  /** Lots that were over when it began are for calls that began sooner, and come last. */
  private take(from: string, amount: bigint, { since, fromLot }: { since: number; fromLot?: string }): void {
    const wallet = this.wallet(from)
    this.give(from, -amount)
    let left = wallet ? amount : 0n
    const lots = wallet ? this.inDrainOrder(wallet) : []
    for (const lot of lots.toSorted((a, b) => Number(isOver(a, since)) - Number(isOver(b, since)))) {
      if (fromLot !== undefined && lot.key !== fromLot) continue
      const taken = least(left, lot.left)
      lot.left -= taken
      left -= taken
    }
    if (left > 0n) throw new Refused('insufficient_credits')
  }

  private give(to: string, amount: bigint): void {
    const entries = this.wallet(to)?.entries
    if (entries) entries.push({ amount, balance: (entries.at(-1)?.balance ?? 0n) + amount })
    else this.house[to] = (this.house[to] ?? 0n) + amount
  }
}
