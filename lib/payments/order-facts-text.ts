import { creditsToDecimal, priceToDecimal } from '#lib/money.ts'
import type { DisputeFact, Money, RefundFact } from './facts.ts'
import type { GivenBack } from './order-rows.ts'
import type { Order } from './provider.ts'

/** Facts of an order by their name, as an operator reads them; two of these can be compared. */
export type FactTexts = Map<string, string>

/** One fact that two sides tell differently; null where one does not know of it. */
export type FactDifference = { what: string; before: string | null; after: string | null }

/** All that is known of an order, with what the books say of it. */
export function describeOrder(order: Order, { refunds, disputes }: GivenBack): FactTexts {
  const currency = order.paidCurrency ?? order.currency
  const texts: FactTexts = new Map([
    ['state', order.state],
    ['credits', creditsToDecimal(order.creditedMicros)],
  ])
  if (order.paidMinor > 0n) texts.set('paid', moneyText({ amountMinor: order.paidMinor, currency }))
  for (const refund of refunds.values()) texts.set(`refund ${refund.id}`, refundText(refund, currency))
  for (const dispute of disputes.values()) {
    texts.set(`dispute ${dispute.id}`, `${dispute.state}, ${disputeText(dispute, currency)}`)
  }
  return texts
}

/** What two sides can agree on about a payment: money that came, and money that went back. */
export function describeMoney(
  paid: Money | null,
  { refunds, disputes }: { refunds: Iterable<RefundFact>; disputes: Iterable<DisputeFact> },
  currency: string,
): FactTexts {
  const texts: FactTexts = new Map()
  if (paid && paid.amountMinor > 0n) texts.set('paid', moneyText(paid))
  for (const refund of refunds) texts.set(`refund ${refund.id}`, refundText(refund, currency))
  for (const dispute of disputes) texts.set(`dispute ${dispute.id}`, disputeText(dispute, currency))
  return texts
}

/** What of two descriptions is not the same, by name. */
export function differencesOf(before: FactTexts, after: FactTexts): FactDifference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  return names
    .map((what) => ({ what, before: before.get(what) ?? null, after: after.get(what) ?? null }))
    .filter((fact) => fact.before !== fact.after)
}

function moneyText({ amountMinor, currency }: Money): string {
  return `${priceToDecimal(amountMinor, currency)} ${currency}`
}

function refundText({ amountMinor, state }: RefundFact, currency: string): string {
  return `${moneyText({ amountMinor, currency })} ${state}`
}

function disputeText({ withdrawnMinor, reinstatedMinor }: DisputeFact, currency: string): string {
  const withdrawn = `${moneyText({ amountMinor: withdrawnMinor, currency })} withdrawn`
  return reinstatedMinor > 0n ? `${withdrawn}, ${priceToDecimal(reinstatedMinor, currency)} given back` : withdrawn
}
