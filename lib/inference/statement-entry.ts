import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, subjectOf } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { LOT_USES } from '#lib/ledger/index.ts'
import { encodeMicros } from '#lib/money.ts'
import { CALL_REFERENCE } from './call-facts.ts'
import { ownWallet } from './own-wallet.ts'
import { findReceipts } from './receipts.ts'
import type { EntryKind, LotSource, Receipt, StatementEntry } from './shared.ts'

/** Lots that one entry can have been paid from, as far as they are listed. */
const LOTS_MAX = 50

export const getStatementEntryInput = z.object({ seq: z.string().regex(/^[1-9]\d{0,17}$/) })

/** Whose: the acting person's own unless an admin asks for another's. */
const entryOfInput = getStatementEntryInput.extend({ userId: z.uuid().optional() })

/**
 * Everything about one entry of a person's statement: the receipt of a call, the credits that came in and what is left
 * of them, which credits paid.
 * @param input the wallet's own number of the entry
 * @throws {AppError} `not_found` when the wallet has no such entry, or is another's and no admin asks
 */
export async function getStatementEntry(ctx: Ctx, input: z.input<typeof entryOfInput>): Promise<StatementEntry> {
  const { seq, userId } = entryOfInput.parse(input)
  const ownerId = subjectOf(ctx, userId)
  const wallet = ownWallet(ownerId)
  const result = await ctx.db.execute<EntryRow>(sql`
    SELECT t.*, l.source, l.remaining_micros, l.expires_at
    FROM (
      SELECT t.*, t.debit_account_id AS wallet_id, t.debit_balance_micros AS balance_micros, 'out' AS direction
      FROM transfers t WHERE t.debit_account_id = ${wallet} AND t.debit_seq = ${seq}::bigint
      UNION ALL
      SELECT t.*, t.credit_account_id, t.credit_balance_micros, 'in'
      FROM transfers t WHERE t.credit_account_id = ${wallet} AND t.credit_seq = ${seq}::bigint
    ) t
    LEFT JOIN lots_left l ON l.wallet_id = t.wallet_id AND l.transfer_id = t.id`)
  const [row] = result.rows
  if (!row) throw new AppError('not_found')
  const [receipts, paidFrom, forCall] = await Promise.all([
    findReceipts(ctx, { holdIds: row.hold_id === null ? [] : [row.hold_id] }),
    row.direction === 'out' ? readPaidFrom(ctx, row) : [],
    row.kind === 'goodwill' ? findForCall(ctx, ownerId, row) : null,
  ])
  return {
    seq,
    kind: row.kind,
    at: new Date(row.created_at).toISOString(),
    direction: row.direction,
    amountMicros: encodeMicros(row.amount_micros),
    balanceMicros: encodeMicros(row.balance_micros),
    reason: row.reason,
    reference: row.external_ref,
    lot: row.source && {
      source: row.source,
      remainingMicros: encodeMicros(row.remaining_micros),
      expiresAt: instantOf(row.expires_at),
    },
    paidFrom,
    forCall,
    receipt: receiptFor(ctx, ownerId, receipts.get(row.hold_id ?? '')),
  }
}

type EntryRow = {
  id: string
  wallet_id: string
  kind: EntryKind
  created_at: string
  direction: 'in' | 'out'
  amount_micros: bigint
  balance_micros: bigint
  reason: string | null
  external_ref: string | null
  hold_id: string | null
  source: LotSource | null
  remaining_micros: bigint
  expires_at: string | null
}

/** Whoever else may see a receipt learns of the call, and not in which conversation it was. */
function receiptFor(ctx: Ctx, ownerId: string, receipt: Receipt | undefined): Receipt | null {
  if (!receipt) return null
  if (ctx.actor.type === 'user' && ctx.actor.userId === ownerId) return receipt
  return { ...receipt, conversationId: null, messageId: null, conversationExists: false }
}

async function readPaidFrom(ctx: Ctx, entry: EntryRow): Promise<StatementEntry['paidFrom']> {
  const { rows } = await ctx.db.execute<{
    seq: bigint
    source: LotSource
    amount_micros: bigint
    expires_at: string | null
  }>(sql`
    SELECT t.credit_seq AS seq, l.source, x.amount_micros, l.expires_at
    FROM ${LOT_USES} x
    JOIN lots l ON l.wallet_id = x.wallet_id AND l.transfer_id = x.lot_transfer_id
    JOIN transfers t ON t.id = l.transfer_id
    WHERE x.wallet_id = ${entry.wallet_id} AND x.transfer_id = ${entry.id}
    ORDER BY t.credit_seq LIMIT ${LOTS_MAX}`)
  return rows.map((row) => ({
    seq: String(row.seq),
    source: row.source,
    amountMicros: encodeMicros(row.amount_micros),
    expiresAt: instantOf(row.expires_at),
  }))
}

/** The call that credits were given back for; its charge is an entry of the same wallet. */
async function findForCall(
  ctx: Ctx,
  userId: string,
  { wallet_id, external_ref }: EntryRow,
): Promise<StatementEntry['forCall']> {
  const id = CALL_REFERENCE.exec(external_ref ?? '')?.[1]
  if (id === undefined) return null
  const { rows } = await ctx.db.execute<{ seq: bigint; model_name: string; created_at: string }>(sql`
    SELECT t.debit_seq AS seq, coalesce(m.display_name, u.model_id) AS model_name, u.created_at
    FROM usage_records u
    JOIN transfers t ON t.idempotency_key = 'capture:' || u.hold_id AND t.debit_account_id = ${wallet_id}
    LEFT JOIN models m ON m.id = u.model_id
    WHERE u.user_id = ${userId} AND u.id = ${id}`)
  const [call] = rows
  return call
    ? { seq: String(call.seq), modelName: call.model_name, at: new Date(call.created_at).toISOString() }
    : null
}

function instantOf(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString()
}
