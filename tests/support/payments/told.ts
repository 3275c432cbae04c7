import type { ProviderBooks, Snapshot } from './provider-books.ts'

/** What is to be known of an order's payment: of each fact the latest version that anybody told. */
export class Told {
  #payment: Snapshot['payment']
  #refunds = new Map<string, Snapshot['refunds'][number]>()
  #disputes = new Map<string, Snapshot['disputes'][number]>()
  #forgiven = new Set<string>()
  /** Messages that were taken in. */
  #messages = new Set<string>()
  readonly #terms: ProviderBooks['terms']

  constructor(terms: ProviderBooks['terms'], copied?: Told) {
    this.#terms = terms
    this.#payment = copied ? copied.#payment : { state: 'open', paid: null, at: 0 }
    if (!copied) return
    this.#refunds = new Map(copied.#refunds)
    this.#disputes = new Map(copied.#disputes)
    this.#forgiven = new Set(copied.#forgiven)
    this.#messages = new Set(copied.#messages)
  }

  copy(): Told {
    return new Told(this.#terms, this)
  }

  /** @param message each is heard once */
  hear({ payment, refunds, disputes }: Snapshot, message?: string): void {
    if (message !== undefined && this.#messages.has(message)) return
    if (message !== undefined) this.#messages.add(message)
    // What a person has canceled has expired at the provider, at the same moment.
    const isCanceled = payment.at === this.#payment.at && payment.state === 'canceled'
    if (payment.at > this.#payment.at || isCanceled) this.#payment = payment
    for (const one of refunds) if (one.at > (this.#refunds.get(one.id)?.at ?? -1)) this.#refunds.set(one.id, one)
    for (const one of disputes) if (one.at > (this.#disputes.get(one.id)?.at ?? -1)) this.#disputes.set(one.id, one)
  }

  get state(): string {
    const { paid, state } = this.#payment
    return paid && paid.currency !== this.#terms.currency ? 'review' : state
  }

  /** Whether a dispute goes on or was lost, and nobody forgave it. */
  get suspends(): boolean {
    return this.#shutting.some((id) => !this.#forgiven.has(id))
  }

  get #shutting(): string[] {
    return [...this.#disputes.values()].filter(({ state }) => state === 'open' || state === 'lost').map(({ id }) => id)
  }

  forgive(): void {
    for (const id of this.#shutting) this.#forgiven.add(id)
  }

  /** What the order's rows are to say. */
  line(): string {
    const { paid } = this.#payment
    const refunds = byId(this.#refunds).map(({ id, amountMinor, state }) => `${id} ${amountMinor} ${state}`)
    const disputes = byId(this.#disputes).map(
      ({ id, amountMinor, state, withdrawnMinor, reinstatedMinor }) =>
        `${id} ${amountMinor} ${state} -${withdrawnMinor} +${reinstatedMinor}`,
    )
    const payment = `${this.state} ${paid?.amountMinor ?? 0n} ${paid?.currency ?? '-'}`
    return [payment, ...refunds, ...disputes, ...[...this.#messages].sort()].join(', ')
  }
}

function byId<T extends { id: string }>(rows: Map<string, T>): T[] {
  return [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}
