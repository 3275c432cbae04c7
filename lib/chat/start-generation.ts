import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from '#db/client.ts'
import { canonicalJson, equalBytes, sha256 } from '#lib/crypto.ts'
import { type Ctx, inTransaction, requireUser } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import {
  type Admission,
  admit,
  countTokens,
  type PromptTurn,
  type StoredTerms,
  workerId,
} from '#lib/inference/index.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { log } from '#lib/log.ts'
import { type LeafOfHistory, readHistory } from './history.ts'
import { idInput } from './ids.ts'
import { type LiveRunIdentity, liveRuns } from './live-runs.ts'
import { checkMessageText, titleOf } from './message-text.ts'
import { perDatabase } from './per-database.ts'
import { runDetached } from './run-generation.ts'
import type { StartFrame } from './shared.ts'

export const modelIdInput = z.string().regex(/^[^\p{Cc}]{1,200}$/u)

export const startGenerationInput = z.object({
  /** Made by the client, new for each message a person sends: the same again is the same generation. */
  requestId: idInput,
  /** Made by the client too: a new id is a new conversation. */
  conversationId: idInput,
  /** The answer this message follows; null for the first of a conversation. */
  parentId: idInput.nullable(),
  text: z.string(),
  modelId: modelIdInput,
})

export const retryGenerationInput = z.object({
  requestId: idInput,
  /** The answer to replace; it stays, and the new one is its sibling. */
  messageId: idInput,
  /** Another model than that of the answer. */
  modelId: modelIdInput.optional(),
})

export type StartGenerationInput = z.input<typeof startGenerationInput>
export type RetryGenerationInput = z.input<typeof retryGenerationInput>

/** What a request became: its generation and messages. */
export type StartedGeneration = Omit<StartFrame, 'type'>

/**
 * Stores a person's message with an empty answer, reserves what the answer may cost, and sets its run going; the run
 * goes on without the caller. Nothing goes to a vendor before all this is committed.
 * @returns the generation; `replayed` when the same request had been made before
 * @throws {AppError} `message_empty`, `message_too_large`, `invalid_input`, `not_found` (parent or conversation),
 *   `conflict` (another request under this id, or the parent is still being written), `shutting_down`, and what
 *   `admit` refuses: then nothing was stored
 */
export async function startGeneration(ctx: Ctx, input: StartGenerationInput): Promise<StartedGeneration> {
  const request = startGenerationInput.parse(input)
  checkMessageText(request.text)
  const { userId } = requireUser(ctx)
  const { requestId, ...body } = request
  const [history, tokens] = await Promise.all([
    request.parentId
      ? readHistory(ctx, {
          userId,
          leafId: request.parentId,
          leaf: 'told',
          conversationId: request.conversationId,
          modelId: request.modelId,
        })
      : null,
    countTokens(request.text),
  ])
  if (request.parentId && !history) throw new AppError('not_found', { message: 'parent' })
  if (history) requireFinishedAnswer(history.leaf)

  const ids = { generationId: newId(), userMessageId: newId(), assistantMessageId: newId(), holdId: newId() }
  const turns: PromptTurn[] = [...(history?.turns ?? []), { role: 'user', text: request.text, tokens }]
  const insertMessages = sql`
    conversation AS (
      INSERT INTO conversations AS c (user_id, id, title, head_message_id, model_id)
      VALUES (${userId}, ${request.conversationId}, ${titleOf(request.text)}, ${ids.assistantMessageId}, ${request.modelId})
      ON CONFLICT (user_id, id) DO UPDATE
        SET head_message_id = excluded.head_message_id, model_id = excluded.model_id, active_at = now()
        WHERE c.deleted_at IS NULL
      RETURNING c.id
    ), question AS (
      INSERT INTO messages (user_id, id, conversation_id, parent_id, role, text, tokens)
      SELECT ${userId}, ${ids.userMessageId}, conversation.id, ${request.parentId}::uuid, 'user', ${request.text}, ${tokens}
      FROM conversation
      WHERE ${request.parentId}::uuid IS NULL OR EXISTS (
        SELECT 1 FROM messages p WHERE p.user_id = ${userId} AND p.id = ${request.parentId}::uuid
          AND p.conversation_id = conversation.id AND p.role = 'assistant')
      RETURNING id, conversation_id
    )`
  return begin(ctx, {
    ...ids,
    requestId,
    requestHash: sha256(canonicalJson({ verb: 'start', ...body })),
    userId,
    conversationId: request.conversationId,
    modelId: request.modelId,
    turns,
    terms: history?.terms,
    insertMessages,
    isRetry: false,
  })
}

/**
 * Answers the same message once more: the new answer is a sibling of the given one, which stays.
 * @returns the generation; `userMessageId` is null, as no message of the person's was made
 * @throws {AppError} as `startGeneration`; `not_found` when there is no such answer
 */
export async function retryGeneration(ctx: Ctx, input: RetryGenerationInput): Promise<StartedGeneration> {
  const request = retryGenerationInput.parse(input)
  const { userId } = requireUser(ctx)
  const { requestId, ...body } = request
  const { messageId: leafId, modelId: otherModelId } = request
  const history = await readHistory(ctx, { userId, leafId, leaf: 'replaced', modelId: otherModelId })
  if (!history?.leaf.parentId) throw new AppError('not_found')
  requireFinishedAnswer(history.leaf)
  const { conversationId, parentId } = history.leaf
  const modelId = otherModelId ?? history.leaf.modelId
  invariant(modelId, 'an answer has a model')

  const ids = { generationId: newId(), userMessageId: null, assistantMessageId: newId(), holdId: newId() }
  const insertMessages = sql`
    conversation AS (
      UPDATE conversations SET head_message_id = ${ids.assistantMessageId}, model_id = ${modelId}, active_at = now()
      WHERE user_id = ${userId} AND id = ${conversationId} AND deleted_at IS NULL
      RETURNING id
    ), question AS (
      SELECT m.id, m.conversation_id FROM messages m JOIN conversation ON conversation.id = m.conversation_id
      WHERE m.user_id = ${userId} AND m.id = ${parentId} AND m.role = 'user'
    )`
  return begin(ctx, {
    ...ids,
    requestId,
    requestHash: sha256(canonicalJson({ verb: 'retry', ...body })),
    userId,
    conversationId,
    modelId,
    turns: history.turns,
    terms: history.terms,
    insertMessages,
    isRetry: true,
  })
}

/** @throws {AppError} `not_found` for what is no answer, `conflict` for one that is still being written */
export function requireFinishedAnswer(leaf: LeafOfHistory): void {
  if (leaf.role !== 'assistant') throw new AppError('not_found', { message: 'not an answer' })
  if (leaf.status === 'running') throw new AppError('conflict', { message: 'the answer is still being written' })
}

type Beginning = {
  generationId: string
  userMessageId: string | null
  assistantMessageId: string
  holdId: string
  requestId: string
  requestHash: Buffer
  userId: string
  conversationId: string
  modelId: string
  turns: PromptTurn[]
  /** As read with the history; a first message has none. */
  terms: StoredTerms | undefined
  /** CTEs `conversation` and `question`: what the empty answer hangs on; no row of `question` is a miss. */
  insertMessages: ReturnType<typeof sql>
  isRetry: boolean
}

/** The transaction refuses, so that all of it is undone; the request turned out to be known. */
class KnownRequest extends Error {}

async function begin(ctx: Ctx, beginning: Beginning): Promise<StartedGeneration> {
  const db = rootDatabase(ctx)
  if (liveRuns(db).draining) throw new AppError('shutting_down')
  const walletId = await getWalletId(ctx, db, beginning.userId)
  const { holdId, userId, modelId, turns, terms } = beginning
  let admitted: Admission | null = null
  const admission = await inTransaction(ctx, async (tx) => {
    await insertGeneration(tx, beginning)
    admitted = await admit(tx, { holdId, userId, walletId, modelId, turns, terms })
    return admitted
  }).catch(async (error: unknown) => {
    if (error instanceof KnownRequest) return null
    // With the admission at hand only the commit's answer is missing: the database may have done it.
    if (admitted && (await wasCommitted(ctx, beginning))) return admitted
    throw error
  })
  if (!admission) return findStarted(ctx, beginning)

  const identity: LiveRunIdentity = {
    userId: beginning.userId,
    generationId: beginning.generationId,
    conversationId: beginning.conversationId,
    messageId: beginning.assistantMessageId,
    holdId: beginning.holdId,
    epoch: 1,
  }
  runDetached({ db, actor: ctx.actor }, identity, admission)
  const { generationId, conversationId, userMessageId, assistantMessageId } = beginning
  return { generationId, conversationId, userMessageId, assistantMessageId, replayed: false }
}

const COMMIT_CHECKS = 6
const FIRST_CHECK_MS = 100

/**
 * Whether a start is there although its commit was never acknowledged; asks for some seconds while the database is
 * away. What is not found by then and comes up nevertheless is ended as stray.
 */
async function wasCommitted(ctx: Ctx, { userId, generationId }: Beginning): Promise<boolean> {
  for (let check = 0; check < COMMIT_CHECKS; check++) {
    await wait(FIRST_CHECK_MS * 2 ** check)
    try {
      const found = await ctx.db.execute(sql`
        SELECT 1 FROM generations WHERE user_id = ${userId} AND id = ${generationId} AND status = 'running'`)
      return found.rows.length > 0
    } catch (error) {
      log.warn({ err: error, generationId }, 'asking whether a start was committed failed')
    }
  }
  return false
}

async function insertGeneration(ctx: Ctx, beginning: Beginning): Promise<void> {
  const { userId, generationId, assistantMessageId, modelId } = beginning
  const result = await ctx.db.execute<{ answers: bigint; generations: bigint }>(sql`
    WITH ${beginning.insertMessages}, answer AS (
      INSERT INTO messages (user_id, id, conversation_id, parent_id, role, text, model_id, generation_id)
      SELECT ${userId}, ${assistantMessageId}, question.conversation_id, question.id, 'assistant', '', ${modelId}, ${generationId}
      FROM question
      RETURNING id, conversation_id
    ), generation AS (
      INSERT INTO generations (
        user_id, id, request_id, request_hash, conversation_id, message_id, model_id, hold_id, running_worker_id)
      SELECT ${userId}, ${generationId}, ${beginning.requestId}, ${beginning.requestHash}, answer.conversation_id, answer.id,
        ${modelId}, ${beginning.holdId}, ${workerId()}
      FROM answer
      ON CONFLICT (user_id, request_id) DO NOTHING
      RETURNING id
    )
    SELECT (SELECT count(*) FROM answer) AS answers, (SELECT count(*) FROM generation) AS generations`)
  const { answers, generations } = result.rows[0]!
  if (answers === 0n) throw new AppError('not_found')
  if (generations === 0n) throw new KnownRequest()
}

async function findStarted(
  ctx: Ctx,
  { userId, requestId, requestHash, isRetry }: Beginning,
): Promise<StartedGeneration> {
  const result = await ctx.db.execute<{
    id: string
    request_hash: Buffer
    conversation_id: string
    message_id: string
    parent_id: string
  }>(sql`
    SELECT g.id, g.request_hash, g.conversation_id, g.message_id, m.parent_id
    FROM generations g JOIN messages m ON m.user_id = g.user_id AND m.id = g.message_id
    WHERE g.user_id = ${userId} AND g.request_id = ${requestId}`)
  const row = result.rows[0]
  if (!row || !equalBytes(row.request_hash, requestHash)) throw new AppError('conflict')
  return {
    generationId: row.id,
    conversationId: row.conversation_id,
    userMessageId: isRetry ? null : row.parent_id,
    assistantMessageId: row.message_id,
    replayed: true,
  }
}

/** Wallets never change hands, so a person's is looked up once. */
const walletIds = perDatabase('wallet-ids', () => new Map<string, string>())
const WALLET_IDS_MAX = 10_000

async function getWalletId(ctx: Ctx, db: Database, userId: string): Promise<string> {
  const known = walletIds(db)
  const knownId = known.get(userId)
  if (knownId) return knownId
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  invariant(wallet, 'a person has a wallet')
  if (known.size >= WALLET_IDS_MAX) known.clear()
  known.set(userId, wallet.id)
  return wallet.id
}

/** A run outlives its request, so it cannot be set going inside a transaction that may yet be undone. */
function rootDatabase(ctx: Ctx): Database {
  invariant('$client' in ctx.db, 'a generation starts outside of any transaction')
  return ctx.db as Database
}
