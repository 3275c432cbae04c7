import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { inTransaction, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { captureHold, HOUSE, placeHold, postTransfer, setSpendCap } from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { openAll, untilWaiting } from '#tests/support/ledger/barriers.ts'
import { type Cut, type CuttingProxy, startCuttingProxy } from '#tests/support/ledger/cutting-proxy.ts'
import { RealLedger } from '#tests/support/ledger/real.ts'
import { readReal } from '#tests/support/ledger/state.ts'

const CLIENTS = 200
const spender = newId()

let database: TestDatabase
let ledger: RealLedger
let walletId: string
let other: string

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 2 })
  ledger = new RealLedger(database)
  await ledger.connect()
})
afterAll(async () => {
  await ledger.close()
  await database.close()
})

const deposit = (wallet: string, amountMicros: bigint, idempotencyKey = newId()) => ({
  kind: 'top_up' as const,
  debitAccountId: HOUSE.clearing,
  creditAccountId: wallet,
  amountMicros,
  idempotencyKey,
  lot: { source: 'paid' as const },
})
const hold = (fields: { holdId?: string; amount: bigint; maxOpen?: number }) => ({
  holdId: fields.holdId ?? newId(),
  walletId,
  spenderId: spender,
  fullMicros: fields.amount,
  minimumMicros: fields.amount,
  maxOpen: fields.maxOpen ?? 1_000,
  workerId: newId(),
})

/** Keeps everybody waiting at the wallet until so many stand there, and then lets all go at once. */
async function atOnce<T>(waiting: number, work: () => Promise<T>): Promise<T> {
  await ledger.owner.query('BEGIN')
  await ledger.owner.query('SELECT 1 FROM wallets WHERE id = $1 FOR UPDATE', [walletId])
  const underWay = work()
  await untilWaiting(ledger.owner, waiting)
  await ledger.owner.query('COMMIT')
  return underWay
}

async function begin(amountMicros: bigint): Promise<void> {
  ;[walletId, other] = (await ledger.begin()) as [string, string]
  await postTransfer(systemCtx('test', database.db), deposit(walletId, amountMicros))
}

describe(`${CLIENTS} clients at once`, () => {
  let crowd: Database
  let connections: number
  beforeAll(async () => {
    const [limit] = await ledger.ask<{ max_connections: string }>('SHOW max_connections')
    // The rest is for other tests; a server with fewer gets its clients one after the other on those it has.
    connections = Math.min(CLIENTS, Number(limit!.max_connections) - 45)
    process.stdout.write(`${CLIENTS} clients on ${connections} connections\n`)
    crowd = createDatabase(database.url, connections)
    await openAll(crowd, connections)
  })
  afterAll(() => crowd.$client.end())

  const everybody = <T>(work: (db: Database) => Promise<T>) =>
    atOnce(connections, () => Promise.all(Array.from({ length: CLIENTS }, () => work(crowd))))
  const tally = (outcomes: string[]) => Object.groupBy(outcomes, (outcome) => outcome)

  it('as many holds as the wallet can pay for, and not one more', async () => {
    await begin(1_000n + 6n)
    const results = await everybody((db) => placeHold(systemCtx('test', db), hold({ amount: 27n })))
    const { held, insufficient } = tally(results.map(({ outcome }) => outcome))
    expect([held?.length, insufficient?.length]).toEqual([37, 163])
    const [wallet] = await readReal(ledger, [walletId], [spender])
    expect(wallet).toBe('wallet 1: posted 1006, held 999 in 37, entries 1')
  })

  it('as many as may be open', async () => {
    await begin(1_000n)
    const results = await everybody((db) => placeHold(systemCtx('test', db), hold({ amount: 1n, maxOpen: 20 })))
    const { held, too_many } = tally(results.map(({ outcome }) => outcome))
    expect([held?.length, too_many?.length]).toEqual([20, 180])
  })

  it('as many as a cap leaves', async () => {
    await begin(1_000n)
    const cap = { walletId, spenderId: spender, period: 'day', limitMicros: 150n, timeZone: 'UTC' } as const
    await setSpendCap(systemCtx('test', database.db), cap)
    const results = await everybody((db) => placeHold(systemCtx('test', db), hold({ amount: 10n })))
    const { held, capped } = tally(results.map(({ outcome }) => outcome))
    expect([held?.length, capped?.length]).toEqual([15, 185])
  })

  it('one end of a hold', async () => {
    await begin(1_000n)
    const request = hold({ amount: 100n })
    await placeHold(systemCtx('test', database.db), request)
    let cost = 0n
    const outcomes = await atOnce(connections, () =>
      Promise.all(
        Array.from({ length: CLIENTS }, () =>
          captureHold(systemCtx('test', crowd), { holdId: request.holdId, costMicros: cost++ % 4n }).then(
            ({ replayed }) => (replayed ? 'replayed' : 'done'),
            (error: { code: string }) => error.code,
          ),
        ),
      ),
    )
    const { done, replayed, conflict } = tally(outcomes)
    expect([done?.length, replayed?.length, conflict?.length]).toEqual([1, 49, 150])
  })
})

it('two processes that try the same deposit fifty times make one', async () => {
  await begin(5n)
  const key = newId()
  const script = path.resolve(import.meta.dirname, '../../tests/support/retry-process.ts')
  const start = async () => {
    const child = spawn(process.execPath, [script, database.url, walletId, key, '25'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await lines.next()
    return async () => {
      child.stdin.write('go')
      return JSON.parse((await lines.next()).value as string) as { transferId: string; replayed: boolean }[]
    }
  }
  const processes = await Promise.all([start(), start()])
  const results = (await atOnce(50, () => Promise.all(processes.map((go) => go())))).flat()
  expect(new Set(results.map(({ transferId }) => transferId)).size).toBe(1)
  expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1)
  const [wallet] = await readReal(ledger, [walletId], [spender])
  expect(wallet).toBe('wallet 1: posted 1005, held 0 in 0, entries 2')
})

describe.each<Cut>(['before', 'during', 'after'])('a connection that breaks at its commit (%s)', (cut) => {
  let proxy: CuttingProxy
  let db: Database
  beforeAll(async () => {
    proxy = await startCuttingProxy(database.url)
    db = createDatabase(proxy.url, 2)
  })
  afterAll(async () => {
    await db.$client.end()
    await proxy.close()
  })

  /** Does it on the breaking connection and again; afterwards all is as if it had been done once. */
  async function loseAnswer<T extends { replayed?: boolean }>(work: (db: Database) => Promise<T>, after: string[]) {
    proxy.cutNext(cut)
    await expect(work(db)).rejects.toThrow()
    const again = await work(db)
    if (cut !== 'during' && again.replayed !== undefined) expect(again.replayed).toBe(cut === 'after')
    expect((await readReal(ledger, [walletId, other], [spender])).filter((line) => line.startsWith('wallet'))).toEqual(
      after,
    )
  }

  it('deposit, hold, capture and transfer happen once', async () => {
    await begin(1_000n)
    const none = 'wallet 2: posted 0, held 0 in 0, entries 0'
    const top = deposit(walletId, 500n)
    await loseAnswer(
      (on) => inTransaction(systemCtx('test', on), (tx) => postTransfer(tx, top)),
      ['wallet 1: posted 1500, held 0 in 0, entries 2', none],
    )
    const place = hold({ amount: 300n })
    await loseAnswer(
      (on) =>
        inTransaction(systemCtx('test', on), async (tx) => {
          expect(await placeHold(tx, place)).toMatchObject({ outcome: 'held', amountMicros: 300n })
          return {}
        }),
      ['wallet 1: posted 1500, held 300 in 1, entries 2', none],
    )
    const capture = { holdId: place.holdId, costMicros: 400n }
    await loseAnswer(
      (on) => inTransaction(systemCtx('test', on), (tx) => captureHold(tx, capture)),
      ['wallet 1: posted 1100, held 0 in 0, entries 3', none],
    )
    const move = { ...deposit(other, 100n), kind: 'adjustment' as const, debitAccountId: walletId }
    await loseAnswer(
      (on) => inTransaction(systemCtx('test', on), (tx) => postTransfer(tx, move)),
      ['wallet 1: posted 1000, held 0 in 0, entries 4', 'wallet 2: posted 100, held 0 in 0, entries 1'],
    )
  })
})
