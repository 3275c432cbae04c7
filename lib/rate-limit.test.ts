import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { rateLimits } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { consumeLimit, refundLimit, resetLimit } from '#lib/rate-limit.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: Ctx
beforeAll(async () => {
  database = await createTestDatabase()
  ctx = { db: database.db, actor: { type: 'anonymous' } }
})
afterAll(() => database.close())

afterEach(() => vi.useRealTimers())

const outcomes = (results: PromiseSettledResult<void>[]) =>
  results.filter(({ status }) => status === 'fulfilled').length

describe('consumeLimit', () => {
  it('lets exactly the allowed number through when all come at once', async () => {
    const limit = { name: 'race', points: 5, seconds: 600 }
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => consumeLimit(ctx, limit, 'someone')))
    expect(outcomes(results)).toBe(5)
    await expect(consumeLimit(ctx, limit, 'someone')).rejects.toMatchObject({
      code: 'rate_limited',
      params: { seconds: expect.toSatisfy((seconds: number) => seconds > 590 && seconds <= 600) },
    })
    await consumeLimit(ctx, limit, 'somebody else')
  })

  it('counts by limit and by key', async () => {
    await consumeLimit(ctx, { name: 'one', points: 1, seconds: 600 }, 'k')
    await consumeLimit(ctx, { name: 'two', points: 1, seconds: 600 }, 'k')
    await expect(consumeLimit(ctx, { name: 'one', points: 1, seconds: 600 }, 'k')).rejects.toMatchObject({
      code: 'rate_limited',
    })
  })

  it('passes again after a refund or a reset', async () => {
    const limit = { name: 'again', points: 1, seconds: 600 }
    await consumeLimit(ctx, limit, 'k')
    await refundLimit(ctx, limit, 'k')
    await consumeLimit(ctx, limit, 'k')
    await resetLimit(ctx, limit, 'k')
    await consumeLimit(ctx, limit, 'k')
    await expect(consumeLimit(ctx, limit, 'k')).rejects.toMatchObject({ code: 'rate_limited' })
  })

  it.each([-20, 20])('keeps to the database’s clock when its own is %s minutes off', async (minutes) => {
    const limit = { name: `skew${minutes}`, points: 1, seconds: 600 }
    await consumeLimit(ctx, limit, 'k')
    vi.useFakeTimers({ now: Date.now() + minutes * 60_000, toFake: ['Date'] })
    await expect(consumeLimit(ctx, limit, 'k')).rejects.toMatchObject({
      code: 'rate_limited',
      params: { seconds: expect.toSatisfy((seconds: number) => seconds > 590 && seconds <= 600) },
    })
  })

  it('begins anew when the window is over, and clears away those of others', async () => {
    const limit = { name: 'over', points: 1, seconds: 600 }
    for (const key of ['a', 'b', 'c']) await consumeLimit(ctx, limit, key)
    await database.db.update(rateLimits).set({ expire: 1n }).where(sql`${rateLimits.key} LIKE 'over:%'`)
    await consumeLimit(ctx, limit, 'a')
    await expect(consumeLimit(ctx, limit, 'a')).rejects.toMatchObject({ code: 'rate_limited' })
    const left = await database.db.select({ key: rateLimits.key }).from(rateLimits)
    expect(left.filter(({ key }) => key.startsWith('over:'))).toEqual([{ key: 'over:a' }])
    await refundLimit(ctx, limit, 'b')
    await consumeLimit(ctx, limit, 'b')
    await expect(consumeLimit(ctx, limit, 'b')).rejects.toMatchObject({ code: 'rate_limited' })
  })

  it('lets nothing pass when the counts cannot be read', async () => {
    const other = await createTestDatabase()
    await other.close()
    const limit = { name: 'down', points: 5, seconds: 600 }
    await expect(consumeLimit({ ...ctx, db: other.db }, limit, 'k')).rejects.toThrow()
  })
})
