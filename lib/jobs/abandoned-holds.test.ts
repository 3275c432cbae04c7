import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase } from '#db/client.ts'
import { sweepAbandonedRuns } from '#lib/chat/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findReceipts, registerWorker, workerId } from '#lib/inference/index.ts'
import { placeHold } from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { admitCall, createChannel, createPayer, createPricedModel } from '#tests/support/paid-call.ts'
import { sweepAbandonedHolds } from './abandoned-holds.ts'

let database: TestDatabase
let vendor: FakeVendor
let modelId: string
const system = () => systemCtx('sweep', database.db)

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createPricedModel(database.db, [await createChannel(database.db, vendor.url)])
  await registerWorker(system())
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

/** Gives a hold to a process that has ended. */
async function abandon(holdId: string): Promise<string> {
  const id = newId()
  await database.db.execute(sql`INSERT INTO workers (id, host, pid, stopped_at) VALUES (${id}, 'gone', 1, now())`)
  await asOwner(sql`UPDATE holds SET open_worker_id = ${id} WHERE id = ${holdId}`)
  return id
}

/** The application's role may not write holds, so that of the schema plays the process that died. */
async function asOwner(statement: ReturnType<typeof sql>): Promise<void> {
  const owner = createDatabase(database.ownerUrl, 1)
  await owner.execute(statement)
  await owner.$client.end()
}

it('leaves the living alone', async () => {
  const payer = await createPayer(database.db)
  const { heldMicros } = await admitCall(payer, modelId)
  expect(await sweepAbandonedHolds(system())).toEqual({ ended: 0, hasMore: false })
  expect(await payer.wallet()).toMatchObject({ heldMicros, openHolds: 1 })
})

it('charges an admitted call by its checkpoint, once', async () => {
  const payer = await createPayer(database.db)
  const { holdId } = await admitCall(payer, modelId)
  await database.db.execute(sql`INSERT INTO checkpoints VALUES (${holdId}, 25)`)
  await abandon(holdId)
  const sweeps = await Promise.all([sweepAbandonedHolds(system()), sweepAbandonedHolds(system())])
  expect(sweeps.some(({ ended }) => ended === 1)).toBe(true)
  expect(await sweepAbandonedHolds(system())).toEqual({ ended: 0, hasMore: false })
  expect((await findReceipts(system(), { holdIds: [holdId] })).get(holdId)).toMatchObject({
    outcome: 'interrupted',
    usageSource: 'estimated',
    chargedMicros: '110',
  })
  expect(await payer.wallet()).toMatchObject({ postedMicros: 10_000_000n - 110n, heldMicros: 0n, openHolds: 0 })
})

it('is free when nothing had come, and for a hold that no call was admitted on', async () => {
  const payer = await createPayer(database.db)
  const { holdId } = await admitCall(payer, modelId)
  const bare = newId()
  const amounts = { spenderId: payer.userId, fullMicros: 5n, minimumMicros: 5n, maxOpen: 5 }
  await placeHold(system(), { holdId: bare, walletId: payer.walletId, workerId: workerId(), ...amounts })
  await abandon(holdId)
  await abandon(bare)
  expect(await sweepAbandonedHolds(system())).toEqual({ ended: 2, hasMore: false })
  expect(await payer.wallet()).toMatchObject({ postedMicros: 10_000_000n, heldMicros: 0n, openHolds: 0 })
})

it('leaves the hold of a running generation to the generation', async () => {
  const payer = await createPayer(database.db)
  const { holdId } = await admitCall(payer, modelId)
  const worker = await abandon(holdId)
  const [conversation, message, generation] = [newId(), newId(), newId()]
  const { userId } = payer
  await database.db.execute(
    sql`INSERT INTO conversations (user_id, id, title) VALUES (${userId}, ${conversation}, 't')`,
  )
  await database.db.execute(sql`
    INSERT INTO messages (user_id, id, conversation_id, role, text)
    VALUES (${userId}, ${message}, ${conversation}, 'assistant', '')`)
  await database.db.execute(sql`
    INSERT INTO generations (user_id, id, request_id, request_hash, conversation_id, message_id, model_id, hold_id, running_worker_id)
    VALUES (${userId}, ${generation}, ${newId()}, '\\x00', ${conversation}, ${message}, ${modelId}, ${holdId}, ${worker})`)
  expect(await sweepAbandonedHolds(system())).toEqual({ ended: 0, hasMore: false })
  expect(await sweepAbandonedRuns(system())).toEqual({ ended: 1, hasMore: false })
  expect(await payer.wallet()).toMatchObject({ heldMicros: 0n, openHolds: 0 })
  expect((await findReceipts(system(), { holdIds: [holdId] })).get(holdId)).toMatchObject({ messageId: message })
})
