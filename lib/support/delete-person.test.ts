import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adjustments, auditEntries, disputes, transfers, users } from '#db/schema/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { verifyLedger } from '#lib/ledger/index.ts'
import { adjustWallet, verifyAdjustments } from '#lib/payments/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { deletePerson } from '#lib/support/index.ts'
import { createUser, disableUser, getUser } from '#lib/users/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer, createOrder, holdCredits, readWallet } from '#tests/support/orders.ts'

let database: TestDatabase
let system: Ctx & { db: TestDatabase['db'] }
let admin: UserCtx

async function makeAdmin(): Promise<UserCtx> {
  const userId = await createUser(system, {
    email: `${newId()}@example.com`,
    name: 'A',
    passwordHash: null,
    role: 'admin',
  })
  return { db: database.db, actor: { type: 'user', userId, role: 'admin', sessionId: newId() } }
}

beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
  admin = await makeAdmin()
  await makeAdmin()
})
afterAll(() => database.close())

const emailOf = async (userId: string) => (await getUser(system, { userId })).email
const remove = async ({ userId }: { userId: string }, ctx: Ctx = admin) =>
  deletePerson(ctx, { userId, email: await emailOf(userId), reason: 'asked us to' })
const grant = ({ userId }: Buyer, amountMicros: bigint, ctx: Ctx = admin) =>
  adjustWallet(ctx, {
    kind: 'grant',
    ownerType: 'user',
    ownerId: userId,
    amountMicros,
    reason: 'for the test',
    idempotencyKey: newId(),
  })

/** A conversation of two messages, as the chat keeps it. */
async function converse({ userId }: Buyer): Promise<void> {
  const [conversation, first, second] = [newId(), newId(), newId()]
  await database.db.execute(
    sql`INSERT INTO conversations (user_id, id, title) VALUES (${userId}, ${conversation}, 'T')`,
  )
  await database.db.execute(sql`INSERT INTO messages (user_id, id, conversation_id, parent_id, role, text)
    VALUES (${userId}, ${first}, ${conversation}, NULL, 'user', 'words'),
      (${userId}, ${second}, ${conversation}, ${first}, 'assistant', 'more')`)
}

const countOf = async (userId: string) => {
  const { rows } = await database.db.execute<Record<string, bigint>>(sql`SELECT
    (SELECT count(*) FROM users WHERE id = ${userId}) AS users,
    (SELECT count(*) FROM conversations WHERE user_id = ${userId}) AS conversations,
    (SELECT count(*) FROM messages WHERE user_id = ${userId}) AS messages,
    (SELECT count(*) FROM orders WHERE user_id = ${userId}) AS orders`)
  return rows[0]!
}

describe('deletePerson', () => {
  it('takes the content, leaves the books, and empties the wallet in the same commit', async () => {
    const buyer = await createBuyer(database)
    const { userId, walletId } = buyer
    const email = await emailOf(userId)
    await grant(buyer, 7_000_000n)
    await createOrder(buyer, { state: 'expired' })
    await converse(buyer)
    await remove(buyer)
    expect(await countOf(userId)).toEqual({ users: 0n, conversations: 0n, messages: 0n, orders: 1n })
    expect(await readWallet(system, walletId)).toMatchObject({ postedMicros: 0n })
    const moved = await database.db.select().from(transfers).where(eq(transfers.debitAccountId, walletId))
    expect(moved).toMatchObject([{ kind: 'adjustment', amountMicros: 7_000_000n, reason: 'asked us to' }])
    const audits = await database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, userId))
    expect(audits.at(-1)).toMatchObject({
      action: 'user.delete',
      actorId: admin.actor.userId,
      reason: 'asked us to',
      before: { email, role: 'user' },
      after: { takenCredits: '7' },
    })
    await expect(deletePerson(admin, { userId, email, reason: 'once more' })).rejects.toMatchObject({
      code: 'not_found',
    })
    for (const verify of [verifyLedger, verifyAdjustments]) {
      const results = await inSnapshot(system, (ctx) => verify(ctx))
      expect(results.filter(({ differences }) => differences > 0)).toEqual([])
    }
  })

  it.each([
    ['an answer is running', 'answers_running', async (buyer: Buyer) => void (await holdCredits(system, buyer, 1n))],
    ['an order is open', 'payments_open', async (buyer: Buyer) => void (await createOrder(buyer))],
    [
      'a payment is disputed',
      'payments_open',
      async (buyer: Buyer) => {
        const paid = { state: 'paid', paidMinor: 1_000n, paidCurrency: 'USD', paidAt: new Date() } as const
        const order = await createOrder(buyer, paid)
        await database.db.insert(disputes).values({ id: newId(), orderId: order.id, amountMinor: 5n, state: 'open' })
      },
    ],
  ])('refuses while %s, and changes nothing', async (_, code, begin) => {
    const buyer = await createBuyer(database)
    await grant(buyer, 1_000_000n)
    await begin(buyer)
    await converse(buyer)
    const before = await countOf(buyer.userId)
    await expect(remove(buyer)).rejects.toMatchObject({ code })
    expect(await countOf(buyer.userId)).toEqual(before)
    expect(await readWallet(system, buyer.walletId)).toMatchObject({ postedMicros: 1_000_000n })
  })

  it('takes no more alone than one admin may, and turns down what waits', async () => {
    const buyer = await createBuyer(database)
    await grant(buyer, 5_000_000n)
    await setSetting(system, { key: 'adjustment_approval_above_micros', value: '1000000' })
    const { adjustmentId } = await grant(buyer, 2_000_000n)
    for (const ctx of [admin, system]) {
      await expect(remove(buyer, ctx)).rejects.toMatchObject({ code: 'approval_needed' })
    }
    const stateOf = async () =>
      (await database.db.select().from(adjustments).where(eq(adjustments.id, adjustmentId)))[0]!.state
    expect(await stateOf()).toBe('waiting')
    expect(await countOf(buyer.userId)).toMatchObject({ users: 1n })
    await setSetting(system, { key: 'adjustment_approval_above_micros', value: '5000000' })
    await remove(buyer)
    expect(await stateOf()).toBe('rejected')
    await setSetting(system, { key: 'adjustment_approval_above_micros', value: null })
  })

  it('refuses another address, oneself, the last admin and whoever is no admin', async () => {
    const buyer = await createBuyer(database)
    const { userId } = buyer
    const mistyped = deletePerson(admin, { userId, email: 'else@example.com', reason: 'asked us to' })
    await expect(mistyped).rejects.toMatchObject({ code: 'invalid_input', params: { field: 'email' } })
    await expect(remove({ userId: admin.actor.userId })).rejects.toMatchObject({ code: 'own_account' })
    await expect(remove(buyer, buyer)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(remove(buyer, { db: database.db, actor: { type: 'anonymous' } })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    expect(await countOf(userId)).toMatchObject({ users: 1n })

    const rest = await database.db.select().from(users).where(eq(users.role, 'admin'))
    for (const { id } of rest) if (id !== admin.actor.userId) await disableUser(system, { userId: id })
    await expect(remove({ userId: admin.actor.userId }, system)).rejects.toMatchObject({ code: 'last_admin' })
    for (const { id } of rest) if (id !== admin.actor.userId) await remove({ userId: id })
    expect(await countOf(admin.actor.userId)).toMatchObject({ users: 1n })
  })
})
