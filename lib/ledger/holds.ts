import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { actorName } from '#lib/audit.ts'
import { canonicalJson, sha256 } from '#lib/crypto.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { executePrepared } from '#lib/prepared.ts'
import type { CapPeriod } from './caps.ts'
import { callLedger } from './database-error.ts'

const placeHoldInput = z
  .object({
    /** Made by the caller: the same id again is the same hold. */
    holdId: z.uuid(),
    walletId: z.uuid(),
    /** Who spends: their caps on this wallet count. */
    spenderId: z.uuid(),
    fullMicros: z.bigint().positive(),
    minimumMicros: z.bigint().positive(),
    maxOpen: z.number().int().positive(),
    /** The process that runs the call; its death ends the hold. */
    workerId: z.uuid(),
    /** The terms of the call that it is for: kept with the hold for who settles it, and not read here. */
    call: z
      .object({
        modelId: z.string(),
        priceVersionId: z.uuid(),
        promptTokens: z.number().int().nonnegative(),
        outputCap: z.number().int().positive(),
        omittedTurns: z.number().int().nonnegative(),
      })
      .optional(),
  })
  .refine((hold) => hold.minimumMicros <= hold.fullMicros, 'minimum exceeds full')

export type PlaceHoldInput = z.input<typeof placeHoldInput>

export type HoldResult = {
  outcome: 'held' | 'suspended' | 'insufficient' | 'capped' | 'too_many'
  amountMicros: bigint
  /** Free, held and open after this call: what a refusal can explain. */
  availableMicros: bigint
  heldMicros: bigint
  openHolds: number
  /** The tightest cap of the spender and what it left before this call; null without caps. */
  cap: { period: CapPeriod; limitMicros: bigint; leftMicros: bigint } | null
}

/**
 * Reserves the least of `fullMicros`, what the wallet has free and what the spender's caps leave, if that is at least
 * `minimumMicros`.
 * Joins the caller's transaction, which keeps the wallet locked until its commit.
 * @throws {AppError} `conflict` when the id was used for another request
 */
export async function placeHold(ctx: Ctx, input: PlaceHoldInput): Promise<HoldResult> {
  const { call, ...hold } = placeHoldInput.parse(input)
  const hash = sha256(canonicalJson({ ...hold, ...call, workerId: undefined }))
  const { rows } = await callLedger(() =>
    executePrepared<HoldRow>(
      ctx.db,
      'place-hold',
      sql`
      SELECT * FROM ledger_hold(
        ${hold.holdId}, ${hold.walletId}, ${hold.spenderId}, ${hold.fullMicros}, ${hold.minimumMicros}, ${hold.maxOpen},
        ${hold.workerId}, ${hash}, ${call?.modelId ?? null}, ${call?.priceVersionId ?? null}, ${call?.promptTokens ?? null},
        ${call?.outputCap ?? null}, ${call?.omittedTurns ?? null})`,
    ),
  )
  return readHold(rows[0]!)
}

type HoldRow = {
  outcome: HoldResult['outcome']
  amount_micros: bigint
  available_micros: bigint
  held_micros: bigint
  open_holds: number
  cap_period: CapPeriod | null
  cap_limit_micros: bigint | null
  cap_left_micros: bigint | null
}

function readHold(row: HoldRow): HoldResult {
  return {
    outcome: row.outcome,
    amountMicros: row.amount_micros,
    availableMicros: row.available_micros,
    heldMicros: row.held_micros,
    openHolds: row.open_holds,
    cap:
      row.cap_period === null
        ? null
        : { period: row.cap_period, limitMicros: row.cap_limit_micros!, leftMicros: row.cap_left_micros! },
  }
}

const captureHoldInput = z.object({
  holdId: z.uuid(),
  /** What the call cost; zero releases the hold. */
  costMicros: z.bigint().nonnegative(),
  externalRef: z.string().max(200).optional(),
  /** The hold as the caller remembers it: saves looking for it first. What is said wrongly changes nothing. */
  remembered: z.object({ walletId: z.uuid(), amountMicros: z.bigint().positive() }).optional(),
})

export type CaptureHoldInput = z.input<typeof captureHoldInput>

/**
 * Ends a hold with what its call really cost. The wallet pays what it can; the rest is bad debt, never a negative wallet.
 * Repeated with the same cost it changes nothing.
 * @throws {AppError} `conflict` when the hold has ended with another cost
 */
export async function captureHold(
  ctx: Ctx,
  input: CaptureHoldInput,
): Promise<{ chargedMicros: bigint; badDebtMicros: bigint; replayed: boolean }> {
  const result = await callLedger(() =>
    ctx.db.execute<{ charged_micros: bigint; bad_debt_micros: bigint; replayed: boolean }>(
      sql`SELECT * FROM ${captureCall(ctx, input)}`,
    ),
  )
  const row = result.rows[0]!
  if (row.charged_micros + row.bad_debt_micros !== input.costMicros) throw new AppError('conflict')
  return { chargedMicros: row.charged_micros, badDebtMicros: row.bad_debt_micros, replayed: row.replayed }
}

/**
 * The call of `captureHold` for a FROM clause, for who writes rows of their own in the same round trip.
 * Its columns are `charged_micros`, `bad_debt_micros`, `wallet_seq` (the charge's number in the wallet's statement, null
 * where nothing was charged) and `replayed`: the hold had ended before, as these columns say, whatever this call cost.
 */
export function captureCall(ctx: Ctx, input: CaptureHoldInput): SQL {
  const capture = captureHoldInput.parse(input)
  return sql`ledger_capture(
    ${capture.holdId}, ${capture.costMicros}, ${actorName(ctx.actor)}, ${capture.externalRef ?? null},
    ${capture.remembered?.walletId ?? null}, ${capture.remembered?.amountMicros ?? null})`
}

/** Ends a hold without a charge. Repeated it changes nothing. @throws {AppError} `conflict` when it was captured */
export async function releaseHold(ctx: Ctx, { holdId }: { holdId: string }): Promise<void> {
  await captureHold(ctx, { holdId, costMicros: 0n })
}
