import type Stripe from 'stripe'
import type { Buyer, OrderRow } from '#tests/support/orders.ts'
import type { Lane } from './lane.ts'
import type { ProviderBooks, Snapshot, Topic } from './provider-books.ts'
import type { Terms } from './steps.ts'
import type { Told } from './told.ts'

/** An order of a story: what is agreed, what the provider's books say, and what we were told of that. */
export type Part = { terms: Terms; row: OrderRow; books: ProviderBooks; told: Told; link: Link }

/** The provider's word that something has happened; sent until it is accepted, and maybe after. */
export type Message = { id: string; part: Part; topic: Topic; accepted: boolean; body?: Stripe.Event }

/** Something that is about to be done, and what is known once it is. */
export type Plan = {
  part: Part | null
  answer(): Promise<unknown>
  /** What has happened at the provider by it, even when nobody here learnt of it. */
  mirror?(): void
  hear?(told: Told): void
  /** Called when it turned out to be done. */
  done?(): void
  /** One transaction and nothing else: broken anywhere it has done nothing. */
  isOne: boolean
  /** What to ask for again when nobody knows whether it was done. */
  again?: Errand
}

export type Errand =
  | { do: 'deliver'; message: Message }
  | { do: 'land' }
  | { do: 'reconcile' }
  | { do: 'cancel' }
  | { do: 'giveBack'; amountMinor: bigint; requestId: string }

export type Scene = { lane: Lane; buyer: Buyer; messages: Message[] }

/** How the service learns of a payment. */
export type Link = {
  begin(scene: Scene, part: Part): Promise<void>
  happen(scene: Scene, part: Part, choice: { move: number; percent: number }): Promise<Plan | null>
  /**
   * Asks the provider; the answer is taken in when the plan is carried out, which may be much later.
   * @returns null when there is nothing to do
   */
  plan(scene: Scene, part: Part, errand: Errand): Promise<Plan | null>
  /** Asks for all that was missed, of these orders and of others. */
  reconcileAll?(scene: Scene, parts: readonly Part[]): Promise<void>
}

export const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(list.length, 1)]

/** What a person's own word does to an order that the provider has closed. */
export function closedAs(state: 'canceled', snapshot: Snapshot): Snapshot {
  return { ...snapshot, payment: { ...snapshot.payment, state } }
}

/** The answer of a refund: that refund, and nothing of the payment. */
export function refundAlone({ refunds }: ProviderBooks): Snapshot {
  return { payment: { state: 'open', paid: null, at: -1 }, refunds: refunds.slice(-1), disputes: [] }
}
