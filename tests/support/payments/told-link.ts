import { NO_FACTS } from '#lib/payments/facts.ts'
import { fulfilOrder } from '#lib/payments/fulfil.ts'
import { closedAs, type Link, type Part, pick, refundAlone, type Scene } from './links.ts'
import { factsOf, type Move, type Snapshot } from './provider-books.ts'

/** The short way: what the provider's books say is told to the service as facts, at once or as they were long ago. */
export const toldLink: Link = {
  // Its session becomes known with the first news of it.
  begin: async () => undefined,

  async happen(scene, part, { move, percent }) {
    const chosen = pick(part.books.moves(percent), move)
    if (chosen) happenIn(scene, part, chosen, `${part.row.id}_${scene.messages.length}`)
    return null
  },

  async plan(scene, part, errand) {
    const { row, books, told } = part
    const tell = (snapshot: Snapshot, message?: string, facts = factsOf(snapshot, row)) => ({
      part,
      isOne: true,
      answer: () =>
        fulfilOrder(scene.lane.system(), {
          orderId: row.id,
          facts,
          event: message ? { id: message, type: 'test', source: 'webhook', happenedAt: new Date() } : undefined,
        }),
      hear: (now: typeof told) => now.hear(snapshot, message),
    })
    switch (errand.do) {
      case 'deliver': {
        const { message } = errand
        const done = () => {
          message.accepted = true
        }
        return { ...tell(books.look(message.topic), message.id), done }
      }
      case 'land':
      case 'reconcile':
        return tell(books.look('all'))
      case 'cancel': {
        if (told.state !== 'open' || books.session === 'complete') return null
        if (books.session === 'open') happenIn(scene, part, { do: 'say', state: 'expired' }, '')
        return tell(closedAs('canceled', books.look('session')))
      }
      case 'giveBack': {
        const { amountMinor } = errand
        const refund = books.moves(100).find((move) => move.do === 'refund')
        if (refund?.do !== 'refund' || refund.amountMinor < amountMinor) return null
        happenIn(scene, part, { do: 'refund', amountMinor, pending: false }, `${row.id}_${scene.messages.length}`)
        const snapshot = refundAlone(books)
        const { refunds } = factsOf(snapshot, row)
        return tell(snapshot, undefined, { ...NO_FACTS, state: 'paid', refunds })
      }
    }
  },
}

/** Lets what was chosen happen in the books, and puts down what is written to us of it. */
function happenIn({ messages }: Scene, part: Part, move: Move, name: string): void {
  for (const topic of part.books.apply(move, name)) {
    messages.push({
      id: `evt_${part.row.id}_${String(messages.length).padStart(3, '0')}`,
      part,
      topic,
      accepted: false,
    })
  }
}
