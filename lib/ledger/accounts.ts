import { and, eq, gt, sql } from 'drizzle-orm'
import type { Transaction } from '#db/client.ts'
import { accounts, lotsLeft, transfers, wallets } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'

/** The house's own accounts, as the migration makes them. Their balances are sums over transfers. */
export const HOUSE = {
  clearing: '00000000-0000-7000-8000-000000000001',
  revenue: '00000000-0000-7000-8000-000000000002',
  promotions: '00000000-0000-7000-8000-000000000003',
  goodwill: '00000000-0000-7000-8000-000000000004',
  badDebt: '00000000-0000-7000-8000-000000000005',
  adjustments: '00000000-0000-7000-8000-000000000006',
  expired: '00000000-0000-7000-8000-000000000007',
} as const

export type WalletOwner = { ownerType: 'user' | 'team'; ownerId: string }

export type Wallet = {
  id: string
  postedMicros: bigint
  heldMicros: bigint
  /** What new calls may use: posted less held and less what has expired; never negative. */
  availableMicros: bigint
  openHolds: number
  /** Nothing new may be held while a payment into it is disputed. */
  suspended: boolean
}

/** Opens the wallet of an owner, once however often it is called. @returns the wallet's id */
export async function openWallet(ctx: Ctx, owner: WalletOwner): Promise<string> {
  const result = await ctx.db.execute<{ id: string }>(
    sql`SELECT ledger_open_wallet(${owner.ownerType}, ${owner.ownerId}) AS id`,
  )
  return result.rows[0]!.id
}

/** The wallet of an owner with its balance, or null when none was opened. */
export async function findWallet(ctx: Ctx, owner: WalletOwner): Promise<Wallet | null> {
  const [row] = await ctx.db
    .select({
      id: wallets.id,
      postedMicros: wallets.postedMicros,
      heldMicros: wallets.heldMicros,
      openHolds: wallets.openHolds,
      suspended: wallets.suspended,
      expiredMicros: EXPIRED,
    })
    .from(accounts)
    .innerJoin(wallets, eq(wallets.id, accounts.id))
    .where(and(eq(accounts.ownerType, owner.ownerType), eq(accounts.ownerId, owner.ownerId)))
  if (!row) return null
  const { expiredMicros, ...wallet } = row
  return { ...wallet, availableMicros: wallet.postedMicros - wallet.heldMicros - expiredMicros }
}

/** Lets new calls hold from a wallet, or no longer; what runs already may end. Again it changes nothing. */
export async function suspendWallet(
  ctx: Ctx,
  { walletId, suspended }: { walletId: string; suspended: boolean },
): Promise<void> {
  await ctx.db.execute(sql`SELECT ledger_suspend(${walletId}, ${suspended})`)
}

/** A wallet as it is while the caller's transaction lasts. */
export type LockedWallet = {
  freeMicros: bigint
  /** Of the lots that were asked for, those that still hold something, oldest first. */
  lots: { lotId: string; source: 'paid' | 'promotional' | 'code'; remainingMicros: bigint }[]
}

/**
 * Locks a wallet until the transaction's end, once what has expired is gone, so that what is read stays true.
 * @param input `broughtBy`: the reference of the transfers whose lots are asked for, if any are
 */
export async function lockWallet(
  ctx: Ctx & { db: Transaction },
  { walletId, broughtBy }: { walletId: string; broughtBy?: string },
): Promise<LockedWallet> {
  await ctx.db.execute(sql`SELECT ledger_expire(${walletId})`)
  const [wallet] = await ctx.db
    .select({ freeMicros: sql<bigint>`${wallets.postedMicros} - ${wallets.heldMicros}` })
    .from(wallets)
    .where(eq(wallets.id, walletId))
  const freeMicros = BigInt(wallet!.freeMicros)
  if (broughtBy === undefined) return { freeMicros, lots: [] }
  const rows = await ctx.db
    .select({ lotId: lotsLeft.transferId, source: lotsLeft.source, remainingMicros: lotsLeft.remainingMicros })
    .from(lotsLeft)
    .innerJoin(transfers, eq(transfers.id, lotsLeft.transferId))
    .where(and(eq(lotsLeft.walletId, walletId), gt(lotsLeft.remainingMicros, 0n), eq(transfers.externalRef, broughtBy)))
    .orderBy(lotsLeft.transferId)
  return { freeMicros, lots: rows }
}

/**
 * What nobody can spend any more although its expiry is not posted yet: of the lots up to any of those that have expired,
 * what is left of them less what the calls hold that were let in before its time; at most what is free.
 */
const EXPIRED = sql<bigint>`CASE WHEN ${wallets.nextExpiryAt} <= now() THEN (
    SELECT least(greatest(0, max(expired_micros)), ${wallets.postedMicros} - ${wallets.heldMicros}) FROM (
      SELECT sum(l.remaining_micros) OVER (ORDER BY l.expires_at) - (
        SELECT coalesce(sum(h.amount_micros), 0) FROM holds h
        WHERE h.wallet_id = l.wallet_id AND h.open_worker_id IS NOT NULL AND h.created_at < l.expires_at
      ) AS expired_micros
      FROM lots_left l WHERE l.wallet_id = ${wallets.id} AND l.expires_at <= now()
    ) expired)::bigint ELSE 0 END`
