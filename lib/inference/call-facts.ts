import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { usageRecords } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { HOUSE } from '#lib/ledger/index.ts'
import { findReceipts, recomputeCost, type UsageRecord } from './receipts.ts'
import type { Receipt, Usage } from './shared.ts'

/** Calls whose end was written long after their beginning: a process that was away for days. */
const LONGEST_DAYS = 31
const GIVEN_BACK_MAX = 100

/** One call with all that stands behind it. Amounts are micro-credits. */
export type CallFacts = {
  /** As the person who paid sees it, without where it was said. */
  receipt: Receipt
  userId: string
  walletId: string
  /** Null once the person is gone. */
  person: { email: string; name: string } | null
  channel: { id: string; name: string | null } | null
  vendorRequestId: string | null
  priceVersionId: string
  /** What the vendor told of the usage and nobody could believe. */
  quarantinedUsage: unknown
  /** What the tokens come to at the prices, computed again now. */
  recomputedMicros: bigint
  costMicros: bigint
  chargedMicros: bigint
  /** By the vendor's prices, without what was told late. */
  vendorCostMicros: bigint
  /** What a vendor told after the call was settled: it adds to what it cost us, and is charged to nobody. */
  lateUsage: { usage: Usage; vendorCostMicros: bigint; vendorRequestId: string | null; at: Date } | null
  hold: {
    id: string
    state: 'open' | 'captured' | 'released'
    amountMicros: bigint
    createdAt: Date
    closedAt: Date | null
  }
  /** What moved for it, with what was given back since, the oldest first. */
  transfers: CallTransfer[]
  givenBackMicros: bigint
}

export type CallTransfer = {
  id: string
  kind: 'usage' | 'bad_debt' | 'goodwill'
  amountMicros: bigint
  /** The number in the wallet's statement; null where no wallet is touched. */
  seq: bigint | null
  reason: string | null
  actor: string
  at: Date
}

const getCallInput = z.object({ callId: z.uuid() })

/**
 * One call by the id of its receipt, which its owner sees, or of its hold. Admins and the service only.
 * @throws {AppError} `not_found`
 */
export async function getCall(ctx: Ctx, input: z.input<typeof getCallInput>): Promise<CallFacts> {
  requireAdmin(ctx)
  const { callId } = getCallInput.parse(input)
  const record = await findRecord(ctx, callId)
  const [receipts, behind, transfers] = await Promise.all([
    findReceipts(ctx, { holdIds: [record.holdId] }),
    readBehind(ctx, record),
    listCallTransfers(ctx, record),
  ])
  const { email, name } = behind
  return {
    receipt: { ...receipts.get(record.holdId)!, conversationId: null, messageId: null, conversationExists: false },
    userId: record.userId,
    walletId: record.walletId,
    person: email === null || name === null ? null : { email, name },
    channel: record.channelId === null ? null : { id: record.channelId, name: behind.channel_name },
    vendorRequestId: record.vendorRequestId,
    priceVersionId: record.priceVersionId,
    quarantinedUsage: record.quarantinedUsage,
    recomputedMicros: recomputeCost(record),
    costMicros: record.costMicros,
    chargedMicros: record.chargedMicros,
    vendorCostMicros: record.vendorCostMicros,
    lateUsage: behind.late_at === null ? null : lateOf(behind, behind.late_at),
    hold: {
      id: record.holdId,
      state: behind.hold_state,
      amountMicros: behind.hold_micros,
      createdAt: new Date(behind.hold_at),
      closedAt: behind.closed_at === null ? null : new Date(behind.closed_at),
    },
    transfers,
    givenBackMicros: givenBackOf(transfers),
  }
}

/** The usage record of a call. @throws {AppError} `not_found` */
export async function findRecord(ctx: Ctx, callId: string): Promise<UsageRecord> {
  const byHold = await ctx.db.select().from(usageRecords).where(sql`${usageRecords.holdId} = ${callId}`)
  if (byHold[0]) return byHold[0]
  // A receipt's id says when the call began, and the receipt was written then or a little later.
  for (const longest of [sql`interval '6 hours'`, sql`make_interval(days => ${LONGEST_DAYS})`]) {
    const begun = sql`('epoch'::timestamptz + ${msOf(callId)}::bigint * interval '1 millisecond')`
    const [record] = await ctx.db
      .select()
      .from(usageRecords)
      .where(
        sql`${usageRecords.id} = ${callId} AND ${usageRecords.createdAt} >= ${begun} - interval '1 hour'
          AND ${usageRecords.createdAt} < ${begun} + ${longest}`,
      )
    if (record) return record
  }
  throw new AppError('not_found', { message: `there is no call ${callId}` })
}

/** What the ledger moved for a call: what its hold captured, what the house bore, and what was given back since. */
export async function listCallTransfers(
  ctx: Ctx,
  { id, holdId, walletId }: Pick<UsageRecord, 'id' | 'holdId' | 'walletId'>,
): Promise<CallTransfer[]> {
  const { rows } = await ctx.db.execute<{
    id: string
    kind: CallTransfer['kind']
    amount_micros: bigint
    seq: bigint | null
    reason: string | null
    actor: string
    created_at: string
  }>(sql`
    SELECT t.id, t.kind, t.amount_micros, coalesce(t.debit_seq, t.credit_seq) AS seq, t.reason, t.actor, t.created_at
    FROM (
      SELECT * FROM transfers WHERE idempotency_key IN (${`capture:${holdId}`}, ${`bad-debt:${holdId}`})
      UNION ALL
      (SELECT * FROM transfers
       WHERE credit_account_id = ${walletId} AND credit_seq IS NOT NULL AND debit_account_id = ${HOUSE.goodwill}
         AND kind = 'goodwill' AND external_ref = ${callReference(id)}
       ORDER BY credit_seq LIMIT ${GIVEN_BACK_MAX})
    ) t
    ORDER BY t.id`)
  return rows.map(({ amount_micros, created_at, ...row }) => ({
    ...row,
    amountMicros: amount_micros,
    at: new Date(created_at),
  }))
}

export function givenBackOf(transfers: readonly CallTransfer[]): bigint {
  return transfers.reduce((sum, { kind, amountMicros }) => (kind === 'goodwill' ? sum + amountMicros : sum), 0n)
}

/** Reads the call's id out of such a reference. */
export const CALL_REFERENCE = /^call:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** What credits that are given back for a call are known by, in the ledger and on the statement. */
export function callReference(usageRecordId: string): string {
  return `call:${usageRecordId}`
}

/** The milliseconds in an id of version 7; zero, when nothing of ours was, for other ids. */
function msOf(id: string): string {
  const hex = id.replaceAll('-', '')
  return hex[12] === '7' ? BigInt(`0x${hex.slice(0, 12)}`).toString() : '0'
}

type BehindRow = {
  email: string | null
  name: string | null
  channel_name: string | null
  hold_state: CallFacts['hold']['state']
  hold_micros: bigint
  hold_at: string
  closed_at: string | null
  late_at: string | null
  late_input: number
  late_cache_read: number
  late_cache_write: number
  late_output: number
  late_reasoning: number
  late_cost_micros: bigint
  late_request_id: string | null
}

async function readBehind(ctx: Ctx, { userId, holdId, channelId }: UsageRecord): Promise<BehindRow> {
  const { rows } = await ctx.db.execute<BehindRow>(sql`
    SELECT p.email, p.name, c.name AS channel_name, h.state AS hold_state, h.amount_micros::bigint AS hold_micros,
      h.created_at AS hold_at, h.closed_at, l.created_at AS late_at, l.input_tokens AS late_input,
      l.cache_read_tokens AS late_cache_read, l.cache_write_tokens AS late_cache_write, l.output_tokens AS late_output,
      l.reasoning_tokens AS late_reasoning, l.vendor_cost_micros AS late_cost_micros,
      l.vendor_request_id AS late_request_id
    FROM holds h
    LEFT JOIN users p ON p.id = ${userId}
    LEFT JOIN channels c ON c.id = ${channelId}::uuid
    LEFT JOIN late_usage l ON l.hold_id = h.id
    WHERE h.id = ${holdId}`)
  return rows[0]!
}

function lateOf(row: BehindRow, at: string): NonNullable<CallFacts['lateUsage']> {
  return {
    usage: {
      inputTokens: row.late_input,
      cacheReadTokens: row.late_cache_read,
      cacheWriteTokens: row.late_cache_write,
      outputTokens: row.late_output,
      reasoningTokens: row.late_reasoning,
    },
    vendorCostMicros: row.late_cost_micros,
    vendorRequestId: row.late_request_id,
    at: new Date(at),
  }
}
