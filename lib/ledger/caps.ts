import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Ctx } from '#lib/ctx.ts'
import { callLedger } from './database-error.ts'

export const CAP_PERIODS = ['day', 'month'] as const
export type CapPeriod = (typeof CAP_PERIODS)[number]

const setSpendCapInput = z.object({
  walletId: z.uuid(),
  spenderId: z.uuid(),
  period: z.enum(CAP_PERIODS),
  /** Null lifts the cap. */
  limitMicros: z.bigint().positive().nullable(),
  /** IANA name of the zone in whose midnights the periods begin. */
  timeZone: z.string().refine(isTimeZone, 'not a time zone'),
})

export type SetSpendCapInput = z.input<typeof setSpendCapInput>

/**
 * Sets what somebody may spend from a wallet in a day or a month, or lifts it. What they have spent in the current one
 * counts from the start, and so does what their running calls hold.
 * @throws {AppError} `invalid_input` when the database does not know the time zone
 */
export async function setSpendCap(ctx: Ctx, input: SetSpendCapInput): Promise<void> {
  const { walletId, spenderId, period, limitMicros, timeZone } = setSpendCapInput.parse(input)
  await callLedger(() =>
    ctx.db.execute(sql`SELECT ledger_set_cap(${walletId}, ${spenderId}, ${period}, ${limitMicros}, ${timeZone})`),
  )
}

export type SpendCap = {
  period: CapPeriod
  limitMicros: bigint
  /** Spent in the current day or month, reserved by running calls, and what new calls may use; never negative. */
  spentMicros: bigint
  heldMicros: bigint
  leftMicros: bigint
  /** When the current day or month ends. */
  windowEnd: Date
  timeZone: string
}

/** The caps of a spender on a wallet, the day's before the month's. */
export async function listSpendCaps(
  ctx: Ctx,
  { walletId, spenderId }: { walletId: string; spenderId: string },
): Promise<SpendCap[]> {
  const { rows } = await ctx.db.execute<{
    period: CapPeriod
    limit_micros: bigint
    spent_micros: bigint
    held_micros: bigint
    window_end: string
    time_zone: string
  }>(sql`
    SELECT period, limit_micros, held_micros, time_zone,
      CASE WHEN window_end > now() THEN spent_micros ELSE 0 END AS spent_micros,
      ((date_trunc(period, now() AT TIME ZONE time_zone) + ('1 ' || period)::interval) AT TIME ZONE time_zone)::text
        AS window_end
    FROM spend_caps WHERE wallet_id = ${walletId} AND spender_id = ${spenderId}
    ORDER BY period LIMIT 2`)
  return rows.map((row) => {
    const left = row.limit_micros - row.spent_micros - row.held_micros
    return {
      period: row.period,
      limitMicros: row.limit_micros,
      spentMicros: row.spent_micros,
      heldMicros: row.held_micros,
      leftMicros: left > 0n ? left : 0n,
      windowEnd: new Date(row.window_end),
      timeZone: row.time_zone,
    }
  })
}

function isTimeZone(name: string): boolean {
  try {
    // PostgreSQL also takes offsets and abbreviations, and reads some of them the other way round.
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '' && !/^[+-]/.test(name)
  } catch {
    return false
  }
}
