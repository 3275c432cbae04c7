import { sql } from 'drizzle-orm'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { registerWorker } from '#lib/inference/index.ts'
import { findWallet, listSpendCaps, setSpendCap } from '#lib/ledger/index.ts'
import { createModel, createPerson, readAll } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { readEvents, type StartGenerationInput, startGeneration, stopGeneration } from './index.ts'

let database: TestDatabase
let vendor: FakeVendor
let modelId: string

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
  await registerWorker(systemCtx('test', database.db))
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const message = (): StartGenerationInput => ({
  requestId: newId(),
  conversationId: newId(),
  parentId: null,
  text: 'Whose turn is it to pay?',
  modelId,
})
type Person = Awaited<ReturnType<typeof createPerson>>
const walletOf = async (person: Person) =>
  (await findWallet(person, { ownerType: 'user', ownerId: person.actor.userId }))!

describe('nothing waits for a vendor', () => {
  it('no transaction is open while answers are being written', async () => {
    vendor.setBehavior('stalled')
    const person = await createPerson(database.db)
    const asked = vendor.requests.length
    const started = await Promise.all(Array.from({ length: 5 }, () => startGeneration(person, message())))
    await vendor.arrival(asked + started.length - 1)
    // Nobody sees when a role that is not theirs began a transaction: this is a connection as the service has them.
    const onlooker = new pg.Client({ connectionString: database.url })
    await onlooker.connect()
    // What the service writes down meanwhile takes moments. A transaction around a call would last as long as the call.
    for (let open = 1; open > 0; ) {
      const { rows } = await onlooker.query<{ open: number }>(`
        SELECT count(*)::int AS open FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`)
      open = rows[0]!.open
    }
    const { rows } = await onlooker.query<{ running: number; held: number }>(
      `SELECT count(*)::int AS running, (SELECT count(*)::int FROM holds WHERE state = 'open') AS held
       FROM generations WHERE status = 'running'`,
    )
    await onlooker.end()
    expect(rows).toEqual([{ running: 5, held: 5 }])
    await Promise.all(started.map(({ generationId }) => stopGeneration(person, { generationId })))
    for (const generation of started) {
      expect((await readAll(await readEvents(person, generation))).end).toMatchObject({ status: 'stopped' })
    }
    expect(await walletOf(person)).toMatchObject({ heldMicros: 0n, openHolds: 0 })
    vendor.setBehavior('answer')
  })

  it('who waits for a lock, forgets a transaction or never ends a statement is cut off', async () => {
    const settings = ['lock_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout']
    const set = await Promise.all(
      settings.map((name) => database.db.execute<{ value: string }>(sql`SELECT current_setting(${name}) AS value`)),
    )
    expect(set.map(({ rows }) => rows[0]!.value)).toEqual(['10s', '30s', '1min'])
  })
})

describe('everybody pays for themselves', () => {
  it('a message is paid from the wallet of who sent it, and from no other', async () => {
    const [payer, other] = [await createPerson(database.db), await createPerson(database.db)]
    const before = [await walletOf(payer), await walletOf(other)]
    const started = await startGeneration(payer, message())
    await readAll(await readEvents(payer, started))
    const { rows } = await database.db.execute(
      sql`SELECT DISTINCT wallet_id FROM holds WHERE spender_id = ${payer.actor.userId}`,
    )
    expect(rows).toEqual([{ wallet_id: before[0]!.id }])
    expect((await walletOf(payer)).postedMicros).toBeLessThan(before[0]!.postedMicros)
    expect(await walletOf(other)).toEqual(before[1])
  })

  it('who has nothing is refused, however much others have', async () => {
    await createPerson(database.db, { credits: '1000' })
    const poor = await createPerson(database.db, { credits: '0' })
    await expect(startGeneration(poor, message())).rejects.toMatchObject({ code: 'insufficient_credits' })
    expect(await walletOf(poor)).toMatchObject({ heldMicros: 0n, openHolds: 0 })
  })

  it('the wallet and the spender’s cap are asked at once', async () => {
    const person = await createPerson(database.db)
    const { id: walletId } = await walletOf(person)
    const spenderId = person.actor.userId
    await setSpendCap(systemCtx('test', database.db), {
      walletId,
      spenderId,
      period: 'day',
      limitMicros: 1n,
      timeZone: 'UTC',
    })
    await expect(startGeneration(person, message())).rejects.toMatchObject({ code: 'spend_cap_reached' })
    expect(await walletOf(person)).toMatchObject({ heldMicros: 0n, openHolds: 0 })
    expect(await listSpendCaps(person, { walletId, spenderId })).toMatchObject([{ heldMicros: 0n, spentMicros: 0n }])
  })
})
