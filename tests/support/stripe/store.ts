import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type Stripe from 'stripe'

/** What the stand-in keeps of a session and never shows as a member of it. */
export type SessionBack = {
  lineItems: Stripe.LineItem[]
  paymentIntentMetadata: Record<string, string>
  description: string | null
}

type Row = { id: string; created: number }

/** Rows in the order they were made, found by id or by the value of one of the indexed members. */
export class Collection<T extends Row> {
  readonly name: string
  readonly rows: T[] = []
  #position = new Map<string, number>()
  #indexed: readonly (keyof T & string)[]
  #indexes = new Map<string, T[]>()

  constructor(name: string, indexed: readonly (keyof T & string)[] = []) {
    this.name = name
    this.#indexed = indexed
  }

  add(row: T): T {
    this.#position.set(row.id, this.rows.push(row) - 1)
    for (const member of this.#indexed) this.reindex(row, member)
    return row
  }

  /** To be called when an indexed member got its value after the row was added. */
  reindex(row: T, member: keyof T & string): void {
    const value = row[member]
    if (typeof value !== 'string') return
    const key = `${member}=${value}`
    const rows = this.#indexes.get(key)
    if (rows) rows.push(row)
    else this.#indexes.set(key, [row])
  }

  find(id: string): T | undefined {
    return this.rows[this.#position.get(id) ?? -1]
  }

  position(id: string): number | undefined {
    return this.#position.get(id)
  }

  /** Rows with this value, oldest first; null when the member has no index. */
  by(member: string, value: string): T[] | null {
    if (!this.#indexed.includes(member as keyof T & string)) return null
    return this.#indexes.get(`${member}=${value}`) ?? []
  }

  clear(): void {
    this.rows.length = 0
    this.#position.clear()
    this.#indexes.clear()
  }
}

export type StoredAnswer = {
  fingerprint: string
  endpoint: string
  status: number
  body: string
  requestId: string
  at: number
}

/** Everything the stand-in knows. With a file, all of it survives a restart. */
export class Store {
  readonly sessions = new Collection<Stripe.Checkout.Session>('checkout.session', ['payment_intent'])
  readonly paymentIntents = new Collection<Stripe.PaymentIntent>('payment_intent')
  readonly charges = new Collection<Stripe.Charge>('charge', ['payment_intent'])
  readonly refunds = new Collection<Stripe.Refund>('refund', ['payment_intent', 'charge'])
  readonly disputes = new Collection<Stripe.Dispute>('dispute', ['payment_intent', 'charge'])
  readonly balanceTransactions = new Collection<Stripe.BalanceTransaction>('balance_transaction', ['source'])
  readonly events = new Collection<Stripe.Event>('event')
  readonly backs = new Map<string, SessionBack>()
  /** Ids of events that no endpoint has accepted yet. */
  readonly undelivered = new Set<string>()
  readonly answers = new Map<string, StoredAnswer>()
  readonly #start = randomBytes(6).toString('hex')
  readonly #file: string | undefined
  #count = 0

  constructor(file?: string) {
    this.#file = file
    if (file) this.#load(file)
  }

  /** An id of Stripe's look: unique over restarts, and in the order of creation within one. */
  id(prefix: string, length = 24): string {
    this.#count += 1
    return `${prefix}_${this.#start}${this.#count.toString(36).padStart(length - this.#start.length, '0')}`
  }

  /** The row of any resource that has this id. */
  resolve(id: string): Row | undefined {
    return this.#collections().reduce<Row | undefined>((found, collection) => found ?? collection.find(id), undefined)
  }

  save(): void {
    if (!this.#file) return
    const state = {
      rows: Object.fromEntries(this.#collections().map(({ name, rows }) => [name, rows])),
      backs: [...this.backs],
      undelivered: [...this.undelivered],
      answers: [...this.answers],
    }
    const draft = `${this.#file}.${this.#start}.draft`
    writeFileSync(draft, JSON.stringify(state), { mode: 0o600 })
    renameSync(draft, this.#file)
  }

  clear(): void {
    for (const collection of this.#collections()) collection.clear()
    for (const held of [this.backs, this.undelivered, this.answers]) held.clear()
    this.save()
  }

  #collections(): Collection<Row>[] {
    const { sessions, paymentIntents, charges, refunds, disputes, balanceTransactions, events } = this
    return [
      sessions,
      paymentIntents,
      charges,
      refunds,
      disputes,
      balanceTransactions,
      events,
    ] as unknown as Collection<Row>[]
  }

  #load(file: string): void {
    const text = readIfThere(file)
    if (text === null) return
    const state = JSON.parse(text) as {
      rows: Record<string, Row[]>
      backs: [string, SessionBack][]
      undelivered: string[]
      answers: [string, StoredAnswer][]
    }
    for (const collection of this.#collections())
      for (const row of state.rows[collection.name] ?? []) collection.add(row)
    for (const [id, back] of state.backs) this.backs.set(id, back)
    for (const id of state.undelivered) this.undelivered.add(id)
    for (const [key, answer] of state.answers) this.answers.set(key, answer)
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
