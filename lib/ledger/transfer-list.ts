import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import {
  boundsOf,
  isInSlice,
  lookBack,
  lookBackThrough,
  microsOf,
  type Place,
  type ReadSlice,
  timeWindowInput,
} from '#lib/look-back.ts'
import { HOUSE } from './accounts.ts'
import { LOT_USES } from './lot-uses.ts'
import { HOUSE_CODES, type HouseCode, TRANSFER_KINDS, type TransferKind } from './shared.ts'

const BATCH = 1_000
const LOTS_MAX = 200

const ACCOUNT_OF: Record<HouseCode, string> = {
  clearing: HOUSE.clearing,
  revenue: HOUSE.revenue,
  promotions: HOUSE.promotions,
  goodwill: HOUSE.goodwill,
  bad_debt: HOUSE.badDebt,
  adjustments: HOUSE.adjustments,
  expired: HOUSE.expired,
}

const transferFilterInput = z.object({
  /** Transfers of one wallet; without it those of everybody, within a window. */
  walletId: z.uuid().optional(),
  kind: z.enum(TRANSFER_KINDS).optional(),
  /** An account of the house that gave or got. */
  account: z.enum(HOUSE_CODES).optional(),
  /** What outside the ledger it belongs to, whole. */
  reference: z.string().min(1).max(200).optional(),
  window: timeWindowInput.optional(),
})

export type TransferFilter = z.input<typeof transferFilterInput>

const listTransfersInput = transferFilterInput.extend({
  limit: z.number().int().min(1).max(200).default(50),
  /** Where the page before ended. */
  after: z.string().max(60).optional(),
})

/** One side of a transfer: an account of the house, or a wallet with its own number for it and the balance after it. */
export type TransferSide = {
  accountId: string
  /** Null for wallets. */
  code: HouseCode | null
  ownerType: 'user' | 'team' | null
  ownerId: string | null
  /** Of the owner; null for the house, for teams and once the person is gone. */
  email: string | null
  seq: bigint | null
  balanceMicros: bigint | null
}

/** A transfer with both its sides. Amounts are micro-credits. */
export type TransferLine = {
  id: string
  kind: TransferKind
  at: Date
  amountMicros: bigint
  debit: TransferSide
  credit: TransferSide
  reference: string | null
  reason: string | null
  holdId: string | null
  actor: string
}

/** A page of transfers, the latest first. `lookedBackTo`: it was looked so far and no further; `next` goes on there. */
export type TransferPage = { items: TransferLine[]; next: string | null; lookedBackTo: Date | null }

/** Transfers of everybody in a window, the last day unless told, or of one wallet. Admins and the service only. */
export async function listTransfers(ctx: Ctx, input: z.input<typeof listTransfersInput> = {}): Promise<TransferPage> {
  requireAdmin(ctx)
  const { limit, after, ...filter } = listTransfersInput.parse(input)
  if (filter.walletId !== undefined) {
    const rows = await readOf(ctx, filter.walletId, filter, { after, limit: limit + 1 })
    const page = rows.slice(0, limit)
    return {
      items: page.map(lineOf),
      next: rows.length > limit ? String(page.at(-1)!.own_seq) : null,
      lookedBackTo: null,
    }
  }
  const { rows, ...rest } = await lookBack(ctx, { window: windowOf(filter), after, limit, read: sliceOf(ctx, filter) })
  return { items: rows.map(lineOf), ...rest }
}

/** All transfers that a filter shows, the latest first, batch by batch. Admins and the service only. */
export async function* exportTransfers(ctx: Ctx, input: TransferFilter = {}): AsyncGenerator<TransferLine[]> {
  requireAdmin(ctx)
  const filter = transferFilterInput.parse(input)
  if (filter.walletId === undefined) {
    const batches = lookBackThrough(ctx, { window: windowOf(filter), read: sliceOf(ctx, filter) })
    for await (const rows of batches) yield rows.map(lineOf)
    return
  }
  let after: string | undefined
  for (;;) {
    const rows = await readOf(ctx, filter.walletId, filter, { after, limit: BATCH })
    if (rows.length > 0) yield rows.map(lineOf)
    if (rows.length < BATCH) return
    after = String(rows.at(-1)!.own_seq)
  }
}

/** A transfer with the credits behind it. */
export type TransferFacts = TransferLine & {
  idempotencyKey: string
  /** The lot that it brought, and what is left of it. */
  lot: { source: LotSource; amountMicros: bigint; remainingMicros: bigint; expiresAt: Date | null } | null
  /** The lots that paid for it, each named by the transfer that brought it. */
  paidFrom: { transferId: string; source: LotSource; amountMicros: bigint; expiresAt: Date | null }[]
}

type LotSource = 'paid' | 'promotional' | 'code'

const getTransferInput = z.object({ transferId: z.uuid() })

/** One transfer with both its sides and the lots it brought or used. Admins and the service only. @throws {AppError} `not_found` */
export async function getTransfer(ctx: Ctx, input: z.input<typeof getTransferInput>): Promise<TransferFacts> {
  requireAdmin(ctx)
  const { transferId } = getTransferInput.parse(input)
  const { rows } = await ctx.db.execute<TransferRow>(select(sql`t.id = ${transferId}`, 1, sql`t.id`))
  const [row] = rows
  if (!row) throw new AppError('not_found', { message: `there is no transfer ${transferId}` })
  const brought = await ctx.db.execute<LotRow>(sql`
    SELECT l.transfer_id, l.source, l.amount_micros, l.remaining_micros, l.expires_at
    FROM lots_left l WHERE l.wallet_id = ${row.credit_account_id} AND l.transfer_id = ${transferId}`)
  const used = await ctx.db.execute<LotRow>(sql`
    SELECT l.transfer_id, l.source, x.amount_micros::bigint AS amount_micros, l.remaining_micros, l.expires_at
    FROM ${LOT_USES} x JOIN lots_left l ON l.wallet_id = x.wallet_id AND l.transfer_id = x.lot_transfer_id
    WHERE x.wallet_id = ${row.debit_account_id} AND x.transfer_id = ${transferId}
    ORDER BY l.transfer_id LIMIT ${LOTS_MAX}`)
  const lot = brought.rows[0]
  return {
    ...lineOf(row),
    idempotencyKey: row.idempotency_key,
    lot: lot
      ? {
          source: lot.source,
          amountMicros: lot.amount_micros,
          remainingMicros: lot.remaining_micros,
          expiresAt: dateOf(lot.expires_at),
        }
      : null,
    paidFrom: used.rows.map(({ transfer_id, source, amount_micros, expires_at }) => ({
      transferId: transfer_id,
      source,
      amountMicros: amount_micros,
      expiresAt: dateOf(expires_at),
    })),
  }
}

type LotRow = {
  transfer_id: string
  source: LotSource
  amount_micros: bigint
  remaining_micros: bigint
  expires_at: string | null
}

type TransferRow = {
  id: string
  kind: TransferKind
  created_at: string
  amount_micros: bigint
  debit_account_id: string
  debit_code: HouseCode | null
  debit_owner_type: 'user' | 'team' | null
  debit_owner_id: string | null
  debit_email: string | null
  debit_seq: bigint | null
  debit_balance_micros: bigint | null
  credit_account_id: string
  credit_code: HouseCode | null
  credit_owner_type: 'user' | 'team' | null
  credit_owner_id: string | null
  credit_email: string | null
  credit_seq: bigint | null
  credit_balance_micros: bigint | null
  idempotency_key: string
  hold_id: string | null
  external_ref: string | null
  actor: string
  reason: string | null
}

type Filter = z.output<typeof transferFilterInput>

const windowOf = ({ window }: Filter) => window ?? { hours: 24 }

function sliceOf(ctx: Ctx, filter: Filter): ReadSlice<TransferRow & Place> {
  return async ({ limit, ...slice }) => {
    const order = sql`t.created_at DESC, t.id DESC`
    const inSlice = isInSlice(sql`t.created_at`, sql`t.id`, slice)
    const { rows } = await ctx.db.execute<TransferRow & Place>(
      select(sql`${inSlice} AND ${conditionOf(filter)} ORDER BY ${order}`, limit, order),
    )
    return rows
  }
}

/** A wallet stands on either side, with numbers of its own: each side gives its latest, and the later ones win. */
async function readOf(
  ctx: Ctx,
  walletId: string,
  filter: Filter,
  { after, limit }: { after?: string; limit: number },
): Promise<(TransferRow & { own_seq: bigint })[]> {
  const before =
    after === undefined
      ? null
      : z
          .string()
          .regex(/^\d{1,18}$/)
          .parse(after)
  const { from, until } = filter.window ? boundsOf(filter.window) : { from: null, until: null }
  const side = (account: SQL, seq: SQL) => {
    const conditions = [
      // Without the number the index by the wallet's numbers, which is of wallets alone, is not used.
      sql`${account} = ${walletId} AND ${seq} IS NOT NULL AND ${conditionOf(filter)}`,
      before !== null && sql`${seq} < ${before}::bigint`,
      from && sql`t.created_at >= ${from}`,
      until && sql`t.created_at < ${until}`,
    ].filter((condition) => typeof condition === 'object' && condition !== null)
    return sql`(SELECT t.*, ${seq} AS own_seq FROM transfers t WHERE ${sql.join(conditions, sql` AND `)}
      ORDER BY ${seq} DESC LIMIT ${limit})`
  }
  const sides = sql`${side(sql`t.debit_account_id`, sql`t.debit_seq`)} UNION ALL ${side(sql`t.credit_account_id`, sql`t.credit_seq`)}`
  const { rows } = await ctx.db.execute<TransferRow & { own_seq: bigint }>(
    named(sql`SELECT * FROM (${sides}) t ORDER BY own_seq DESC LIMIT ${limit}`, sql`t.own_seq DESC`),
  )
  return rows
}

function conditionOf({ kind, account, reference }: Filter): SQL {
  const conditions = [
    sql`true`,
    kind !== undefined && sql`t.kind = ${kind}`,
    account !== undefined && sql`${ACCOUNT_OF[account]}::uuid IN (t.debit_account_id, t.credit_account_id)`,
    reference !== undefined && sql`t.external_ref = ${reference}`,
  ].filter((condition) => typeof condition === 'object')
  return sql.join(conditions, sql` AND `)
}

function select(which: SQL, limit: number, order: SQL): SQL {
  return named(sql`SELECT t.* FROM transfers t WHERE ${which} LIMIT ${limit}`, order)
}

/** Whose the sides are is looked up for the rows of the page alone. */
function named(transfers: SQL, order: SQL): SQL {
  return sql`
    SELECT t.*, t.amount_micros::bigint AS amount_micros, ${microsOf(sql`t.created_at`)} AS micros,
      d.code AS debit_code, d.owner_type AS debit_owner_type, d.owner_id AS debit_owner_id, du.email AS debit_email,
      c.code AS credit_code, c.owner_type AS credit_owner_type, c.owner_id AS credit_owner_id, cu.email AS credit_email
    FROM (${transfers}) t
    JOIN accounts d ON d.id = t.debit_account_id
    LEFT JOIN users du ON d.owner_type = 'user' AND du.id = d.owner_id
    JOIN accounts c ON c.id = t.credit_account_id
    LEFT JOIN users cu ON c.owner_type = 'user' AND cu.id = c.owner_id
    ORDER BY ${order}`
}

function lineOf(row: TransferRow): TransferLine {
  return {
    id: row.id,
    kind: row.kind,
    at: new Date(row.created_at),
    amountMicros: row.amount_micros,
    debit: {
      accountId: row.debit_account_id,
      code: row.debit_code,
      ownerType: row.debit_owner_type,
      ownerId: row.debit_owner_id,
      email: row.debit_email,
      seq: row.debit_seq,
      balanceMicros: row.debit_balance_micros,
    },
    credit: {
      accountId: row.credit_account_id,
      code: row.credit_code,
      ownerType: row.credit_owner_type,
      ownerId: row.credit_owner_id,
      email: row.credit_email,
      seq: row.credit_seq,
      balanceMicros: row.credit_balance_micros,
    },
    reference: row.external_ref,
    reason: row.reason,
    holdId: row.hold_id,
    actor: row.actor,
  }
}

function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
