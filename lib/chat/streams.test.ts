import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findReceipts, registerWorker, workerId } from '#lib/inference/index.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { createModel, createPerson, dictated, readAll, readUntil } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { drainRuns } from './drain-runs.ts'
import { eventWriter } from './event-writer.ts'
import { finalizeRun } from './finalize.ts'
import {
  listPath,
  readEvents,
  type StartedGeneration,
  startGeneration,
  stopGeneration,
  sweepAbandonedRuns,
  trimEvents,
} from './index.ts'
import { LiveRun, liveRuns } from './live-runs.ts'
import { EMPTY_ANSWER } from './shared.ts'

let database: TestDatabase
/** A second pool on the same database stands for another process: runs, writer and tailer belong to a pool. */
let elsewhere: Database
let vendor: FakeVendor
let modelId: string
let person: UserCtx & { db: Database }
let personElsewhere: UserCtx

beforeAll(async () => {
  database = await createTestDatabase()
  elsewhere = createDatabase(database.url, 5)
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
})

beforeEach(async () => {
  vendor.requests.length = 0
  await registerWorker(systemCtx('test', database.db))
  person = await createPerson(database.db)
  personElsewhere = { ...person, db: elsewhere }
})

// What a test took away from its run would be swept by another.
afterEach(async () => {
  await database.db.execute(sql`
    UPDATE generations SET status = 'interrupted', running_worker_id = NULL, ended_at = now() WHERE status = 'running'`)
})

afterAll(async () => {
  await elsewhere.$client.end()
  await vendor.close()
  await database.close()
})

async function start() {
  const words = dictated()
  vendor.setBehavior(words.behavior)
  const started = await startGeneration(person, {
    requestId: newId(),
    conversationId: newId(),
    parentId: null,
    text: 'go on',
    modelId,
  })
  return { words, started, run: liveRuns(database.db).byId.get(started.generationId)! }
}

async function eventsOf({ generationId }: StartedGeneration) {
  const result = await database.db.execute<{ seq: number; kind: string; epoch: number; data: string }>(sql`
    SELECT seq, kind, epoch, data FROM generation_events WHERE generation_id = ${generationId} ORDER BY seq`)
  return result.rows
}

async function generationOf({ generationId }: StartedGeneration) {
  const result = await database.db.execute(sql`SELECT * FROM generations WHERE id = ${generationId}`)
  return result.rows[0]!
}

const wallet = () => findWallet(person, { ownerType: 'user', ownerId: person.actor.userId })

describe('readEvents', () => {
  it('gives readers here and elsewhere every word once, wherever they break off', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            said: fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
            readsElsewhere: fc.boolean(),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        async (steps) => {
          const { words, started } = await start()
          let reader = EMPTY_ANSWER
          let text = ''
          for (const { said, readsElsewhere } of steps) {
            words.say(said)
            text += said.replaceAll('\0', '')
            const ctx = readsElsewhere ? personElsewhere : person
            const frames = await readEvents(ctx, {
              generationId: started.generationId,
              after: reader.position ?? undefined,
            })
            reader = await readUntil(frames, (state) => state.text === text || !text.startsWith(state.text), reader)
            expect(reader.text).toBe(text)
          }
          words.finish()
          const after = reader.position ?? undefined
          const [here, there] = await Promise.all([
            readEvents(person, { generationId: started.generationId, after }).then((frames) => readAll(frames, reader)),
            readEvents(personElsewhere, { generationId: started.generationId, after }).then((frames) =>
              readAll(frames, reader),
            ),
          ])
          expect(here).toMatchObject({ text, end: { status: 'completed' } })
          expect(there).toMatchObject({ text, end: here.end! })
        },
      ),
      { numRuns: 5 },
    )
  })

  it('polls the database once for all readers of other processes', async () => {
    const { words, started } = await start()
    let statements = 0
    const counted = createDatabase(database.url, 3)
    counted.$client.on('acquire', () => statements++)
    const asOutside = { ...person, db: counted }
    const attached = await Promise.all(Array.from({ length: 50 }, () => readEvents(asOutside, started)))
    const readers = attached.map((frames) => readAll(frames))
    words.say('for all')
    words.finish()
    for (const answer of await Promise.all(readers)) {
      expect(answer).toMatchObject({ text: 'for all', end: { status: 'completed' } })
    }
    // One look-up for each reader when it comes; beyond that polls, and the receipt, are shared.
    expect(statements).toBeLessThan(50 + 25)
    await counted.$client.end()
  })

  it('stops from another process', async () => {
    const { words, started } = await start()
    words.say('here')
    await readUntil(await readEvents(person, started), (state) => state.text === 'here')
    await stopGeneration(personElsewhere, started)
    expect(await readAll(await readEvents(person, started))).toMatchObject({ text: 'here', end: { status: 'stopped' } })
    expect(await vendor.requests[0]!.closed).toBe(true)
    words.finish()
  })
})

describe('the fence', () => {
  it('ends a run whose generation was taken over: vendor cancelled, readers sent away, nothing more written', async () => {
    const { words, started, run } = await start()
    words.say('mine')
    // What another process sees is in the log.
    await readUntil(await readEvents(personElsewhere, started), (state) => state.text === 'mine')
    await database.db.execute(sql`UPDATE generations SET epoch = epoch + 1 WHERE id = ${started.generationId}`)
    const before = { generation: await generationOf(started), events: await eventsOf(started) }
    words.say(' and more')
    const reading = readAll(await readEvents(person, started))
    await run.done
    expect((await reading).end).toBeNull()
    expect(await vendor.requests[0]!.closed).toBe(true)
    expect({ generation: await generationOf(started), events: await eventsOf(started) }).toEqual(before)
    expect(await wallet()).toMatchObject({ openHolds: 1 })
    expect(liveRuns(database.db).byId.has(started.generationId)).toBe(false)

    const after = { epoch: 1, seq: 2 }
    const first = await (await readEvents(personElsewhere, { ...started, after }))[Symbol.asyncIterator]().next()
    expect(first.value).toEqual({ type: 'snapshot', epoch: 2, seq: 1, text: 'mine', reasoning: '' })
    words.finish()
  })

  it('stops a run at its end too', async () => {
    const { words, started, run } = await start()
    words.say('mine')
    await readUntil(await readEvents(personElsewhere, started), (state) => state.text === 'mine')
    await database.db.execute(sql`UPDATE generations SET epoch = epoch + 1 WHERE id = ${started.generationId}`)
    words.finish()
    await run.done
    expect(await eventsOf(started)).toMatchObject([{ kind: 'text', data: 'mine' }])
    expect(await generationOf(started)).toMatchObject({ status: 'running', epoch: 2 })
    expect(await wallet()).toMatchObject({ openHolds: 1 })
  })
})

describe('the finaliser', () => {
  it('tries until the database takes the end, which is then there once', async () => {
    const { words, started, run } = await start()
    words.say('kept')
    let attempts = 0
    const holdId = run.identity.holdId
    await readUntil(await readEvents(personElsewhere, started), (state) => state.text === 'kept')
    // The same generation ended by a run that has lost the answers of its own commits.
    words.finish()
    await run.done
    const ended = { generation: await generationOf(started), events: await eventsOf(started), wallet: await wallet() }
    const late = new LiveRun(run.identity)
    const frames = late.log.read(null)
    late.push('text', 'kept')
    late.seal()
    await finalizeRun(person, late, {
      outcome: 'stopped',
      errorCode: null,
      settle: async () => {
        attempts++
        throw new Error('must not be settled twice')
      },
      bookLate: () => expect.unreachable('nothing is late'),
    })
    expect(attempts).toBe(0)
    const receipt = (await findReceipts(person, { holdIds: [holdId] })).get(holdId)
    expect(receipt).toBeDefined()
    expect((await readAll(frames)).end).toMatchObject({ status: 'completed', receipt })
    expect({
      generation: await generationOf(started),
      events: await eventsOf(started),
      wallet: await wallet(),
    }).toEqual(ended)
    expect(ended.events.filter((event) => event.kind === 'end')).toHaveLength(1)
  })

  it('writes nothing of an attempt that failed', async () => {
    const { words, started, run } = await start()
    words.say('kept')
    await readUntil(await readEvents(personElsewhere, started), (state) => state.text === 'kept')
    const twin = new LiveRun(run.identity)
    twin.push('text', 'kept')
    twin.seal()
    const seen: string[] = []
    run.fence()
    await run.done
    await finalizeRun(person, twin, {
      outcome: 'interrupted',
      errorCode: 'interrupted',
      settle: async (tx) => {
        const inside = await tx.db.execute<{ status: string }>(sql`
          SELECT status FROM generations WHERE id = ${started.generationId}`)
        seen.push(inside.rows[0]!.status)
        if (seen.length < 3) throw new Error('the database went away')
        return null as never
      },
      bookLate: async () => void seen.push('late'),
    })
    expect(seen).toEqual(['interrupted', 'interrupted', 'interrupted'])
    words.finish()
  })
})

describe('sweepAbandonedRuns', () => {
  const system = () => systemCtx('sweep', elsewhere)
  const setStopped = (stopped: boolean) =>
    database.db.execute(
      sql`UPDATE workers SET stopped_at = ${stopped ? sql`now()` : sql`NULL`} WHERE id = ${workerId()}`,
    )

  it('leaves the living alone', async () => {
    const { words, started } = await start()
    expect(await sweepAbandonedRuns(system())).toEqual({ ended: 0, hasMore: false })
    words.say('alive')
    words.finish()
    expect((await readAll(await readEvents(person, started))).end).toMatchObject({ status: 'completed' })
  })

  it('keeps what a dead process had written, charges it, and fences the process off should it wake up', async () => {
    const { words, started, run } = await start()
    words.say('half an ')
    const followed = await readEvents(personElsewhere, started)
    const reader = await readUntil(followed, (state) => state.text === 'half an ')
    const before = (await wallet())!
    const staying = readAll(await readEvents(personElsewhere, { ...started, after: reader.position! }), reader)
    await setStopped(true)
    expect(await sweepAbandonedRuns(system())).toEqual({ ended: 1, hasMore: false })
    expect(await sweepAbandonedRuns(system())).toEqual({ ended: 0, hasMore: false })
    await setStopped(false)

    const answer = await staying
    expect(answer).toMatchObject({ text: 'half an ', position: { epoch: 2 }, end: { status: 'interrupted' } })
    const charged = BigInt(answer.end!.receipt!.chargedMicros)
    expect(charged).toBeGreaterThan(0n)
    expect(await wallet()).toMatchObject({ postedMicros: before.postedMicros - charged, heldMicros: 0n, openHolds: 0 })
    expect((await listPath(person, started)).messages[1]).toMatchObject({
      text: 'half an ',
      generation: { status: 'interrupted', errorCode: 'interrupted' },
      receipt: { chargedMicros: charged.toString() },
    })

    words.say('answer')
    words.finish()
    await run.done
    expect(run.fenced).toBe(true)
    const events = await eventsOf(started)
    expect(events.map((event) => event.kind)).toEqual(['text', 'end'])
    expect(await wallet()).toMatchObject({ postedMicros: before.postedMicros - charged })
  })

  it('books what the vendor of a frozen process told after all: once, as cost, never as charge', async () => {
    const { words, started, run } = await start()
    words.say('half an ')
    await readUntil(await readEvents(personElsewhere, started), (state) => state.text === 'half an ')
    // The process stands still: nothing in it notices that it was taken for dead.
    await eventWriter(database.db).remove(run)
    await setStopped(true)
    expect(await sweepAbandonedRuns(system())).toEqual({ ended: 1, hasMore: false })
    await setStopped(false)
    const swept = await wallet()
    const { holdId } = run.identity
    const receipts = () => findReceipts(person, { holdIds: [holdId] })
    const before = await receipts()

    words.say('answer')
    words.finish()
    await run.done
    expect(run.fenced).toBe(true)
    const lateRows = async () =>
      (await database.db.execute<Record<string, unknown>>(sql`SELECT * FROM late_usage WHERE hold_id = ${holdId}`)).rows
    const [late, ...more] = await lateRows()
    expect(more).toEqual([])
    expect(late).toMatchObject({
      usage_record_id: before.get(holdId)!.id,
      user_id: person.actor.userId,
      model_id: modelId,
      input_tokens: 10,
      output_tokens: 2,
    })
    const recorded = await database.db.execute<{ vendor_cost_micros: bigint }>(
      sql`SELECT vendor_cost_micros FROM usage_records WHERE hold_id = ${holdId}`,
    )
    // 10 tokens in at a half and 2 out at one are 7 in all.
    const cost = recorded.rows[0]!.vendor_cost_micros + (late!.vendor_cost_micros as bigint)
    expect(cost).toBe(recorded.rows[0]!.vendor_cost_micros > 7n ? recorded.rows[0]!.vendor_cost_micros : 7n)
    expect(await wallet()).toEqual(swept)
    expect(await receipts()).toEqual(before)
  })

  it('trims the events of what ended long ago; its text is still read', async () => {
    const { words, started } = await start()
    words.say('old')
    words.finish()
    await readAll(await readEvents(person, started))
    const other = await start()
    other.words.say('new')
    await readUntil(await readEvents(personElsewhere, other.started), (state) => state.text === 'new')
    await database.db.execute(sql`
      UPDATE generation_events SET created_at = now() - interval '2 hours'
      WHERE generation_id IN (${started.generationId}, ${other.started.generationId})`)
    await database.db.execute(sql`
      UPDATE generations SET ended_at = now() - interval '2 hours' WHERE id = ${started.generationId}`)
    expect(await trimEvents(system())).toEqual({ deleted: 2, hasMore: false })
    expect(await eventsOf(started)).toEqual([])
    expect(await eventsOf(other.started)).toHaveLength(1)
    expect(await readAll(await readEvents(person, started))).toMatchObject({
      text: 'old',
      end: { status: 'completed' },
    })
    other.words.finish()
    await other.run.done
  })
})

describe('drainRuns', () => {
  it('lets answers finish, breaks off those that do not, and takes no new ones', async () => {
    const pool = createDatabase(database.url, 5)
    person = { ...person, db: pool }
    const words = dictated()
    vendor.setBehavior(words.behavior)
    const request = () => ({ requestId: newId(), conversationId: newId(), parentId: null, text: 'go on', modelId })
    const finishing = await startGeneration(person, request())
    const endless = dictated()
    await vendor.arrival(0)
    vendor.setBehavior(endless.behavior)
    const broken = await startGeneration(person, request())
    endless.say('half')
    await readUntil(await readEvents(person, broken), (state) => state.text === 'half')
    const answers = [finishing, broken].map(async (each) => readAll(await readEvents(person, each)))
    words.say('whole')
    words.finish()
    await liveRuns(pool).byId.get(finishing.generationId)?.done
    await drainRuns(0, pool)
    expect(await Promise.all(answers)).toMatchObject([
      { text: 'whole', end: { status: 'completed' } },
      { text: 'half', end: { status: 'interrupted', errorCode: 'interrupted' } },
    ])
    await expect(startGeneration(person, request())).rejects.toMatchObject({ code: 'shutting_down' })
    expect(await wallet()).toMatchObject({ openHolds: 0 })
    endless.finish()
    await pool.$client.end()
  })
})
