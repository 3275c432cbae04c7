import fc from 'fast-check'
import { newId } from '#lib/id.ts'
import type { Period, Reference, Request, Source } from '#tests/support/ledger/reference.ts'

/** So many hundredths of what it is a share of, and one more or less. */
type Share = { percent: number; plus: number }

/** One thing that is asked of the ledger. Numbers name wallets, spenders, holds and lots by their place, wrapping around. */
export type Deed =
  | { do: 'credit'; wallet: number; amount: bigint; source: Source; lasts: number | null }
  | { do: 'debit'; wallet: number; share: Share }
  | { do: 'refund'; wallet: number; lot: number; share: Share }
  | { do: 'move'; wallet: number; share: Share; source: Source; lasts: number | null }
  | { do: 'hold'; wallet: number; spender: number; share: Share; minimum: number; maxOpen: number; worker: number }
  | { do: 'capture'; hold: number; share: Share }
  | { do: 'overrun'; hold: number; share: Share }
  | { do: 'release'; hold: number }
  | { do: 'cap'; wallet: number; spender: number; period: Period; limit: bigint | null }
  | { do: 'expire' }
  | { do: 'sweep'; worker: number; share: Share }
  | { do: 'again'; which: number; changed: boolean }

/** What happens: a deed, several in one transaction that is cut off somewhere, an answer that gets lost, or time. */
export type Command =
  | Deed
  | { do: 'together'; deeds: Deed[]; end: 'commit' | 'rollback' | 'crash' }
  | { do: 'lost'; deed: Deed; when: 'before' | 'during' | 'after' }
  | { do: 'pass'; period: Period }

const number = fc.nat(11)
const share = fc.record({
  percent: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 99 }) }, fc.constantFrom(0, 100, 100, 150)),
  plus: fc.constantFrom(0, 0, 0, 1, -1),
})
const source = fc.constantFrom<Source>('promotional', 'code', 'paid')
const lasts = fc.constantFrom(null, null, -1, 0, 0, 1, 3, 40)
const period = fc.constantFrom<Period>('day', 'month')
const amount = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt({ min: 1n, max: 300n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 2n ** 53n, max: 2n ** 55n }) },
)

const weighted = <K extends Command['do']>(weight: number, kind: K, rest: object) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<Extract<Command, { do: K }>>,
})

const deed: fc.Arbitrary<Deed> = fc.oneof(
  weighted(6, 'credit', { wallet: number, amount, source, lasts }),
  weighted(3, 'debit', { wallet: number, share }),
  weighted(2, 'refund', { wallet: number, lot: number, share }),
  weighted(2, 'move', { wallet: number, share, source, lasts }),
  weighted(8, 'hold', {
    wallet: number,
    spender: number,
    share,
    minimum: fc.constantFrom(1, 50, 100),
    maxOpen: fc.constantFrom(2, 4, 20, 20),
    worker: number,
  }),
  weighted(6, 'capture', { hold: number, share }),
  weighted(2, 'overrun', { hold: number, share }),
  weighted(2, 'release', { hold: number }),
  weighted(2, 'cap', { wallet: number, spender: number, period, limit: fc.option(amount, { freq: 4 }) }),
  weighted(2, 'expire', {}),
  weighted(1, 'sweep', { worker: number, share }),
  weighted(4, 'again', { which: fc.nat(30), changed: fc.boolean() }),
)

/**
 * Stories that shrink to fewer and smaller commands: any part of one is one. A connection that breaks costs as much as
 * twenty commands, so few do.
 */
export const stories = fc.array(
  fc.oneof(
    { weight: 200, arbitrary: deed as fc.Arbitrary<Command> },
    weighted(12, 'together', {
      deeds: fc.array(deed, { minLength: 1, maxLength: 4 }),
      end: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom('commit', 'rollback') },
        { weight: 1, arbitrary: fc.constant('crash') },
      ),
    }),
    weighted(1, 'lost', { deed, when: fc.constantFrom('before', 'during', 'after') }),
    weighted(12, 'pass', { period: fc.constantFrom('day', 'day', 'day', 'month') }),
  ),
  { maxLength: 160, size: 'max' },
)

/** Who takes part in a story, and what has been asked in it so far. */
export type Cast = { wallets: string[]; spenders: string[]; workers: string[]; asked: Request[]; name: string }

const pick = <T>(list: readonly T[], at: number) => list[at % list.length]
const shareOf = (whole: bigint, { percent, plus }: Share, least: bigint) => {
  const part = (whole * BigInt(percent)) / 100n + BigInt(plus)
  return part < least ? least : part
}

/** Says a deed in the words of the ledger as it is now; nothing when there is nothing to do it to. */
export function requestsOf(deed: Deed, cast: Cast, reference: Reference): Request[] {
  const walletAt = (at: number) => reference.wallet(pick(cast.wallets, at)!)!
  const openAt = (at: number) =>
    pick(
      reference.holds.filter(({ state }) => state === 'open'),
      at,
    )
  const key = `${cast.name}:${cast.asked.length}`
  const lastDay = (lasts: number | null) => (lasts === null ? null : reference.today.day + lasts)
  switch (deed.do) {
    case 'credit': {
      const [kind, from] = CREDITS[deed.source]
      const lot = { source: deed.source, lastDay: lastDay(deed.lasts) }
      return [{ verb: 'post', kind, key, from, to: walletAt(deed.wallet).id, amount: deed.amount, lot }]
    }
    case 'debit': {
      const wallet = walletAt(deed.wallet)
      const amount = shareOf(reference.free(wallet), deed.share, 1n)
      return [{ verb: 'post', kind: 'adjustment', key, from: wallet.id, to: 'adjustments', amount }]
    }
    case 'refund': {
      const wallet = walletAt(deed.wallet)
      const lot = pick(wallet.lots, deed.lot)
      if (!lot) return []
      const amount = shareOf(lot.left, deed.share, 1n)
      return [{ verb: 'post', kind: 'refund', key, from: wallet.id, to: 'clearing', amount, fromLot: lot.key }]
    }
    case 'move': {
      const wallet = walletAt(deed.wallet)
      const amount = shareOf(reference.free(wallet), deed.share, 1n)
      const lot = { source: deed.source, lastDay: lastDay(deed.lasts) }
      const to = walletAt(deed.wallet + 1).id
      return [{ verb: 'post', kind: 'adjustment', key, from: wallet.id, to, amount, lot }]
    }
    case 'hold': {
      const wallet = walletAt(deed.wallet)
      const full = shareOf(reference.free(wallet), deed.share, 1n)
      const minimum = shareOf(full, { percent: deed.minimum, plus: 0 }, 1n)
      const who = { spender: pick(cast.spenders, deed.spender)!, worker: pick(cast.workers, deed.worker)! }
      return [{ verb: 'hold', id: newId(), wallet: wallet.id, ...who, full, minimum, maxOpen: deed.maxOpen }]
    }
    case 'capture':
    case 'overrun':
    case 'release': {
      const hold = openAt(deed.hold)
      if (!hold) return []
      const wallet = reference.wallet(hold.request.wallet)!
      const whole = deed.do === 'overrun' ? reference.posted(wallet) : hold.amount
      return [
        { verb: 'capture', hold: hold.request.id, cost: deed.do === 'release' ? 0n : shareOf(whole, deed.share, 0n) },
      ]
    }
    case 'cap':
      return [
        {
          verb: 'cap',
          wallet: walletAt(deed.wallet).id,
          spender: pick(cast.spenders, deed.spender)!,
          period: deed.period,
          limit: deed.limit,
        },
      ]
    case 'expire':
      return [{ verb: 'expire' }]
    case 'sweep': {
      const worker = pick(cast.workers, deed.worker)!
      return reference.holds
        .filter((hold) => hold.state === 'open' && hold.request.worker === worker)
        .map((hold) => ({ verb: 'capture', hold: hold.request.id, cost: shareOf(hold.amount, deed.share, 0n) }))
    }
    case 'again': {
      const request = pick(cast.asked, cast.asked.length - 1 - (deed.which % Math.max(cast.asked.length, 1)))
      if (!request) return []
      return [deed.changed ? alter(request) : request]
    }
  }
}

const CREDITS = {
  promotional: ['grant', 'promotions'],
  code: ['redemption', 'promotions'],
  paid: ['top_up', 'clearing'],
} as const

function alter(request: Request): Request {
  switch (request.verb) {
    case 'post':
      return { ...request, amount: request.amount + 1n }
    case 'hold':
      return { ...request, full: request.full + 1n }
    case 'capture':
      return { ...request, cost: request.cost + 1n }
    case 'cap':
      return { ...request, limit: request.limit === null ? 1n : request.limit + 1n }
    case 'expire':
      return request
  }
}
