import { eq } from 'drizzle-orm'
import { orders, transfers, wallets } from '#db/schema/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { captureHold, findWallet, HOUSE, placeHold, releaseHold } from '#lib/ledger/index.ts'
import { createUser } from '#lib/users/index.ts'
import type { TestDatabase } from '#tests/support/database.ts'

export type OrderRow = typeof orders.$inferSelect

export type Buyer = UserCtx & { userId: string; walletId: string }

/** Somebody with an empty wallet. */
export async function createBuyer({ db }: TestDatabase): Promise<Buyer> {
  const system = systemCtx('test', db)
  const userId = await createUser(system, { email: `${newId()}@example.com`, name: 'Buyer', passwordHash: null })
  const wallet = await findWallet(system, { ownerType: 'user', ownerId: userId })
  return { db, actor: { type: 'user', userId, role: 'user', sessionId: newId() }, userId, walletId: wallet!.id }
}

/** An open order of ten dollars for ten credits and one more as a bonus, unless told otherwise. */
export async function createOrder({ db, userId, walletId }: Buyer, fields: Partial<OrderRow> = {}): Promise<OrderRow> {
  const id = newId()
  const [order] = await db
    .insert(orders)
    .values({
      id,
      reference: `${id.slice(-10, -5)}-${id.slice(-5)}`.toUpperCase(),
      userId,
      walletId,
      requestId: newId(),
      requestHash: Buffer.alloc(32),
      provider: 'stripe',
      method: 'card',
      packageId: 'test',
      priceMinor: 1_000n,
      currency: 'USD',
      creditsMicros: 10_000_000n,
      bonusMicros: 1_000_000n,
      state: 'open',
      ...fields,
    })
    .returning()
  return order!
}

/** What the ledger says of an order, from its transfers alone: what each account gave for it, less what it got back. */
export async function readBooks({ db }: Ctx, { id, walletId }: { id: string; walletId: string }) {
  const rows = await db
    .select()
    .from(transfers)
    .where(eq(transfers.externalRef, `order:${id}`))
  const netOf = (account: string) =>
    rows.reduce((sum, { creditAccountId, debitAccountId, amountMicros }) => {
      if (creditAccountId === account) return sum + amountMicros
      return debitAccountId === account ? sum - amountMicros : sum
    }, 0n)
  return {
    issued: -netOf(HOUSE.clearing),
    bonus: -netOf(HOUSE.promotions),
    lost: -netOf(HOUSE.badDebt),
    wallet: netOf(walletId),
    transfers: rows.length,
  }
}

/** Lets a running call hold credits. @returns what ends it, with what it cost */
export async function holdCredits(
  ctx: Ctx,
  { userId, walletId }: Buyer,
  micros: bigint,
): Promise<(costMicros: bigint) => Promise<void>> {
  const holdId = newId()
  const hold = { holdId, walletId, spenderId: userId, workerId: newId(), maxOpen: 100 }
  const { outcome } = await placeHold(ctx, { ...hold, fullMicros: micros, minimumMicros: micros })
  if (outcome !== 'held') throw new Error(`the wallet does not hold that: ${outcome}`)
  return async (costMicros) => {
    if (costMicros === 0n) await releaseHold(ctx, { holdId })
    else await captureHold(ctx, { holdId, costMicros })
  }
}

export async function readWallet({ db }: Ctx, walletId: string) {
  const [wallet] = await db.select().from(wallets).where(eq(wallets.id, walletId))
  return wallet!
}
