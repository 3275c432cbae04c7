import { isDeepStrictEqual } from 'node:util'
import type { Database } from '#db/client.ts'
import { systemCtx } from '#lib/ctx.ts'
import { findReceipts } from '#lib/inference/index.ts'
import type { Told } from './client.ts'

type Generation = {
  id: string
  request_id: string
  status: string
  hold_id: string
  message_id: string
  question_id: string
  question: string
  answer: string
}

/**
 * Holds what clients were told against what is stored.
 * @returns one line for each difference
 */
export async function compareWithTold(db: Database, told: readonly Told[]): Promise<string[]> {
  const byRequest = await readGenerations(db)
  const ends = told.filter(({ ends }) => ends.length > 0)
  const receipts = await readReceipts(
    db,
    ends.map(({ requestId }) => byRequest.get(requestId)?.hold_id),
  )
  const lines: string[] = []
  for (const one of told) {
    const complain = (what: string) => lines.push(`request ${one.requestId}: ${what}`)
    const generation = byRequest.get(one.requestId)
    if (!generation) {
      if (one.starts.length > 0) complain('was acknowledged and is not stored')
      continue
    }
    for (const start of one.starts) {
      if (start.generationId !== generation.id) complain(`was told of generation ${start.generationId}`)
      if (start.assistantMessageId !== generation.message_id) complain(`was told of answer ${start.assistantMessageId}`)
      if (one.text !== null && start.userMessageId !== generation.question_id) complain('was told of another message')
    }
    if (one.text !== null && generation.question !== one.text) complain('the message is not stored as it was typed')
    for (const [index, end] of one.ends.entries()) {
      const receipt = receipts.get(generation.hold_id)
      if (end.status !== generation.status) complain(`ended as ${end.status} and is stored as ${generation.status}`)
      if (!end.receipt) complain('ended without a receipt')
      else if (!receipt) complain(`the receipt ${end.receipt.id} is not stored`)
      else
        for (const name of differingFields(end.receipt, receipt)) complain(`${name} of its receipt was told otherwise`)
      if (one.shown[index] !== generation.answer) {
        complain(`${one.shown[index]!.length} characters were read, ${generation.answer.length} are stored`)
      }
    }
  }
  return lines
}

/** What may become known only later, or be forgotten: everything else of a receipt stands for ever. */
const CHANGING = new Set(['conversationExists', 'firstTokenMs'])

function differingFields(a: object, b: object): string[] {
  const [left, right] = [toWire(a), toWire(b)]
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].filter((name) => !CHANGING.has(name) && !isDeepStrictEqual(left[name], right[name]))
}

function toWire(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>
}

async function readGenerations(db: Database): Promise<Map<string, Generation>> {
  const { rows } = await db.$client.query<Generation>(`
    SELECT g.id, g.request_id, g.status, g.hold_id, g.message_id, q.id AS question_id, q.text AS question, a.text AS answer
    FROM generations g
    JOIN messages a ON a.user_id = g.user_id AND a.id = g.message_id AND a.conversation_id = g.conversation_id
    JOIN messages q ON q.user_id = g.user_id AND q.id = a.parent_id AND q.conversation_id = g.conversation_id`)
  return new Map(rows.map((row) => [row.request_id, row]))
}

async function readReceipts(db: Database, holdIds: readonly (string | undefined)[]) {
  const ctx = systemCtx('chaos', db)
  const ids = holdIds.filter((id) => id !== undefined)
  const all: Awaited<ReturnType<typeof findReceipts>> = new Map()
  for (let from = 0; from < ids.length; from += 500) {
    for (const [id, receipt] of await findReceipts(ctx, { holdIds: ids.slice(from, from + 500) })) all.set(id, receipt)
  }
  return all
}

/**
 * Sums that must come out to the last micro-credit, whatever was killed.
 * @returns one line for each that does not
 */
export async function compareSums(db: Database): Promise<string[]> {
  const { rows } = await db.$client.query<{ what: string; expected: bigint; actual: bigint }>(`
    SELECT 'open holds' AS what, 0::bigint AS expected, count(*) AS actual FROM holds WHERE state = 'open'
    UNION ALL SELECT 'running generations', 0, count(*) FROM generations WHERE status = 'running'
    UNION ALL SELECT 'generations and their receipts', (SELECT count(*) FROM generations),
      (SELECT count(*) FROM usage_records u JOIN generations g ON g.hold_id = u.hold_id)
    UNION ALL SELECT 'ended holds and usage records', (SELECT count(*) FROM holds WHERE state <> 'open'),
      (SELECT count(*) FROM usage_records)
    UNION ALL SELECT 'captures and transfers', (SELECT count(*) FROM holds WHERE captured_micros > 0),
      (SELECT count(*) FROM transfers WHERE kind = 'usage')
    UNION ALL SELECT 'usage records and transfers, micro-credits',
      (SELECT coalesce(sum(charged_micros), 0)::bigint FROM usage_records),
      (SELECT coalesce(sum(amount_micros), 0)::bigint FROM transfers WHERE kind = 'usage')
    UNION ALL SELECT 'bad debt, micro-credits',
      (SELECT coalesce(sum(bad_debt_micros), 0)::bigint FROM usage_records),
      (SELECT coalesce(sum(amount_micros), 0)::bigint FROM transfers WHERE kind = 'bad_debt')
    UNION ALL SELECT 'wallet ' || w.id || ': granted, less charged and expired',
      (coalesce((SELECT sum(amount_micros) FROM transfers WHERE credit_account_id = w.id), 0)
        - coalesce((SELECT sum(charged_micros) FROM usage_records WHERE wallet_id = w.id), 0)
        - coalesce((SELECT sum(amount_micros) FROM transfers WHERE debit_account_id = w.id AND kind = 'expiry'), 0))::bigint,
      w.posted_micros FROM wallets w
    UNION ALL SELECT 'wallet ' || w.id || ': held', 0, w.held_micros FROM wallets w
    UNION ALL SELECT 'wallets below zero', 0, count(*) FROM wallets WHERE posted_micros < 0 OR posted_micros < held_micros`)
  return rows
    .filter(({ expected, actual }) => expected !== actual)
    .map(({ what, expected, actual }) => `${what}: expected ${expected}, found ${actual}`)
}

/** Nothing may reach a vendor that is not stored: each message begins with the id of its request. */
export async function findUnstored(db: Database, sent: readonly string[]): Promise<string[]> {
  const byRequest = await readGenerations(db)
  const stored = new Set([...byRequest.values()].map(({ question }) => question))
  return sent
    .filter((text) => !stored.has(text))
    .map((text) => `a vendor was sent a message that is not stored: ${text.slice(0, 60)}`)
}
