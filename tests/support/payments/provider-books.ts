import { type DisputeFact, NO_FACTS, type PaymentFacts, type RefundFact } from '#lib/payments/facts.ts'

/** Something that happens to a payment, whether or not anybody hears of it. `which` is a refund's or dispute's place. */
export type Move =
  | { do: 'pay'; amountMinor: bigint; currency: string; later: boolean }
  | { do: 'settle'; outcome: 'succeeded' | 'failed' }
  | { do: 'decline' }
  | { do: 'say'; state: 'expired' | 'pending' | 'canceled' | 'rejected' }
  | { do: 'refund'; amountMinor: bigint; pending: boolean }
  | { do: 'endRefund'; which: number; end: 'succeeded' | 'failed' }
  | { do: 'dispute'; amountMinor: bigint; inquiry: boolean; withdraw: boolean }
  | { do: 'withdraw'; which: number }
  | { do: 'reinstate'; which: number; amountMinor: bigint }
  | { do: 'close'; which: number; end: 'won' | 'lost' | 'closed'; reinstate: boolean }

/** What a message to us is about, which is what of the payment is looked at. */
export type Topic = 'session' | 'refund' | 'dispute'

/** When a fact became what it is: of two versions of one fact the one of the greater number is the later. */
type At = { at: number }
export type Snapshot = {
  payment: Pick<PaymentFacts, 'state' | 'paid'> & At
  refunds: (RefundFact & At)[]
  disputes: (DisputeFact & At)[]
}

type Terms = { id: string; priceMinor: bigint; currency: string }

/** What the provider's own books say of the payment of one order: the smallest that behaves like Stripe. */
export class ProviderBooks {
  readonly terms: Terms
  session: 'open' | 'complete' | 'expired' = 'open'
  payment: Snapshot['payment'] = { state: 'open', paid: null, at: 0 }
  refunds: Snapshot['refunds'] = []
  disputes: Snapshot['disputes'] = []
  #now = 0
  #onItsWay: PaymentFacts['paid'] = null

  constructor(terms: Terms) {
    this.terms = terms
  }

  copy(): ProviderBooks {
    const copy = new ProviderBooks(this.terms)
    copy.session = this.session
    copy.payment = this.payment
    copy.refunds = [...this.refunds]
    copy.disputes = [...this.disputes]
    copy.#now = this.#now
    copy.#onItsWay = this.#onItsWay
    return copy
  }

  /** Money that came in the order's currency and is still there. */
  get keptMinor(): bigint {
    const { paid } = this.payment
    if (!paid || paid.currency !== this.terms.currency) return 0n
    const gone =
      sum(this.refunds.filter(counts)) + sum(this.disputes, (one) => one.withdrawnMinor - one.reinstatedMinor)
    return paid.amountMinor > gone ? paid.amountMinor - gone : 0n
  }

  /** What can happen now; the more often it is named, the likelier. */
  moves(percent: number): Move[] {
    const { priceMinor, currency } = this.terms
    const share = (whole: bigint) => atLeast(1n, (whole * BigInt(percent)) / 100n)
    if (this.session === 'open') {
      const pay: Move = { do: 'pay', amountMinor: priceMinor, currency, later: false }
      const other = 50n + share(priceMinor * 2n)
      return [
        ...Array<Move>(8).fill(pay),
        { ...pay, amountMinor: other },
        { ...pay, currency: currency === 'USD' ? 'EUR' : 'USD' },
        { ...pay, later: true },
        { ...pay, later: true },
        { do: 'decline' },
        { do: 'say', state: 'expired' },
      ]
    }
    if (this.#onItsWay) {
      const arrives: Move = { do: 'settle', outcome: 'succeeded' }
      return [arrives, arrives, { ...arrives, outcome: 'failed' }]
    }
    const { paid } = this.payment
    if (!paid) return []
    const moves: Move[] = []
    const left = paid.amountMinor - sum(this.refunds.filter(counts))
    if (left > 0n && this.disputes.every(({ state }) => state === 'inquiry' || state === 'closed')) {
      const refund: Move = { do: 'refund', amountMinor: left, pending: false }
      const part: Move = { ...refund, amountMinor: share(left) }
      moves.push(refund, part, part, { ...refund, pending: true }, { ...part, pending: true })
    }
    for (const [which, { state }] of this.refunds.entries()) {
      if (state === 'pending') moves.push({ do: 'endRefund', which, end: 'succeeded' })
      if (counts({ state }))
        moves.push({ do: 'endRefund', which, end: 'failed' }, { do: 'endRefund', which, end: 'failed' })
    }
    if (this.disputes.length < 2) {
      const dispute: Move = { do: 'dispute', amountMinor: paid.amountMinor, inquiry: false, withdraw: true }
      const part = { ...dispute, amountMinor: share(paid.amountMinor) }
      moves.push(dispute, part, { ...part, withdraw: false }, { ...dispute, inquiry: true, withdraw: false })
    }
    for (const [which, one] of this.disputes.entries()) moves.push(...movesOf(one, which, share))
    return moves
  }

  /**
   * Lets something happen.
   * @param name what the provider calls the refund or dispute that comes into being by it
   * @returns what it writes to us about
   */
  apply(move: Move, name: string): Topic[] {
    const at = ++this.#now
    switch (move.do) {
      case 'pay': {
        this.session = 'complete'
        const paid = { amountMinor: move.amountMinor, currency: move.currency }
        this.#onItsWay = move.later ? paid : null
        this.payment = move.later ? { state: 'pending', paid: null, at } : { state: 'paid', paid, at }
        return ['session']
      }
      case 'settle': {
        const paid = move.outcome === 'succeeded' ? this.#onItsWay : null
        this.#onItsWay = null
        this.payment = { state: paid ? 'paid' : 'failed', paid, at }
        return ['session']
      }
      case 'decline':
        return []
      case 'say':
        if (move.state === 'expired') this.session = 'expired'
        this.payment = { state: move.state, paid: null, at }
        return ['session']
      case 'refund': {
        const { amountMinor, pending } = move
        this.refunds.push({ id: name, amountMinor, state: pending ? 'pending' : 'succeeded', at })
        return ['refund', 'refund']
      }
      case 'endRefund':
        this.refunds[move.which] = { ...this.refunds[move.which]!, state: move.end, at }
        return ['refund']
      case 'dispute': {
        const { amountMinor, inquiry, withdraw } = move
        const state = inquiry ? 'inquiry' : 'open'
        const withdrawnMinor = withdraw ? amountMinor : 0n
        this.disputes.push({ id: name, amountMinor, state, withdrawnMinor, reinstatedMinor: 0n, at })
        return withdraw ? ['dispute', 'dispute'] : ['dispute']
      }
      case 'withdraw': {
        const one = this.disputes[move.which]!
        this.disputes[move.which] = { ...one, state: 'open', withdrawnMinor: one.amountMinor, at }
        return ['dispute']
      }
      case 'reinstate':
        this.disputes[move.which] = { ...this.disputes[move.which]!, reinstatedMinor: move.amountMinor, at }
        return ['dispute']
      case 'close': {
        const one = this.disputes[move.which]!
        const reinstatedMinor = move.reinstate ? one.withdrawnMinor : one.reinstatedMinor
        this.disputes[move.which] = { ...one, state: move.end, reinstatedMinor, at }
        return ['dispute', 'dispute']
      }
    }
  }

  /**
   * What it would answer now: who asks about a refund need not be told of disputes, and the other way round.
   * @param options `sparing`: whether it is told nothing else; Stripe's payments hint at what else there is
   */
  look(topic: Topic | 'all', { sparing = true }: { sparing?: boolean } = {}): Snapshot {
    const isTold = (about: Topic, hinted: boolean) => topic === about || topic === 'all' || (!sparing && hinted)
    return {
      payment: this.payment,
      refunds: isTold('refund', this.refunds.some(counts)) ? [...this.refunds] : [],
      disputes: isTold('dispute', this.disputes.length > 0) ? [...this.disputes] : [],
    }
  }
}

/** A snapshot in the words of `fulfilOrder`. */
export function factsOf({ payment, refunds, disputes }: Snapshot, { id }: Pick<Terms, 'id'>): PaymentFacts {
  const { state, paid } = payment
  return {
    ...NO_FACTS,
    state,
    paid,
    sessionId: `cs_${id}`,
    ...(state !== 'open' && state !== 'expired' && { paymentIntentId: `pi_${id}` }),
    refunds: refunds.map(({ at, ...fact }) => fact),
    disputes: disputes.map(({ at, ...fact }) => fact),
  }
}

function movesOf(one: DisputeFact, which: number, share: (whole: bigint) => bigint): Move[] {
  const { state, amountMinor, withdrawnMinor, reinstatedMinor } = one
  const moves: Move[] = []
  const canComeBack = withdrawnMinor > 0n && reinstatedMinor === 0n
  if (withdrawnMinor === 0n && (state === 'inquiry' || state === 'open')) moves.push({ do: 'withdraw', which })
  if (canComeBack && state !== 'lost') {
    moves.push({ do: 'reinstate', which, amountMinor }, { do: 'reinstate', which, amountMinor: share(amountMinor) })
  }
  if (state === 'inquiry') moves.push({ do: 'close', which, end: 'closed', reinstate: false })
  if (state === 'open') {
    const lost: Move = { do: 'close', which, end: 'lost', reinstate: false }
    moves.push(lost, { ...lost, end: 'won' }, { ...lost, end: 'won', reinstate: canComeBack })
  }
  return moves
}

function counts({ state }: Pick<RefundFact, 'state'>): boolean {
  return state === 'pending' || state === 'succeeded'
}

function sum<T extends { amountMinor: bigint }>(rows: readonly T[], of = (row: T) => row.amountMinor): bigint {
  return rows.reduce((total, row) => total + of(row), 0n)
}

function atLeast(least: bigint, value: bigint): bigint {
  return value > least ? value : least
}
