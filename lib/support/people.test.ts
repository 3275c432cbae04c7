import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditEntries, users } from '#db/schema/index.ts'
import { createSignInLink, getLink } from '#lib/auth/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { adjustWallet } from '#lib/payments/index.ts'
import { createPerson, exportPeople, getPerson, listPeople } from '#lib/support/index.ts'
import { createUser, disableUser } from '#lib/users/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createBuyer, createOrder } from '#tests/support/orders.ts'

let database: TestDatabase
let system: Ctx & { db: TestDatabase['db'] }
let admin: UserCtx

const actingAs = (userId: string, role: 'user' | 'admin' = 'user'): UserCtx => ({
  db: database.db,
  actor: { type: 'user', userId, role, sessionId: newId() },
})
const make = (email: string, name: string, role: 'user' | 'admin' = 'user') =>
  createUser(system, { email, name, passwordHash: null, role })
const found = async (search: string) => (await listPeople(admin, { search })).items.map(({ email }) => email).sort()

beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
})
beforeEach(async () => {
  await database.db.execute(sql`DELETE FROM users`)
  admin = actingAs(await make('boss@example.com', 'Boss', 'admin'), 'admin')
})
afterAll(() => database.close())

const strangers = (): Ctx[] => [actingAs(newId()), { db: database.db, actor: { type: 'anonymous' } }]

describe('listPeople', () => {
  it('finds by the beginning of a name or an address, in any case, and takes signs as they are', async () => {
    await make('anna@example.com', '林黛玉')
    await make('ben@example.com', 'Annabel 100%')
    await make('c_d@example.com', 'Carl')
    expect(await found('ANNA')).toEqual(['anna@example.com', 'ben@example.com'])
    expect(await found('林')).toEqual(['anna@example.com'])
    expect(await found('annabel 100%')).toEqual(['ben@example.com'])
    expect(await found('c_')).toEqual(['c_d@example.com'])
    for (const search of ['黛玉', '%', '_', '\\', 'nna', "' OR 1=1 --", 'a\u0000%'])
      expect(await found(search)).toEqual([])
    expect(await found('  ')).toHaveLength(4)
  })

  it('finds by the whole of an id or an order’s reference', async () => {
    const buyer = await createBuyer(database)
    const order = await createOrder(buyer)
    const { items } = await listPeople(admin, { search: buyer.userId })
    expect(items).toMatchObject([{ id: buyer.userId }])
    const [email] = items.map((item) => item.email)
    const ways = [buyer.userId.toUpperCase(), buyer.walletId, order.id, order.reference, ` ${order.reference} `]
    for (const search of [...ways, order.reference.toLowerCase().replace('-', '')]) {
      expect(await found(search)).toEqual([email])
    }
    expect(await found(newId())).toEqual([])
    expect(await found('AAAAA-AAAAA')).toEqual([])
  })

  it('narrows by role and by state, and says what a person has', async () => {
    const ada = await make('ada@example.com', 'Ada')
    await make('zoe@example.com', 'Zoe')
    await disableUser(admin, { userId: ada })
    await adjustWallet(system, {
      kind: 'grant',
      ownerType: 'user',
      ownerId: ada,
      amountMicros: 5_000_000n,
      reason: 'for the test',
      idempotencyKey: newId(),
    })
    expect((await listPeople(admin, { status: 'disabled' })).items).toMatchObject([
      { email: 'ada@example.com', status: 'disabled', postedMicros: 5_000_000n, heldMicros: 0n, lastSeenAt: null },
    ])
    expect((await listPeople(admin, { role: 'admin' })).items).toMatchObject([{ email: 'boss@example.com' }])
    expect((await listPeople(admin, { role: 'user', status: 'active', search: 'a' })).items).toEqual([])
  })

  it('shows everybody once, page by page, newest first, and exports the same', async () => {
    for (let count = 0; count < 6; count++) await make(`p${count}@example.com`, 'P')
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await listPeople(admin, { after, limit: 2 })
      seen.push(...page.items.map(({ id }) => id))
      after = page.next ?? undefined
    } while (after)
    expect(seen).toEqual([...new Set(seen)].sort().reverse())
    expect(seen).toHaveLength(7)
    const exported: string[] = []
    for await (const batch of exportPeople(admin)) exported.push(...batch.map(({ id }) => id))
    expect(exported).toEqual(seen)
  })

  it('shows nobody else anything', async () => {
    for (const ctx of strangers()) {
      await expect(listPeople(ctx)).rejects.toMatchObject({
        code: ctx.actor.type === 'user' ? 'forbidden' : 'unauthenticated',
      })
      await expect(exportPeople(ctx).next()).rejects.toThrow()
      await expect(getPerson(ctx, { userId: admin.actor.userId })).rejects.toThrow()
    }
  })
})

describe('getPerson', () => {
  it('shows the account and the lots of the wallet, and no secret', async () => {
    const userId = await make('ada@example.com', 'Ada')
    const tomorrow = new Date(Date.now() + 86_400_000)
    for (const lotExpiresAt of [undefined, tomorrow]) {
      await adjustWallet(system, {
        kind: 'grant',
        ownerType: 'user',
        ownerId: userId,
        amountMicros: 1_000_000n,
        reason: 'for the test',
        idempotencyKey: newId(),
        lotExpiresAt,
      })
    }
    const person = await getPerson(admin, { userId })
    expect(person).toMatchObject({
      email: 'ada@example.com',
      passwordChangedAt: null,
      linkExpiresAt: null,
      wallet: { postedMicros: 2_000_000n, availableMicros: 2_000_000n, openHolds: 0, suspended: false },
      lots: [
        { source: 'promotional', remainingMicros: 1_000_000n, expiresAt: tomorrow },
        { source: 'promotional', remainingMicros: 1_000_000n, expiresAt: null },
      ],
    })
    expect(JSON.stringify(person, (_, value) => String(value))).not.toMatch(/hash/i)
    await database.db
      .update(users)
      .set({ passwordHash: 'x', passwordChangedAt: sql`now()` })
      .where(eq(users.id, userId))
    await createSignInLink(admin, { userId })
    expect(await getPerson(admin, { userId })).toMatchObject({
      passwordChangedAt: expect.any(Date),
      linkExpiresAt: expect.any(Date),
    })
    await expect(getPerson(admin, { userId: newId() })).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('createPerson', () => {
  it('makes an account and the link to its first password, once', async () => {
    const { userId, token } = await createPerson(admin, { email: ' New@Example.com', name: 'New', role: 'admin' })
    expect(await getLink(system, { token })).toMatchObject({ purpose: 'sign_in', email: 'new@example.com' })
    const rows = await database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, userId))
    expect(rows.map(({ action }) => action)).toEqual(expect.arrayContaining(['user.create', 'user.sign-in-link']))
    expect(JSON.stringify(rows)).not.toContain(token)
    const again = createPerson(admin, { email: 'new@example.com', name: 'Other' })
    await expect(again).rejects.toMatchObject({ code: 'email_taken' })
    expect(await getLink(system, { token })).toMatchObject({ email: 'new@example.com' })
    expect(await found('new@')).toHaveLength(1)
  })

  it('is for admins', async () => {
    for (const ctx of strangers()) {
      await expect(createPerson(ctx, { email: 'x@example.com', name: 'X' })).rejects.toThrow()
    }
    expect(await found('x@')).toEqual([])
  })
})
