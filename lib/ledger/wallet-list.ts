import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { HOLD_STATES, type HoldState } from './shared.ts'

/** Whose a wallet is. */
type Owner = {
  ownerType: 'user' | 'team'
  ownerId: string
  /** Null for teams and once the person is gone. */
  email: string | null
}

/** A wallet as operators see it. Amounts are micro-credits; `seq` is the number of its latest transfer. */
export type WalletLine = Owner & {
  id: string
  postedMicros: bigint
  heldMicros: bigint
  openHolds: number
  seq: bigint
  suspended: boolean
  createdAt: Date
}

const pageInput = z.object({
  limit: z.number().int().min(1).max(200).default(50),
  /** Id of the last one of the page before. */
  after: z.uuid().optional(),
})

const listWalletsInput = pageInput.extend({ ownerId: z.uuid().optional() })

/** A page of wallets, the newest first; `next` begins the next page. Admins and the service only. */
export async function listWallets(
  ctx: Ctx,
  input: z.input<typeof listWalletsInput> = {},
): Promise<{ items: WalletLine[]; next: string | null }> {
  requireAdmin(ctx)
  const { limit, after, ownerId } = listWalletsInput.parse(input)
  const place = after === undefined ? sql`true` : sql`w.id < ${after}`
  const owner =
    ownerId === undefined
      ? sql`true`
      : sql`w.id IN (SELECT id FROM accounts WHERE owner_type IN ('user', 'team') AND owner_id = ${ownerId})`
  const items = await readWallets(
    ctx,
    sql`SELECT w.* FROM wallets w WHERE ${place} AND ${owner} ORDER BY w.id DESC LIMIT ${limit + 1}`,
  )
  const page = items.slice(0, limit)
  return { items: page, next: items.length > limit ? page.at(-1)!.id : null }
}

const getWalletInput = z.object({ walletId: z.uuid() })

/** One wallet. Admins and the service only. @throws {AppError} `not_found` */
export async function getWallet(ctx: Ctx, input: z.input<typeof getWalletInput>): Promise<WalletLine> {
  requireAdmin(ctx)
  const { walletId } = getWalletInput.parse(input)
  const [wallet] = await readWallets(ctx, sql`SELECT w.* FROM wallets w WHERE w.id = ${walletId}`)
  if (!wallet) throw new AppError('not_found', { message: `there is no wallet ${walletId}` })
  return wallet
}

async function readWallets(ctx: Ctx, which: SQL): Promise<WalletLine[]> {
  const { rows } = await ctx.db.execute<{
    id: string
    owner_type: 'user' | 'team'
    owner_id: string
    email: string | null
    posted_micros: bigint
    held_micros: bigint
    open_holds: number
    seq: bigint
    suspended: boolean
    created_at: string
  }>(sql`
    SELECT w.id, a.owner_type, a.owner_id, u.email, w.posted_micros::bigint AS posted_micros,
      w.held_micros::bigint AS held_micros, w.open_holds::int AS open_holds, w.seq, w.suspended, a.created_at
    FROM (${which}) w
    JOIN accounts a ON a.id = w.id
    LEFT JOIN users u ON a.owner_type = 'user' AND u.id = a.owner_id
    ORDER BY w.id DESC`)
  return rows.map((row) => ({
    id: row.id,
    ownerType: row.owner_type,
    ownerId: row.owner_id,
    email: row.email,
    postedMicros: row.posted_micros,
    heldMicros: row.held_micros,
    openHolds: row.open_holds,
    seq: row.seq,
    suspended: row.suspended,
    createdAt: new Date(row.created_at),
  }))
}

/** A hold with whose wallet it is on. Amounts are micro-credits. */
export type HoldLine = Owner & {
  id: string
  walletId: string
  state: HoldState
  amountMicros: bigint
  /** What of it was charged, and what the call cost beyond that. */
  capturedMicros: bigint
  badDebtMicros: bigint
  /** The process that runs the call; null once it has ended. */
  workerId: string | null
  createdAt: Date
  closedAt: Date | null
}

const listHoldsInput = pageInput.extend({ state: z.enum(HOLD_STATES).optional(), walletId: z.uuid().optional() })

/** A page of holds, the newest first; `next` begins the next page. Admins and the service only. */
export async function listHolds(
  ctx: Ctx,
  input: z.input<typeof listHoldsInput> = {},
): Promise<{ items: HoldLine[]; next: string | null }> {
  requireAdmin(ctx)
  const { limit, after, state, walletId } = listHoldsInput.parse(input)
  const conditions = [
    sql`true`,
    after !== undefined && sql`h.id < ${after}`,
    walletId !== undefined && sql`h.wallet_id = ${walletId}`,
    state !== undefined && sql`h.state = ${state}`,
    // Of those that are open there are few, and an index of them.
    state === 'open' && sql`h.open_worker_id IS NOT NULL`,
  ].filter((condition) => typeof condition === 'object')
  const which = sql`SELECT h.* FROM holds h WHERE ${sql.join(conditions, sql` AND `)} ORDER BY h.id DESC LIMIT ${limit + 1}`
  const { rows } = await ctx.db.execute<{
    id: string
    wallet_id: string
    owner_type: 'user' | 'team'
    owner_id: string
    email: string | null
    state: HoldState
    amount_micros: bigint
    captured_micros: bigint
    bad_debt_micros: bigint
    open_worker_id: string | null
    created_at: string
    closed_at: string | null
  }>(sql`
    SELECT h.id, h.wallet_id, a.owner_type, a.owner_id, u.email, h.state, h.amount_micros::bigint AS amount_micros,
      h.captured_micros::bigint AS captured_micros, h.bad_debt_micros::bigint AS bad_debt_micros, h.open_worker_id,
      h.created_at, h.closed_at
    FROM (${which}) h
    JOIN accounts a ON a.id = h.wallet_id
    LEFT JOIN users u ON a.owner_type = 'user' AND u.id = a.owner_id
    ORDER BY h.id DESC`)
  const items = rows.map((row) => ({
    id: row.id,
    walletId: row.wallet_id,
    ownerType: row.owner_type,
    ownerId: row.owner_id,
    email: row.email,
    state: row.state,
    amountMicros: row.amount_micros,
    capturedMicros: row.captured_micros,
    badDebtMicros: row.bad_debt_micros,
    workerId: row.open_worker_id,
    createdAt: new Date(row.created_at),
    closedAt: row.closed_at === null ? null : new Date(row.closed_at),
  }))
  const page = items.slice(0, limit)
  return { items: page, next: items.length > limit ? page.at(-1)!.id : null }
}

const findInLedgerInput = z.object({ id: z.uuid().toLowerCase() })

/** What of the ledger an id names: a transfer, a wallet or a hold; null for nothing. Admins and the service only. */
export async function findInLedger(
  ctx: Ctx,
  input: z.input<typeof findInLedgerInput>,
): Promise<'transfer' | 'wallet' | 'hold' | null> {
  requireAdmin(ctx)
  const { id } = findInLedgerInput.parse(input)
  const { rows } = await ctx.db.execute<{ is: 'transfer' | 'wallet' | 'hold' }>(sql`
    SELECT 'transfer' AS is FROM transfers WHERE id = ${id}
    UNION ALL SELECT 'wallet' FROM wallets WHERE id = ${id}
    UNION ALL SELECT 'hold' FROM holds WHERE id = ${id} LIMIT 1`)
  return rows[0]?.is ?? null
}
