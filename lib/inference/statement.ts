import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, subjectOf } from '#lib/ctx.ts'
import { timeZoneInput } from '#lib/time-zone.ts'
import { dateInput, endOf, entryAround, ownWallet, recordedWithin, startOf } from './own-wallet.ts'
import { type EntryKind, STATEMENT_KINDS, type Usage } from './shared.ts'

const PAGE_MAX = 100
const BATCH = 1_000

const statementFilterInput = z.object({
  /** Whose: the acting person's own unless an admin asks for another's. */
  userId: z.uuid().optional(),
  kind: z.enum(STATEMENT_KINDS).default('all'),
  /** Only calls of this model. */
  modelId: z.string().min(1).max(200).optional(),
  /** First and last day, both included, in the time zone. */
  from: dateInput.optional(),
  to: dateInput.optional(),
  timeZone: timeZoneInput.default('UTC'),
})

export type StatementFilter = z.input<typeof statementFilterInput>

const listStatementInput = statementFilterInput.extend({
  /** Only entries with a lower number: where the page before ended. */
  before: z.bigint().positive().optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(50),
})

/** One entry of a wallet's statement. Amounts are micro-credits. */
export type StatementLine = {
  /** The wallet's own number of the entry; it counts up without gaps. */
  seq: bigint
  kind: EntryKind
  at: Date
  /** The day it belongs to in the time zone asked for, `YYYY-MM-DD`. */
  day: string
  direction: 'in' | 'out'
  amountMicros: bigint
  /** What the wallet held after it. */
  balanceMicros: bigint
  reason: string | null
  reference: string | null
  /** For a call: its receipt, its model and its tokens. */
  call: { receiptId: string; modelId: string; modelName: string; usage: Usage } | null
}

/** What a day came to: what was spent on calls (of the model asked for), and what the wallet held when it was over. */
export type StatementDay = { day: string; spentMicros: bigint; closingMicros: bigint }

export type StatementPage = { lines: StatementLine[]; days: StatementDay[]; nextBefore: bigint | null }

/**
 * A page of a person's statement, the latest entry first, and what its days came to.
 * @throws {AppError} `not_found` when it is another's and no admin asks
 */
export async function listStatement(ctx: Ctx, input: z.input<typeof listStatementInput> = {}): Promise<StatementPage> {
  const filter = listStatementInput.parse(input)
  const userId = subjectOf(ctx, filter.userId)
  const read = await readLines(ctx, userId, { ...filter, limit: filter.limit + 1 })
  const lines = read.slice(0, filter.limit)
  return {
    lines,
    days: await readDays(ctx, userId, filter, lines),
    nextBefore: read.length > filter.limit ? lines.at(-1)!.seq : null,
  }
}

/**
 * All of a person's statement that a filter shows, the latest entry first, batch by batch. Nothing is kept open
 * between two batches, and what is added meanwhile is not in it.
 * @throws {AppError} `not_found` when it is another's and no admin asks
 */
export async function* exportStatement(ctx: Ctx, input: StatementFilter): AsyncGenerator<StatementLine[]> {
  const filter = statementFilterInput.parse(input)
  const userId = subjectOf(ctx, filter.userId)
  let before: bigint | undefined
  for (;;) {
    const lines = await readLines(ctx, userId, { ...filter, before, limit: BATCH })
    if (lines.length > 0) yield lines
    if (lines.length < BATCH) return
    before = lines.at(-1)!.seq
  }
}

/** A wallet stands on either side of a transfer, with a number and a balance of its own. */
const SIDES = {
  debit: {
    alias: sql`outgoing`,
    direction: sql`'out'`,
    account: sql`t.debit_account_id`,
    seq: sql`t.debit_seq`,
    balance: sql`t.debit_balance_micros`,
  },
  credit: {
    alias: sql`incoming`,
    direction: sql`'in'`,
    account: sql`t.credit_account_id`,
    seq: sql`t.credit_seq`,
    balance: sql`t.credit_balance_micros`,
  },
} as const

type Filter = z.output<typeof statementFilterInput>

type LineRow = {
  seq: bigint
  kind: EntryKind
  created_at: string
  day: string
  direction: 'in' | 'out'
  amount_micros: bigint
  balance_micros: bigint
  reason: string | null
  external_ref: string | null
  receipt_id: string | null
  model_id: string
  model_name: string
  input_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  output_tokens: number
  reasoning_tokens: number
}

async function readLines(
  ctx: Ctx,
  userId: string,
  filter: Filter & { before?: bigint; limit: number },
): Promise<StatementLine[]> {
  // Each side has an index by the wallet's own numbers, so each gives its latest entries, and the later ones win.
  const sides = sidesOf(filter).map(
    (side) => sql`SELECT * FROM (${sideQuery(SIDES[side], userId, filter)}) ${SIDES[side].alias}`,
  )
  if (sides.length === 0) return []
  const result = await ctx.db.execute<LineRow>(sql`
    SELECT l.*, (l.created_at AT TIME ZONE ${filter.timeZone})::date::text AS day,
      u.id AS receipt_id, u.model_id, coalesce(m.display_name, u.model_id) AS model_name,
      u.input_tokens, u.cache_read_tokens, u.cache_write_tokens, u.output_tokens, u.reasoning_tokens
    FROM (${sql.join(sides, sql` UNION ALL `)} ORDER BY seq DESC LIMIT ${filter.limit}) l
    LEFT JOIN usage_records u ON u.hold_id = l.hold_id
    LEFT JOIN models m ON m.id = u.model_id
    ORDER BY l.seq DESC`)
  return result.rows.map(lineOf)
}

function sidesOf({ kind, modelId }: Filter): (keyof typeof SIDES)[] {
  if (kind === 'in') return modelId === undefined ? ['credit'] : []
  return kind === 'all' && modelId === undefined ? ['debit', 'credit'] : ['debit']
}

function sideQuery(
  side: (typeof SIDES)[keyof typeof SIDES],
  userId: string,
  filter: Filter & { before?: bigint; limit: number },
): SQL {
  const { seq } = side
  const wallet = ownWallet(userId)
  const from = filter.from && startOf(filter.from, filter.timeZone)
  const until = filter.to && endOf(filter.to, filter.timeZone)
  const conditions = [
    // Without it the index by the wallet's numbers, which is of wallets alone, is not used.
    sql`${side.account} = ${wallet} AND ${seq} IS NOT NULL`,
    filter.before !== undefined && sql`${seq} < ${filter.before}`,
    from && sql`t.created_at >= ${from} AND ${seq} >= ${entryAround(wallet, from, 'before')}`,
    until && sql`t.created_at < ${until} AND ${seq} < ${entryAround(wallet, until, 'after')}`,
    filter.kind === 'spending' && sql`t.kind = 'usage'`,
    filter.kind === 'other' && sql`t.kind <> 'usage'`,
    filter.modelId !== undefined &&
      sql`t.hold_id IN (SELECT o.hold_id FROM usage_records o WHERE o.wallet_id = ${wallet} AND o.model_id = ${filter.modelId})`,
  ].filter((condition) => typeof condition === 'object')
  return sql`
    SELECT ${seq} AS seq, t.kind, t.created_at, ${side.direction} AS direction, t.amount_micros,
      ${side.balance} AS balance_micros, t.reason, t.external_ref, t.hold_id
    FROM transfers t
    WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY ${seq} DESC LIMIT ${filter.limit}`
}

function lineOf(row: LineRow): StatementLine {
  return {
    seq: row.seq,
    kind: row.kind,
    at: new Date(row.created_at),
    day: row.day,
    direction: row.direction,
    amountMicros: row.amount_micros,
    balanceMicros: row.balance_micros,
    reason: row.reason,
    reference: row.external_ref,
    call: row.receipt_id === null ? null : callOf(row, row.receipt_id),
  }
}

function callOf(row: LineRow, receiptId: string): NonNullable<StatementLine['call']> {
  return {
    receiptId,
    modelId: row.model_id,
    modelName: row.model_name,
    usage: {
      inputTokens: row.input_tokens,
      cacheReadTokens: row.cache_read_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      outputTokens: row.output_tokens,
      reasoningTokens: row.reasoning_tokens,
    },
  }
}

/** The closing balance is that of the entry before the first one of a later day, found by going up from a shown one. */
async function readDays(
  ctx: Ctx,
  userId: string,
  { timeZone, modelId }: Filter,
  lines: readonly StatementLine[],
): Promise<StatementDay[]> {
  if (lines.length === 0) return []
  const newest = new Map<string, bigint>()
  for (const { day, seq } of lines) if (!newest.has(day)) newest.set(day, seq)
  const days = sql.join(
    [...newest].map(([day, seq]) => sql`(${day}::date, ${seq}::bigint)`),
    sql`, `,
  )
  const isModel = modelId === undefined ? sql`` : sql`AND u.model_id = ${modelId}`
  const result = await ctx.db.execute<{ day: string; spent_micros: bigint; closing_micros: bigint }>(sql`
    WITH w AS MATERIALIZED (SELECT id, seq FROM wallets WHERE id = ${ownWallet(userId)}),
    d AS (
      SELECT day, shown, day::timestamp AT TIME ZONE ${timeZone} AS begins, (day + 1)::timestamp AT TIME ZONE ${timeZone} AS ends
      FROM (VALUES ${days}) AS v (day, shown)
    )
    SELECT d.day::text AS day, spent.micros AS spent_micros,
      coalesce(
        (SELECT t.debit_balance_micros FROM transfers t WHERE t.debit_account_id = w.id AND t.debit_seq = last.seq),
        (SELECT t.credit_balance_micros FROM transfers t WHERE t.credit_account_id = w.id AND t.credit_seq = last.seq)
      ) AS closing_micros
    FROM w CROSS JOIN d
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(u.charged_micros), 0)::bigint AS micros FROM usage_records u
      WHERE u.wallet_id = w.id AND ${recordedWithin(sql`d.begins`, sql`d.ends`)} ${isModel}
    ) spent
    CROSS JOIN LATERAL (
      SELECT coalesce(least(
        (SELECT t.debit_seq FROM transfers t
         WHERE t.debit_account_id = w.id AND t.debit_seq > d.shown AND t.created_at >= d.ends
         ORDER BY t.debit_seq LIMIT 1),
        (SELECT t.credit_seq FROM transfers t
         WHERE t.credit_account_id = w.id AND t.credit_seq > d.shown AND t.created_at >= d.ends
         ORDER BY t.credit_seq LIMIT 1)
      ) - 1, w.seq) AS seq
    ) last
    ORDER BY d.day DESC`)
  return result.rows.map((row) => ({
    day: row.day,
    spentMicros: row.spent_micros,
    closingMicros: row.closing_micros,
  }))
}
