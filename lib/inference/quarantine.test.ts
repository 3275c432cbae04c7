import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { quarantine } from './quarantine.ts'

const KEY = 'sk-secret-0123456789'

describe('what is kept of usage that nobody believed', () => {
  it('is the object itself when it is small', () => {
    const raw = { prompt_tokens: -5, completion_tokens: '8', details: null }
    expect(quarantine(raw, KEY)).toEqual(raw)
  })

  it('is its beginning when it is not', () => {
    const kept = quarantine({ prompt_tokens: '1'.repeat(1_000_000) }, KEY)
    expect(kept).toMatch(/^\{"prompt_tokens":"1{100,}$/)
  })

  it('is never our key, wherever it stands', () => {
    expect(JSON.stringify(quarantine({ [KEY]: 1, told: `with ${KEY}` }, KEY))).not.toContain('0123456789')
  })

  it('survives nesting without end', () => {
    let deep: unknown = 1
    for (let depth = 0; depth < 100_000; depth++) deep = [deep]
    expect(quarantine(deep, KEY)).toBe('nested too deeply')
  })
})

describe('in the database', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.close())

  it('anything can be stored, in less than 2 kB', async () => {
    const things = fc.oneof(
      fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
      fc.array(fc.constantFrom(1e300, 1e-300, -1.7e308, '\u0000', '\ud800', '"'.repeat(50), '你'.repeat(50), 1), {
        maxLength: 900,
      }),
    )
    await fc.assert(
      fc.asyncProperty(things, async (raw) => {
        const kept = JSON.stringify(quarantine(raw, KEY))
        const { rows } = await database.db.execute<{ size: number }>(
          sql`SELECT octet_length((${kept}::jsonb)::text) AS size`,
        )
        expect(rows[0]!.size).toBeLessThanOrEqual(2_048)
      }),
      { numRuns: 300 },
    )
  })
})
