import pg from 'pg'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { HOUSE, openWallet } from '#lib/ledger/index.ts'
import type { TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createOrder, type OrderRow } from '#tests/support/orders.ts'
import { CrashingDatabase } from './crashes.ts'
import type { Terms } from './steps.ts'

/** An order as its rows and transfers are, each amount in micro-credits or in the currency's smallest unit. */
export type OrderState = {
  id: string
  /** What is known of its payment, as `Told` says it. */
  line: string
  state: string
  priceMinor: bigint
  keptMinor: bigint
  /** What the terms give for all of the price, and what the order's row says was given. */
  terms: { credits: bigint; bonus: bigint }
  row: { credited: bigint; shortfall: bigint; bonus: bigint; bonusShortfall: bigint }
  /** By its transfers alone: what each account gave for it, less what it got back. */
  moved: { clearing: bigint; promotions: bigint; badDebt: bigint; wallet: bigint }
  /** What is left of its own lots. */
  left: { paid: bigint; promotional: bigint }
}
export type BuyerState = { posted: bigint; held: bigint; suspended: boolean; orders: OrderState[] }

/** One person after the other in a database that nobody else uses. */
export class Lane {
  readonly crashing: CrashingDatabase
  readonly #reader: pg.Client

  private constructor(database: TestDatabase) {
    this.crashing = new CrashingDatabase(database.url, 4)
    this.#reader = new pg.Client({ connectionString: database.ownerUrl })
  }

  static async open(database: TestDatabase): Promise<Lane> {
    const lane = new Lane(database)
    await lane.#reader.connect()
    // For this reader only: the service looks for no transfers by what they refer to.
    await lane.#reader.query('CREATE INDEX ON transfers (external_ref) WHERE external_ref IS NOT NULL')
    return lane
  }

  get db() {
    return this.crashing.db
  }

  system() {
    return systemCtx('test', this.db)
  }

  /** Somebody with an empty wallet, who is nowhere else on record. */
  async createBuyer(): Promise<Buyer> {
    const userId = newId()
    const walletId = await openWallet(this.system(), { ownerType: 'user', ownerId: userId })
    const actor: UserCtx['actor'] = { type: 'user', userId, role: 'user', sessionId: newId() }
    return { db: this.db, actor, userId, walletId }
  }

  createOrder(buyer: Buyer, { provider, ...terms }: Terms): Promise<OrderRow> {
    return createOrder(buyer, { ...terms, provider, method: provider === 'stripe' ? 'card' : null })
  }

  async read({ userId, walletId }: Buyer): Promise<BuyerState> {
    const { rows } = await this.#reader.query({ name: 'buyer', text: BUYER, values: [userId, walletId] })
    const [{ posted, held, suspended, orders }] = rows
    return {
      posted: BigInt(posted),
      held: BigInt(held),
      suspended,
      orders: (orders ?? []).map((row: Row) => orderState(row, walletId)),
    }
  }

  /** Lets a page ask the provider again at once. */
  async forgetAsked(orderId: string): Promise<void> {
    await this.#reader.query('UPDATE orders SET asked_at = NULL WHERE id = $1', [orderId])
  }

  async close(): Promise<void> {
    await this.#reader.end()
    await this.db.$client.end()
  }
}

const BUYER = `
  SELECT w.posted_micros AS posted, w.held_micros AS held, w.suspended, (
    SELECT json_agg(json_build_array(
      o.id, o.state, o.paid_minor::text, coalesce(o.paid_currency, '-'), o.price_minor::text,
      o.credits_micros::text, o.bonus_micros::text, o.credited_micros::text, o.shortfall_micros::text,
      o.bonus_credited_micros::text, o.bonus_shortfall_micros::text,
      (SELECT coalesce(json_agg(json_build_array(r.id, r.amount_minor::text, r.state) ORDER BY r.id COLLATE "C"), '[]')
        FROM refunds r WHERE r.order_id = o.id),
      (SELECT coalesce(json_agg(json_build_array(d.id, d.amount_minor::text, d.state, d.withdrawn_minor::text,
          d.reinstated_minor::text) ORDER BY d.id COLLATE "C"), '[]')
        FROM disputes d WHERE d.order_id = o.id),
      (SELECT coalesce(json_agg(json_build_array(t.debit_account_id, t.credit_account_id, t.amount_micros::text)), '[]')
        FROM transfers t WHERE t.external_ref = 'order:' || o.id),
      (SELECT coalesce(json_agg(json_build_array(l.source, l.remaining_micros::text)), '[]')
        FROM transfers t JOIN lots_left l ON l.wallet_id = o.wallet_id AND l.transfer_id = t.id
        WHERE t.external_ref = 'order:' || o.id),
      (SELECT coalesce(json_agg(e.id ORDER BY e.id COLLATE "C"), '[]') FROM payment_events e WHERE e.order_id = o.id)
    ) ORDER BY o.id)
    FROM orders o WHERE o.user_id = $1) AS orders
  FROM wallets w WHERE w.id = $2`

type Row = (string | string[] | string[][])[]

function orderState(row: Row, walletId: string): OrderState {
  const [id, state, paid, currency, price, credits, bonus, credited, shortfall, bonusCredited, bonusShortfall] =
    row as string[]
  const [refunds, disputes, moves, lots, events] = row.slice(11) as string[][][]
  const gone =
    total(refunds!.filter(([, , state]) => state === 'pending' || state === 'succeeded').map(([, amount]) => amount!)) +
    total(disputes!.map(([, , , withdrawn]) => withdrawn!)) -
    total(disputes!.map(([, , , , reinstated]) => reinstated!))
  const keptMinor = BigInt(paid!) - gone
  const given = (account: string) =>
    total(moves!.filter(([debit]) => debit === account).map(([, , amount]) => amount!)) -
    total(moves!.filter(([, credit]) => credit === account).map(([, , amount]) => amount!))
  const house = { clearing: given(HOUSE.clearing), promotions: given(HOUSE.promotions), badDebt: given(HOUSE.badDebt) }
  const left = (source: string) => total(lots!.filter(([of]) => of === source).map(([, remaining]) => remaining!))
  return {
    id: id!,
    line: [
      `${state} ${paid} ${currency}`,
      ...refunds!.map(([id, amount, state]) => `${id} ${amount} ${state}`),
      ...disputes!.map(([id, amount, state, out, back]) => `${id} ${amount} ${state} -${out} +${back}`),
      ...events!,
    ].join(', '),
    state: state!,
    priceMinor: BigInt(price!),
    keptMinor: keptMinor > 0n ? keptMinor : 0n,
    terms: { credits: BigInt(credits!), bonus: BigInt(bonus!) },
    row: {
      credited: BigInt(credited!),
      shortfall: BigInt(shortfall!),
      bonus: BigInt(bonusCredited!),
      bonusShortfall: BigInt(bonusShortfall!),
    },
    moved: { ...house, wallet: -given(walletId) },
    left: { paid: left('paid'), promotional: left('promotional') },
  }
}

function total(amounts: readonly string[]): bigint {
  return amounts.reduce((sum, amount) => sum + BigInt(amount), 0n)
}
