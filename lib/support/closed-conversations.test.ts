import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAuditEntries } from '#lib/audit-log.ts'
import { listSessions } from '#lib/auth/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  exportStatement,
  getStatementEntry,
  listOwnCaps,
  listPaidModels,
  listStatement,
  setOwnCaps,
  settle,
} from '#lib/inference/index.ts'
import { adjustWallet, listAdjustments, listOrdersForAdmin } from '#lib/payments/index.ts'
import { getPersonTotals } from '#lib/reports/index.ts'
import { exportPeople, getPerson, listPeople } from '#lib/support/index.ts'
import { createUser } from '#lib/users/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createOrder } from '#tests/support/orders.ts'
import { admitCall, createChannel, createPayer, createPricedModel, type Payer } from '#tests/support/paid-call.ts'

const SECRET = 'quetzalcoatl'

let database: TestDatabase
let admin: UserCtx
let payer: Payer
const conversationId = newId()
const messageId = newId()

beforeAll(async () => {
  database = await createTestDatabase()
  const { db } = database
  const system = systemCtx('test', db)
  const adminId = await createUser(system, { email: 'boss@example.com', name: 'B', passwordHash: null, role: 'admin' })
  admin = { db, actor: { type: 'user', userId: adminId, role: 'admin', sessionId: newId() } }
  payer = await createPayer(db)
  const { userId, walletId } = payer
  await db.execute(sql`INSERT INTO conversations (user_id, id, title) VALUES (${userId}, ${conversationId}, ${SECRET})`)
  await db.execute(sql`INSERT INTO messages (user_id, id, conversation_id, role, text, reasoning)
    VALUES (${userId}, ${messageId}, ${conversationId}, 'assistant', ${SECRET}, ${SECRET})`)
  const admission = await admitCall(
    payer,
    await createPricedModel(db, [await createChannel(db, 'http://127.0.0.1:9/v1')]),
    {
      turns: [{ role: 'user', text: SECRET, tokens: 3 }],
    },
  )
  const usage = { inputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 20, reasoningTokens: 0 }
  await settle(payer.ctx, {
    admission,
    conversationId,
    messageId,
    usageRecordId: newId(),
    result: {
      outcome: 'completed',
      errorCode: null,
      usage,
      usageSource: 'reported',
      vendorUsage: usage,
      quarantinedUsage: null,
      channelId: null,
      vendor: 'test',
      vendorRequestId: null,
      firstTokenMs: 100,
      durationMs: 200,
    },
  })
  await setOwnCaps(payer.ctx, { day: 5_000_000n, month: null, timeZone: 'UTC' })
  await createOrder({ ...payer.ctx, userId, walletId })
  await adjustWallet(admin, {
    kind: 'grant',
    ownerType: 'user',
    ownerId: userId,
    amountMicros: 1_000_000n,
    reason: 'for the test',
    idempotencyKey: newId(),
  })
})
afterAll(() => database.close())

async function all<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const items: T[] = []
  for await (const batch of batches) items.push(...batch)
  return items
}

/** Everything of a person that the operator's pages and files are made of. */
async function everythingOf(ctx: Ctx, userId: string) {
  const statement = await listStatement(ctx, { userId })
  return {
    statement,
    entries: await Promise.all(statement.lines.map(({ seq }) => getStatementEntry(ctx, { userId, seq: String(seq) }))),
    file: await all(exportStatement(ctx, { userId })),
    models: await listPaidModels(ctx, { userId }),
    caps: await listOwnCaps(ctx, { userId }),
    sessions: await listSessions(ctx, { userId }),
    person: await getPerson(ctx, { userId }),
    people: await listPeople(ctx, { search: userId }),
    peopleFile: await all(exportPeople(ctx, {})),
    changes: await listAdjustments(ctx, {}),
    orders: await listOrdersForAdmin(ctx, { userId }),
    audit: await listAuditEntries(ctx, { subjectType: 'user', subject: userId }),
    totals: await getPersonTotals(ctx, { userId }),
  }
}

it('an admin sees a person’s money and tokens, and neither a word nor the place where it was said', async () => {
  const seen = await everythingOf(admin, payer.userId)
  expect(seen.entries.map(({ receipt }) => receipt?.usage.outputTokens)).toContain(20)
  expect(seen.statement.lines).toHaveLength(3)
  expect(seen.file).toHaveLength(3)
  expect(seen.caps).toHaveLength(1)
  expect(seen.orders.items).toHaveLength(1)
  const text = JSON.stringify(seen, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  for (const hidden of [SECRET, conversationId, messageId]) expect(text).not.toContain(hidden)
  // The person's own receipt knows the way back.
  const [own] = (await listStatement(payer.ctx)).lines.filter(({ call }) => call)
  const { receipt } = await getStatementEntry(payer.ctx, { seq: String(own!.seq) })
  expect(receipt).toMatchObject({ conversationId, conversationExists: true })
})

it('nobody else reads another’s statement, entries, limits, models or sessions', async () => {
  const other = await createPayer(database.db)
  const { userId } = payer
  const visitor: Ctx = { db: database.db, actor: { type: 'anonymous' } }
  for (const [ctx, code] of [
    [other.ctx, 'not_found'],
    [visitor, 'unauthenticated'],
  ] as const) {
    for (const read of [
      listStatement(ctx, { userId }),
      exportStatement(ctx, { userId }).next(),
      getStatementEntry(ctx, { userId, seq: '1' }),
      listOwnCaps(ctx, { userId }),
      listPaidModels(ctx, { userId }),
      listSessions(ctx, { userId }),
    ]) {
      await expect(read).rejects.toMatchObject({ code })
    }
  }
  // One's own id is one's own.
  expect((await listStatement(other.ctx, { userId: other.userId })).lines).toHaveLength(1)
  expect(await listSessions(other.ctx, { userId: other.userId })).toEqual([])
})
