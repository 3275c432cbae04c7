import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { ownWallet } from './own-wallet.ts'
import { typicalCharge } from './typical-charge.ts'

/** With fewer messages left a balance is low. */
const LOW_BELOW_MESSAGES = 10
const LOTS_MAX = 5
const AMOUNTS_MAX = 100

export type Balance = {
  availableMicros: bigint
  /** Put aside for running answers. */
  heldMicros: bigint
  /** How many more messages like the latest ones what is available lasts for; null before the first one. */
  messagesLeft: number | null
  /** `empty`: nothing is available; `low`: enough for a few messages. */
  state: 'fine' | 'low' | 'empty'
  /** Nothing new can begin while a payment into the wallet is disputed. */
  isSuspended: boolean
  /** What is left of credits that do not last for ever, the first to expire first. */
  expiring: { micros: bigint; at: Date }[]
}

/** What is in the person's own wallet, and how long it lasts. */
export async function getBalance(ctx: Ctx): Promise<Balance> {
  const { userId } = requireUser(ctx)
  const [wallet, typicalMicros, expiring] = await Promise.all([
    findWallet(ctx, { ownerType: 'user', ownerId: userId }),
    findTypicalCharge(ctx, userId),
    listExpiring(ctx, userId),
  ])
  const availableMicros = wallet?.availableMicros ?? 0n
  const messagesLeft = typicalMicros === null ? null : Number(availableMicros / typicalMicros)
  return {
    availableMicros,
    heldMicros: wallet?.heldMicros ?? 0n,
    messagesLeft,
    state: stateOf(availableMicros, messagesLeft),
    isSuspended: wallet?.suspended ?? false,
    expiring,
  }
}

const estimateMessagesInput = z.object({ amountsMicros: z.array(z.bigint().nonnegative()).max(AMOUNTS_MAX) })

/**
 * About how many messages like the person's latest ones amounts of credits would last for.
 * @param input amounts in micro-credits
 * @returns a count for each amount, in their order; null while nothing is known of the person's messages
 */
export async function estimateMessages(
  ctx: Ctx,
  input: z.input<typeof estimateMessagesInput>,
): Promise<number[] | null> {
  const { userId } = requireUser(ctx)
  const { amountsMicros } = estimateMessagesInput.parse(input)
  const typicalMicros = await findTypicalCharge(ctx, userId)
  return typicalMicros === null ? null : amountsMicros.map((micros) => Number(micros / typicalMicros))
}

function stateOf(availableMicros: bigint, messagesLeft: number | null): Balance['state'] {
  if (availableMicros === 0n) return 'empty'
  return messagesLeft !== null && messagesLeft < LOW_BELOW_MESSAGES ? 'low' : 'fine'
}

async function findTypicalCharge(ctx: Ctx, userId: string): Promise<bigint | null> {
  const { rows } = await ctx.db.execute<{ micros: bigint | null }>(
    sql`SELECT ${typicalCharge(ownWallet(userId))} AS micros`,
  )
  return rows[0]?.micros ?? null
}

async function listExpiring(ctx: Ctx, userId: string): Promise<Balance['expiring']> {
  const { rows } = await ctx.db.execute<{ micros: bigint; expires_at: string }>(sql`
    SELECT sum(l.remaining_micros)::bigint AS micros, l.expires_at FROM lots_left l
    WHERE l.wallet_id = ${ownWallet(userId)} AND l.remaining_micros > 0 AND l.expires_at > now()
    GROUP BY l.expires_at ORDER BY l.expires_at LIMIT ${LOTS_MAX}`)
  return rows.map((row) => ({ micros: row.micros, at: new Date(row.expires_at) }))
}
