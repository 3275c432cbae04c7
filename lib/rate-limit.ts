import { sql } from 'drizzle-orm'
import type { Ctx } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'

/** So many tries in so many seconds, counted together by all processes for each key. */
export type RateLimit = { name: string; points: number; seconds: number }

// The column counts milliseconds. One clock for all processes, which is the database's.
const NOW_MS = sql`(extract(epoch FROM statement_timestamp()) * 1000)::bigint`

/**
 * Counts one try and lets it pass or refuses it. A window begins with its first try. Never inside a transaction: a
 * refusal that rolls back would not count. Each try clears away two windows that are over, so the table stays small.
 * @param key whom the limit holds for
 * @throws {AppError} `rate_limited` with the seconds until the next try; any failure of the store, which lets nothing pass
 */
export async function consumeLimit(ctx: Ctx, limit: RateLimit, key: string): Promise<void> {
  requirePool(ctx)
  const row = rowKey(limit, key)
  const { rows } = await ctx.db.execute<{ points: number; leftMs: bigint }>(sql`
    WITH cleared AS (
      DELETE FROM rate_limits WHERE key IN (
        SELECT key FROM rate_limits WHERE expire <= ${NOW_MS} AND key <> ${row}
        ORDER BY expire LIMIT 2 FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO rate_limits AS known (key, points, expire)
    VALUES (${row}, 1, ${NOW_MS} + ${limit.seconds * 1000}::bigint)
    ON CONFLICT (key) DO UPDATE SET
      points = CASE WHEN known.expire <= ${NOW_MS} THEN 1 ELSE known.points + 1 END,
      expire = CASE WHEN known.expire <= ${NOW_MS} THEN excluded.expire ELSE known.expire END
    RETURNING points, expire - ${NOW_MS} AS "leftMs"`)
  const { points, leftMs } = rows[0]!
  if (points > limit.points) {
    throw new AppError('rate_limited', { params: { seconds: Math.max(1, Math.ceil(Number(leftMs) / 1000)) } })
  }
}

/** Gives back the try that `consumeLimit` counted, because it was an honest one. */
export async function refundLimit(ctx: Ctx, limit: RateLimit, key: string): Promise<void> {
  requirePool(ctx)
  await ctx.db.execute(sql`UPDATE rate_limits SET points = points - 1 WHERE key = ${rowKey(limit, key)} AND points > 0`)
}

/** Forgets all tries of a key. */
export async function resetLimit(ctx: Ctx, limit: RateLimit, key: string): Promise<void> {
  requirePool(ctx)
  await ctx.db.execute(sql`DELETE FROM rate_limits WHERE key = ${rowKey(limit, key)}`)
}

function requirePool(ctx: Ctx): void {
  invariant('$client' in ctx.db, 'rate limits are counted outside of transactions')
}

function rowKey(limit: RateLimit, key: string): string {
  return `${limit.name}:${key}`
}
