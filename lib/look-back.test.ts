import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { isInSlice, lookBack, lookBackThrough, microsOf, type Place, type ReadSlice } from '#lib/look-back.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let owner: Database
let ctx: Ctx
let reads = 0

const idOf = (n: number) => `00000000-0000-7000-8000-${n.toString().padStart(12, '0')}`
type Row = Place & { n: number }

const read: ReadSlice<Row> = async ({ limit, ...slice }) => {
  reads++
  const { rows } = await ctx.db.execute<Row>(sql`
    SELECT n, id, ${microsOf(sql`at`)} AS micros FROM events
    WHERE ${isInSlice(sql`at`, sql`id`, slice)} ORDER BY at DESC, id DESC LIMIT ${limit}`)
  return rows
}
const numbers = (rows: Row[]) => rows.map(({ n }) => n)
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index)

beforeAll(async () => {
  database = await createTestDatabase()
  owner = createDatabase(database.ownerUrl, 1)
  ctx = systemCtx('test', owner)
  await ctx.db.execute(sql`CREATE TABLE events (n integer, id uuid, at timestamptz)`)
  // A thousand in the last hour, several at the same microsecond; one each day before that for fifty days.
  await ctx.db.execute(sql`
    INSERT INTO events SELECT n, ('00000000-0000-7000-8000-' || lpad((9999 - n)::text, 12, '0'))::uuid,
      now() - (n / 5) * interval '1 second' FROM generate_series(0, 999) n`)
  await ctx.db.execute(sql`
    INSERT INTO events SELECT 1000 + d, ('00000000-0000-7000-8000-' || lpad(d::text, 12, '0'))::uuid,
      now() - (d + 1) * interval '1 day' FROM generate_series(0, 49) d`)
})
afterAll(async () => {
  await owner.$client.end()
  await database.close()
})

describe('lookBack', () => {
  it('gives each row once, newest first, whatever the size of a page', async () => {
    for (const limit of [7, 50, 999, 2_000]) {
      const seen: number[] = []
      let after: string | undefined
      for (;;) {
        const page = await lookBack(ctx, { window: { hours: 24 * 60 }, after, limit, read })
        seen.push(...numbers(page.rows))
        expect(page.rows.length).toBeLessThanOrEqual(limit)
        if (page.next === null) break
        if (page.rows.length < limit) expect(page.lookedBackTo).not.toBeNull()
        after = page.next
      }
      expect(seen).toEqual(upTo(1_050))
    }
  })

  it('reads no further than it has to', async () => {
    reads = 0
    await lookBack(ctx, { window: { hours: 9_000 }, limit: 50, read })
    expect(reads).toBe(1)
  })

  it('keeps to its window', async () => {
    const day = async (window: Parameters<typeof lookBack>[1]['window']) =>
      numbers((await lookBack(ctx, { window, limit: 2_000, read })).rows)
    expect(await day({ hours: 1 })).toEqual(upTo(1_000))
    expect(await day({ hours: 49 })).toEqual(upTo(1_002))
    const { rows } = await ctx.db.execute<{ day: string }>(sql`
      SELECT ((SELECT at FROM events WHERE n = 1010) AT TIME ZONE 'Asia/Shanghai')::date::text AS day`)
    const only = { from: rows[0]!.day, to: rows[0]!.day, timeZone: 'Asia/Shanghai' }
    expect(await day(only)).toEqual([1010])
    expect(await day({ to: '2001-01-01', timeZone: 'UTC' })).toEqual([])
  })

  it('stops after a week without enough, says how far it looked, and goes on from there', async () => {
    const none: ReadSlice<Row> = async (slice) => (await read(slice)).filter(({ n }) => n === 1_040)
    const first = await lookBack(ctx, { window: { hours: 24 * 60 }, limit: 10, read: none })
    expect(first.rows).toEqual([])
    expect(first.lookedBackTo!.getTime()).toBeLessThanOrEqual(Date.now() - 6 * 86_400_000)
    let { next } = first
    let pages = 1
    const found: number[] = []
    while (next !== null) {
      const page = await lookBack(ctx, { window: { hours: 24 * 60 }, after: next, limit: 10, read: none })
      found.push(...numbers(page.rows))
      next = page.next
      pages++
    }
    expect(found).toEqual([1_040])
    expect(pages).toBeLessThan(10)
  })

  it('takes no place that it did not make', async () => {
    for (const after of ['', '1', `1.${idOf(1)}x`, `-1.${idOf(1)}`]) {
      await expect(lookBack(ctx, { window: { hours: 1 }, after, limit: 1, read })).rejects.toMatchObject({
        name: 'ZodError',
      })
    }
    // One from the future shows what the window shows.
    const page = await lookBack(ctx, { window: { hours: 1 }, after: `99999999999999999.${idOf(1)}`, limit: 1, read })
    expect(numbers(page.rows)).toEqual([0])
  })
})

it('lookBackThrough gives all rows of a window once', async () => {
  const seen: number[] = []
  for await (const rows of lookBackThrough(ctx, { window: { hours: 24 * 60 }, read })) seen.push(...numbers(rows))
  expect(seen).toEqual(upTo(1_050))
})
