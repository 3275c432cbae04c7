import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, openWallet } from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: Ctx
beforeAll(async () => {
  database = await createTestDatabase()
  ctx = systemCtx('test', database.db)
})
afterAll(() => database.close())

describe('openWallet', () => {
  it('opens one empty wallet for an owner, however many ask at once', async () => {
    const owner = { ownerType: 'user', ownerId: newId() } as const
    expect(await findWallet(ctx, owner)).toBeNull()
    const ids = await Promise.all(Array.from({ length: 8 }, () => openWallet(ctx, owner)))
    expect(new Set(ids).size).toBe(1)
    expect(await findWallet(ctx, owner)).toEqual({
      id: ids[0],
      postedMicros: 0n,
      heldMicros: 0n,
      availableMicros: 0n,
      openHolds: 0,
      suspended: false,
    })
  })

  it('keeps a person’s and a team’s apart', async () => {
    const ownerId = newId()
    const personal = await openWallet(ctx, { ownerType: 'user', ownerId })
    expect(await openWallet(ctx, { ownerType: 'team', ownerId })).not.toBe(personal)
  })
})

it('the house has its accounts, under the names we know', async () => {
  const { rows } = await database.db.execute<{ id: string; code: string }>(
    sql`SELECT id, code FROM accounts WHERE kind = 'house'`,
  )
  const camel = (code: string) => code.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
  expect(Object.fromEntries(rows.map((row) => [camel(row.code), row.id]))).toEqual(HOUSE)
})
