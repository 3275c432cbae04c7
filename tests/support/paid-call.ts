import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import { usageRecords } from '#db/schema/index.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  type Admission,
  type AdmitInput,
  admit,
  type Receipt,
  type RunLimits,
  type RunResult,
  run,
  settle,
} from '#lib/inference/index.ts'
import { findWallet, HOUSE, openWallet, postTransfer, type Wallet } from '#lib/ledger/index.ts'
import { addChannel, type SetModelInput, setModel } from '#lib/models/index.ts'

/** Somebody with credits: their context and wallet. */
export type Payer = { ctx: UserCtx; userId: string; walletId: string; wallet(): Promise<Wallet> }

/** Makes a person with a wallet of so many micro-credits. */
export async function createPayer(db: Database, micros = 10_000_000n): Promise<Payer> {
  const userId = newId()
  const system = systemCtx('test', db)
  await db.execute(sql`INSERT INTO users (id, email, name) VALUES (${userId}, ${`${userId}@example.test`}, 'Test')`)
  const walletId = await openWallet(system, { ownerType: 'user', ownerId: userId })
  if (micros > 0n) {
    await postTransfer(system, {
      kind: 'grant',
      debitAccountId: HOUSE.promotions,
      creditAccountId: walletId,
      amountMicros: micros,
      idempotencyKey: `test:${userId}`,
      lot: { source: 'promotional' },
    })
  }
  const ctx: UserCtx = { db, actor: { type: 'user', userId, role: 'user', sessionId: newId() } }
  return { ctx, userId, walletId, wallet: async () => (await findWallet(ctx, { ownerType: 'user', ownerId: userId }))! }
}

/** Adds a channel to a vendor at `url` that carries nothing yet. @returns its name */
export async function createChannel(
  db: Database,
  url: string,
  fields: { key?: string; priority?: number; vendor?: string; proxy?: string } = {},
): Promise<string> {
  const name = `channel-${newId()}`
  await addChannel(systemCtx('test', db), {
    name,
    vendor: 'test',
    baseUrl: url,
    key: 'sk-test',
    ownNetwork: true,
    models: [],
    ...fields,
  })
  return name
}

/** A model at 1 credit per million tokens in, 0.1 cached, 4 out; it costs us half. @returns its id */
export async function createPricedModel(
  db: Database,
  channels: string[],
  fields: Partial<SetModelInput> = {},
): Promise<string> {
  const id = `model-${newId()}`
  const price = { input: '1', cached: '0.1', output: '4', costInput: '0.5', costCached: '0.05', costOutput: '2' }
  const limits = { contextTokens: 32_000, maxOutputTokens: 1_000, minOutput: 100, vendor: 'test' }
  for (const channel of channels.length > 0 ? channels : [undefined]) {
    await setModel(systemCtx('test', db), { id, ...price, ...limits, ...fields, channel })
  }
  return id
}

/** Lets one call in, with a prompt of 10 tokens unless told otherwise. */
export function admitCall(payer: Payer, modelId: string, fields: Partial<AdmitInput> = {}): Promise<Admission> {
  return admit(payer.ctx, {
    holdId: newId(),
    userId: payer.userId,
    walletId: payer.walletId,
    modelId,
    turns: [{ role: 'user', text: 'hi', tokens: 3 }],
    ...fields,
  })
}

export type Carried = {
  text: string
  reasoning: string
  events: number
  result: RunResult
  receipt: Receipt
  record: typeof usageRecords.$inferSelect
}

/** Runs an admitted call to its end and settles it. */
export async function carryOut(
  payer: Payer,
  admission: Admission,
  options: { signal?: AbortSignal; limits?: Partial<RunLimits>; onText?: (text: string) => void } = {},
): Promise<Carried> {
  const said = { text: '', reasoning: '', events: 0 }
  let result: RunResult | undefined
  const signal = options.signal ?? new AbortController().signal
  for await (const event of run(payer.ctx, admission, { signal, limits: options.limits })) {
    if (result) throw new Error('an event came after the end')
    if (event.type === 'end') {
      result = event.result
      continue
    }
    said[event.type] += event.text
    said.events++
    options.onText?.(said.text)
  }
  if (!result) throw new Error('no end came')
  const receipt = await settle(payer.ctx, { admission, result, usageRecordId: newId() })
  const [record] = await payer.ctx.db
    .select()
    .from(usageRecords)
    .where(sql`${usageRecords.holdId} = ${admission.holdId}`)
  return { ...said, result, receipt, record: record! }
}
