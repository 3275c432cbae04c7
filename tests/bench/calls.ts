import { randomInt } from 'node:crypto'
import type pg from 'pg'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { type Admission, admit, type RunResult, settle } from '#lib/inference/index.ts'
import { HOUSE, openWallet, postTransfer } from '#lib/ledger/index.ts'
import { addChannel, setModel } from '#lib/models/index.ts'
import type { TestDatabase } from '#tests/support/cluster.ts'

/** Whoever pays in the benchmark. */
export type Payer = { userId: string; walletId: string }

/** How many wallets are filled at the same time. */
const FILLERS = 16
const PROMPT_TOKENS = 300
const OUTPUT_TOKENS = 200
/** What such a call costs at the prices of the model below. */
const CALL_MICROS = 1_100
/** Calls that a lot pays for, of those that one follows on the other. People's pay for thousands. */
const CALLS_OF_A_LOT = 100

/** A model that can be reached and has a price. @returns its id */
export async function createBenchModel(ctx: Ctx): Promise<string> {
  const id = 'bench-model'
  const key = 'sk-bench'
  await addChannel(ctx, {
    name: 'bench',
    vendor: 'test',
    baseUrl: 'http://127.0.0.1:9/v1',
    key,
    ownNetwork: true,
    models: [],
  })
  await setModel(ctx, {
    id,
    input: '1',
    output: '4',
    costInput: '0.5',
    costOutput: '2',
    vendor: 'test',
    contextTokens: 32_000,
    maxOutputTokens: 1_000,
    minOutput: 256,
    channel: 'bench',
  })
  return id
}

/**
 * Opens wallets with three lots each: the first has been used to some part, by chance, and the second pays for a hundred
 * calls, so that from the first round to the last one capture in a hundred goes from one lot to the next.
 */
export async function openPayers(ctx: Ctx, count: number): Promise<Payer[]> {
  const inAMonth = new Date(Date.now() + 30 * 86_400_000)
  const payers: Payer[] = []
  const open = async () => {
    const userId = newId()
    const walletId = await openWallet(ctx, { ownerType: 'user', ownerId: userId })
    const give = (amountMicros: bigint, lot: NonNullable<Parameters<typeof postTransfer>[1]['lot']>) =>
      postTransfer(ctx, {
        kind: 'grant',
        debitAccountId: HOUSE.promotions,
        creditAccountId: walletId,
        amountMicros,
        idempotencyKey: `bench:${newId()}`,
        lot,
      })
    await give(1_000_000_000n, { source: 'paid' })
    await give(BigInt(CALL_MICROS * CALLS_OF_A_LOT), { source: 'code' })
    await give(BigInt(randomInt(1, CALL_MICROS * CALLS_OF_A_LOT)), { source: 'promotional', expiresAt: inAMonth })
    payers.push({ userId, walletId })
  }
  let left = count
  await Promise.all(
    Array.from({ length: FILLERS }, async () => {
      while (left-- > 0) await open()
    }),
  )
  return payers
}

/** A call let in and settled through the verbs, as the chat does it, less what goes to the vendor. */
export async function runVerbs(ctx: Ctx, payer: Payer, modelId: string): Promise<void> {
  const admission = await admitOne(ctx, payer, modelId)
  await settleOne(ctx, admission)
}

function admitOne(ctx: Ctx, payer: Payer, modelId: string): Promise<Admission> {
  const turns = [{ role: 'user' as const, text: 'A question.', tokens: PROMPT_TOKENS }]
  return admit(ctx, { holdId: newId(), ...payer, modelId, turns })
}

function settleOne(ctx: Ctx, admission: Admission) {
  const usage = {
    inputTokens: PROMPT_TOKENS,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: OUTPUT_TOKENS,
    reasoningTokens: 0,
  }
  const result: RunResult = {
    outcome: 'completed',
    errorCode: null,
    usage,
    usageSource: 'reported',
    quarantinedUsage: null,
    vendorUsage: usage,
    channelId: null,
    vendor: null,
    vendorRequestId: 'bench',
    firstTokenMs: 300,
    durationMs: 4_000,
  }
  return settle(ctx, { admission, result, usageRecordId: newId(), conversationId: newId(), messageId: newId() })
}

type Statement = { text: string; values: unknown[] }

/**
 * Takes the two statements that move credits in a call from one that goes through the verbs: what is measured is what
 * production sends, and stays so when a verb changes.
 * @returns what sends them for any payer: hold with admission, capture with usage record, each with its own commit
 */
export async function recordStatements(
  database: TestDatabase,
  payer: Payer,
  modelId: string,
): Promise<{ runPair(pool: pg.Pool, payer: Payer): Promise<void> }> {
  const seen: Statement[] = []
  const db = database.db
  const restore = new Map<pg.PoolClient, () => void>()
  const listen = (client: pg.PoolClient) => {
    if (restore.has(client)) return
    const send = client.query
    client.query = ((...args: unknown[]) => {
      const [config, values] = args as [Partial<Statement> | string, unknown[] | undefined]
      if (typeof config !== 'string')
        seen.push({ ...config, text: config.text ?? '', values: config.values ?? values ?? [] })
      return send.apply(client, args as never)
    }) as typeof client.query
    restore.set(client, () => {
      client.query = send
    })
  }
  db.$client.on('acquire', listen)
  const ctx = systemCtx('bench', db)
  const admission = await admitOne(ctx, payer, modelId)
  const receipt = await settleOne(ctx, admission)
  db.$client.off('acquire', listen)
  for (const undo of restore.values()) undo()

  const find = (name: string) => {
    const found = seen.filter(({ text }) => text.includes(`${name}(`))
    if (found.length !== 1) throw new Error(`expected one statement with ${name}, found ${found.length}`)
    return found[0]!
  }
  const hold = find('ledger_hold')
  const capture = find('ledger_capture')
  const runPair = async (pool: pg.Pool, { userId, walletId }: Payer) => {
    const holdId = newId()
    const ids = new Map([
      [admission.holdId, holdId],
      [payer.userId, userId],
      [payer.walletId, walletId],
      [receipt.id, newId()],
    ])
    const held = await pool.query(withIds(hold, ids))
    if (held.rowCount !== 1) throw new Error('a call was not admitted')
    const captured = await pool.query(withIds(capture, ids))
    if (captured.rowCount !== 1) throw new Error('a capture wrote no receipt')
  }
  return { runPair }
}

function withIds(statement: Statement, ids: ReadonlyMap<string, string>): Statement {
  const values = statement.values.map((value) => (typeof value === 'string' ? (ids.get(value) ?? value) : value))
  return { ...statement, values }
}

/** One of them, by chance. */
export function anyOf<T>(items: readonly T[]): T {
  return items[randomInt(items.length)]!
}
