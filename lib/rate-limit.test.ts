import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

  it('lets nothing pass when the counts cannot be read', async () => {
    const other = await createTestDatabase()
    await other.close()
    const limit = { name: 'down', points: 5, seconds: 600 }
    await expect(consumeLimit({ ...ctx, db: other.db }, limit, 'k')).rejects.toThrow()
  })
})
