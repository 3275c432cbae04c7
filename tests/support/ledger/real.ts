import { once } from 'node:events'
import type { Socket } from 'node:net'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import type { Database } from '#db/client.ts'
import { systemCtx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { captureHold, expireLots, HOUSE, openWallet, placeHold, postTransfer, setSpendCap } from '#lib/ledger/index.ts'
import type { TestDatabase } from '#tests/support/cluster.ts'
import type { Outcome, Period, Post, Request } from '#tests/support/ledger/reference.ts'

const DAY_MS = 86_400_000
const NO_SUCH = 'UB005'

const stateOf = (error: unknown) => ((error as Error).cause as { code?: string } | undefined)?.code

/** Two connections to one database: one speaks as the application, the other sees all and makes time pass. */
export class RealLedger {
  readonly owner: pg.Client
  /** The application's connection, as the server's tables of locks name it. */
  pid = 0
  private readonly database: TestDatabase
  private app: pg.Client
  private zone = { name: '', dayOfMonth: 0 }
  private wallets: string[] = []
  private noon = 0
  private daysPassed = 0
  private daysInMonth = 0
  private transferIds = new Map<string, string>()
  private ends = new Map<string, Date>()
  /** What who placed a hold knows of it. */
  private holds = new Map<string, { walletId: string; amountMicros: bigint }>()

  constructor(database: TestDatabase) {
    this.database = database
    this.app = new pg.Client({ connectionString: database.url })
    this.owner = new pg.Client({ connectionString: database.ownerUrl })
  }

  async connect(): Promise<void> {
    await Promise.all([this.connectApp(), this.owner.connect()])
  }

  private async connectApp(): Promise<void> {
    this.app = new pg.Client({ connectionString: this.database.url })
    // Connections are broken on purpose.
    this.app.on('error', () => undefined)
    await this.app.connect()
    const { rows } = await this.app.query('SELECT pg_backend_pid() AS pid')
    this.pid = rows[0].pid
  }

  /** Takes part in another's story, over connections of its own. */
  async join(other: RealLedger): Promise<void> {
    const { zone, wallets, noon, transferIds, ends, holds } = other
    Object.assign(this, { zone, wallets, noon, transferIds, ends, holds })
    await this.say('ROLLBACK')
  }

  /** Open holds of a worker, as the application sees them now. */
  async openHoldsOf(worker: string): Promise<string[]> {
    const { rows } = await this.app.query('SELECT id FROM holds WHERE open_worker_id = $1 ORDER BY id', [worker])
    return rows.map(({ id }) => id)
  }

  async close(): Promise<void> {
    await Promise.all([this.app.end(), this.owner.end()])
  }

  /** Begins a story of its own with two empty wallets, at noon of some day. @returns the wallets' ids */
  async begin(): Promise<string[]> {
    // A story that failed has left things as they were.
    await this.say('ROLLBACK')
    await this.ask('UPDATE wallets SET next_expiry_at = NULL WHERE next_expiry_at <= now()')
    const [now] = await this.ask<{ ms: string; hour: number }>(
      `SELECT (extract(epoch FROM now()) * 1000)::bigint::text AS ms, extract(hour FROM now() AT TIME ZONE 'UTC')::int AS hour`,
    )
    // In this zone it is noon: no midnight comes while a story is told.
    const offset = 12 - now!.hour
    const zone = offset === 0 ? 'Etc/GMT' : `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`
    this.zone = { name: zone, dayOfMonth: new Date(Number(now!.ms) + offset * 3_600_000).getUTCDate() }
    this.noon = Number(now!.ms)
    this.daysPassed = 0
    this.daysInMonth = 0
    this.transferIds = new Map()
    this.ends = new Map()
    const owners = [
      { ownerType: 'user', ownerId: newId() },
      { ownerType: 'team', ownerId: newId() },
    ] as const
    this.wallets = []
    for (const owner of owners) this.wallets.push(await openWallet(this.ctx(), owner))
    return this.wallets
  }

  /** A post that never came about names another instant when it is asked for on another day. */
  forget(key: string): void {
    this.ends.delete(key)
  }

  /** Asks the ledger as the application, within its transaction when one is open. */
  async apply(request: Request): Promise<Outcome> {
    try {
      return await this.call(request)
    } catch (error) {
      if (error instanceof AppError) return { refused: error.code }
      if (stateOf(error) === NO_SUCH) return { refused: 'missing' }
      throw error
    }
  }

  /** Sends a statement as the application; `BEGIN` and the like. */
  async say(statement: string): Promise<void> {
    await this.app.query(statement)
  }

  /** Breaks the application's connection, without waiting for the answer to what may be said last. */
  async breakOff(lastWords?: string): Promise<void> {
    const { stream } = (this.app as unknown as { connection: { stream: Socket } }).connection
    if (lastWords) {
      this.app.query(lastWords).catch(() => undefined)
      if (stream.writableNeedDrain) await once(stream, 'drain')
    }
    stream.destroySoon()
    await this.connectApp()
  }

  /** Whether a day more lies within the month that is. */
  canPass(period: Period): boolean {
    return period === 'month' || this.daysInMonth + 1 < this.zone.dayOfMonth
  }

  /** Lets time pass for the wallets of this story: every instant that a rule looks at moves back. */
  async pass(period: Period): Promise<void> {
    const days = period === 'day' ? 1 : 32
    this.daysPassed += days
    this.daysInMonth = period === 'day' ? this.daysInMonth + 1 : 0
    const back = `interval '${days * 24} hours'`
    const mine = `IN (${this.wallets.map((id) => `'${id}'`).join()})`
    const over = period === 'day' ? "AND period = 'day'" : ''
    await this.owner.query(`
      BEGIN;
      UPDATE wallets SET next_expiry_at = next_expiry_at - ${back} WHERE id ${mine};
      UPDATE lots SET expires_at = expires_at - ${back} WHERE wallet_id ${mine} AND expires_at IS NOT NULL;
      UPDATE holds SET created_at = created_at - ${back}, closed_at = closed_at - ${back} WHERE wallet_id ${mine};
      UPDATE spend_caps SET window_start = window_start - ${back}, window_end = window_end - ${back}
      WHERE wallet_id ${mine} ${over};
      COMMIT`)
  }

  /** Runs a query as the owner of the tables; a name keeps its plan. */
  async ask<T>(text: string, values: unknown[] = [], name?: string): Promise<T[]> {
    return (await this.owner.query({ text, values, name })).rows as T[]
  }

  private ctx() {
    return systemCtx('test', drizzle({ client: this.app }) as unknown as Database)
  }

  private async call(request: Request): Promise<Outcome> {
    const ctx = this.ctx()
    switch (request.verb) {
      case 'post':
        return this.post(request)
      case 'hold': {
        const { id: holdId, wallet: walletId, spender: spenderId, maxOpen, worker: workerId } = request
        const amounts = { fullMicros: request.full, minimumMicros: request.minimum }
        const held = await placeHold(ctx, { holdId, walletId, spenderId, ...amounts, maxOpen, workerId })
        const cap = held.cap && { period: held.cap.period, limit: held.cap.limitMicros, left: held.cap.leftMicros }
        if (held.outcome === 'held') this.holds.set(holdId, { walletId, amountMicros: held.amountMicros })
        const { outcome, amountMicros: amount, availableMicros: available, heldMicros, openHolds: open } = held
        return { outcome, amount, available, held: heldMicros, open, cap }
      }
      case 'capture': {
        // Half of them are ended by somebody who does not remember them.
        const remembered = /[02468ace]$/.test(request.hold) ? this.holds.get(request.hold) : undefined
        const ended = await captureHold(ctx, { holdId: request.hold, costMicros: request.cost, remembered })
        return { charged: ended.chargedMicros, badDebt: ended.badDebtMicros, replayed: ended.replayed }
      }
      case 'cap': {
        const { wallet: walletId, spender: spenderId, period, limit: limitMicros } = request
        await setSpendCap(ctx, { walletId, spenderId, period, limitMicros, timeZone: this.zone.name })
        return {}
      }
      case 'expire':
        return { expired: (await expireLots(ctx)).expired }
    }
  }

  private async post({ kind, key, from, to, amount, lot, fromLot }: Post): Promise<Outcome> {
    const account = (name: string) => HOUSE[name as keyof typeof HOUSE] ?? name
    const { transferId, replayed } = await postTransfer(this.ctx(), {
      kind,
      debitAccountId: account(from),
      creditAccountId: account(to),
      amountMicros: amount,
      idempotencyKey: key,
      lot: lot && { source: lot.source, expiresAt: this.endOf(lot.lastDay, key) },
      fromLotId: fromLot && this.transferIds.get(fromLot),
    })
    this.transferIds.set(key, transferId)
    return { replayed }
  }

  /** The same request names the same instant, whenever it is repeated. */
  private endOf(lastDay: number | null, key: string): Date | undefined {
    if (lastDay === null) return undefined
    const end = this.ends.get(key) ?? new Date(this.noon + DAY_MS / 2 + (lastDay - this.daysPassed) * DAY_MS)
    this.ends.set(key, end)
    return end
  }
}
