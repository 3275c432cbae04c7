import type pg from 'pg'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Database } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import { singleton } from '#lib/singleton.ts'

/** So many tries in so many seconds, counted together by all processes for each key. */
export type RateLimit = { name: string; points: number; seconds: number }

/**
 * Counts one try and lets it pass or refuses it. Never inside a transaction: a refusal that rolls back would not count.
 * @param key whom the limit holds for
 * @throws {AppError} `rate_limited` with the seconds until the next try; any failure of the store, which lets nothing pass
 */
export async function consumeLimit(ctx: Ctx, limit: RateLimit, key: string): Promise<void> {
  try {
    await limiterOf(ctx, limit).consume(key)
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error
    throw new AppError('rate_limited', { params: { seconds: Math.ceil(error.msBeforeNext / 1000) } })
  }
}

/** Gives back the try that `consumeLimit` counted, because it was an honest one. */
export async function refundLimit(ctx: Ctx, limit: RateLimit, key: string): Promise<void> {
  await limiterOf(ctx, limit).reward(key)
}

/** Forgets all tries of a key. */
export async function resetLimit(ctx: Ctx, limit: RateLimit, key: string): Promise<void> {
  await limiterOf(ctx, limit).delete(key)
}

function limiterOf(ctx: Ctx, { name, points, seconds }: RateLimit): RateLimiterPostgres {
  invariant('$client' in ctx.db, 'rate limits are counted outside of transactions')
  const { $client: pool } = ctx.db as Database
  const pools = singleton('rate-limiters', () => new WeakMap<pg.Pool, Map<string, RateLimiterPostgres>>())
  const limiters = pools.get(pool) ?? new Map<string, RateLimiterPostgres>()
  pools.set(pool, limiters)
  const known = limiters.get(name)
  if (known) return known
  const limiter = new RateLimiterPostgres({
    storeClient: { query: (query: pg.QueryConfig) => queryAsNumbers(pool, query) },
    storeType: 'client',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix: name,
    points,
    duration: seconds,
  })
  limiters.set(name, limiter)
  return limiter
}

// Our pool reads bigint as bigint; the limiter subtracts its moments from Date.now().
async function queryAsNumbers(pool: pg.Pool, query: pg.QueryConfig): Promise<pg.QueryResult> {
  const result = await pool.query(query)
  for (const row of result.rows) if (typeof row.expire === 'bigint') row.expire = Number(row.expire)
  return result
}
