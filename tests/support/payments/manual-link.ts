import { cancelOrder, confirmOrder, refundOrder, rejectOrder, reportTransfer } from '#lib/payments/index.ts'
import { type Errand, type Link, type Part, type Plan, pick, refundAlone, type Scene } from './links.ts'
import type { Move, ProviderBooks, Snapshot } from './provider-books.ts'

/** Transfers that people report and an operator confirms: what they say is known with the same commit. */
export const manualLink: Link = {
  begin: async () => undefined,

  async happen(scene, part, { move, percent }) {
    return pick(decisionsOn(scene, part, percent), move) ?? null
  },

  async plan(scene, part, errand) {
    return planErrand(scene, part, errand)
  },
}

function decisionsOn({ lane, buyer }: Scene, part: Part, percent: number): Plan[] {
  const { row, books, told } = part
  const orderId = row.id
  const { currency } = row
  const decide = (move: Move, answer: () => Promise<unknown>): Plan => ({
    ...heard(part, move, { name: '', look: (books) => books.look('session') }),
    isOne: true,
    answer,
  })
  const confirm = (amountMinor: bigint) =>
    decide({ do: 'pay', amountMinor, currency, later: false }, () =>
      confirmOrder(lane.system(), { orderId, amountMinor, reason: 'it came' }),
    )
  const isWaiting = told.state === 'open' || told.state === 'pending'
  if (told.state === 'paid') {
    const amountMinor = books.payment.paid!.amountMinor
    const again = () => confirmOrder(lane.system(), { orderId, amountMinor })
    return [{ part, isOne: true, answer: again }]
  }
  const plans = [
    confirm(row.priceMinor),
    confirm(row.priceMinor),
    confirm(50n + (row.priceMinor * BigInt(percent)) / 50n),
  ]
  if (!isWaiting) return plans
  return [
    ...plans,
    decide({ do: 'say', state: 'pending' }, () => reportTransfer(buyer, { orderId, note: 'sent' })),
    decide({ do: 'say', state: 'rejected' }, () => rejectOrder(lane.system(), { orderId, reason: 'nothing came' })),
  ]
}

function planErrand({ lane, buyer }: Scene, part: Part, errand: Errand): Plan | null {
  const { row, told } = part
  const orderId = row.id
  if (errand.do === 'cancel' && told.state === 'open') {
    const canceled: Move = { do: 'say', state: 'canceled' }
    return {
      ...heard(part, canceled, { name: '', look: (books) => books.look('session') }),
      isOne: false,
      answer: () => cancelOrder(buyer, { orderId }),
    }
  }
  if (errand.do !== 'giveBack') return null
  const { amountMinor, requestId } = errand
  const refund: Move = { do: 'refund', amountMinor, pending: false }
  return {
    ...heard(part, refund, { name: `manual:${requestId}`, look: refundAlone }),
    isOne: true,
    answer: () => refundOrder(lane.system(), { orderId, amountMinor, requestId, reason: 'as asked' }),
  }
}

/** What will be true, and known, once it is done. */
function heard(part: Part, move: Move, { name, look }: { name: string; look: (books: ProviderBooks) => Snapshot }) {
  const later = part.books.copy()
  later.apply(move, name)
  const snapshot = look(later)
  return {
    part,
    hear: (told: Part['told']) => told.hear(snapshot),
    done: () => {
      part.books = later
    },
  }
}
