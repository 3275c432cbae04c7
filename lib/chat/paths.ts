import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { findReceipts } from '#lib/inference/index.ts'
import { idInput } from './ids.ts'
import type { GenerationStatus, PathMessage } from './shared.ts'

const PAGE_MAX = 100
/** Retries of one message that are listed; nobody compares more. */
const SIBLINGS_MAX = 200

const listPathInput = z.object({
  conversationId: idInput,
  /** The page ends before this message; absent for the end of the path that is shown. */
  beforeMessageId: idInput.optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(30),
})

export type MessagePage = { messages: PathMessage[]; hasMore: boolean }

type Row = {
  id: string
  parent_id: string | null
  role: 'user' | 'assistant'
  text: string
  reasoning: string
  model_id: string | null
  created_at: string
  sibling_ids: string[]
  generation_id: string | null
  status: GenerationStatus | null
  error_code: string | null
  hold_id: string | null
}

/**
 * A page of the path through a conversation, oldest first: the messages that end at its head, or before a message.
 * @returns `hasMore` when older messages exist
 * @throws {AppError} `not_found` for a conversation or message that is not there, or in the bin
 */
export async function listPath(ctx: Ctx, input: z.input<typeof listPathInput>): Promise<MessagePage> {
  const { conversationId, beforeMessageId, limit } = listPathInput.parse(input)
  const { userId } = requireUser(ctx)
  const start = beforeMessageId
    ? sql`SELECT b.parent_id FROM messages b
        WHERE b.user_id = ${userId} AND b.id = ${beforeMessageId} AND b.conversation_id = c.id`
    : sql`SELECT c.head_message_id`
  const result = await ctx.db.execute<Row | { id: null }>(sql`
    WITH RECURSIVE conversation AS (
      SELECT c.id, leaf.id AS leaf_id FROM conversations c
      CROSS JOIN LATERAL (${start}) AS leaf(id)
      WHERE c.user_id = ${userId} AND c.id = ${conversationId} AND c.deleted_at IS NULL
    ), path AS (
      SELECT m.id, m.parent_id, 1 AS depth FROM conversation JOIN messages m
        ON m.user_id = ${userId} AND m.id = conversation.leaf_id AND m.conversation_id = ${conversationId}
      UNION ALL
      SELECT m.id, m.parent_id, path.depth + 1 FROM path JOIN messages m
        ON m.user_id = ${userId} AND m.id = path.parent_id AND m.conversation_id = ${conversationId}
      WHERE path.depth <= ${limit}
    )
    SELECT m.id, m.parent_id, m.role, m.text, m.reasoning, m.model_id, m.created_at, siblings.ids AS sibling_ids,
      m.generation_id, g.status, g.error_code, g.hold_id
    FROM conversation LEFT JOIN path ON true
    LEFT JOIN messages m ON m.user_id = ${userId} AND m.id = path.id
    LEFT JOIN generations g ON g.user_id = ${userId} AND g.id = m.generation_id
    LEFT JOIN LATERAL (
      SELECT array_agg(s.id ORDER BY s.id) AS ids FROM (${siblingsOf(userId, conversationId)}) s
    ) siblings ON true
    ORDER BY path.depth DESC`)
  if (result.rows.length === 0) throw new AppError('not_found')
  const rows = result.rows.filter((row): row is Row => row.id !== null)
  const shown = rows.slice(-limit)
  const holdIds = shown.flatMap((row) => (row.hold_id && row.status !== 'running' ? [row.hold_id] : []))
  const receipts = await findReceipts(ctx, { holdIds })
  return {
    hasMore: rows.length > limit,
    messages: shown.map((row) => ({
      id: row.id,
      parentId: row.parent_id,
      role: row.role,
      text: row.text,
      reasoning: row.reasoning,
      modelId: row.model_id,
      createdAt: new Date(row.created_at).toISOString(),
      siblingIds: row.sibling_ids,
      generation:
        row.generation_id && row.status
          ? { id: row.generation_id, status: row.status, errorCode: row.error_code }
          : null,
      receipt: (row.hold_id && receipts.get(row.hold_id)) || null,
    })),
  }
}

/** The first messages of a conversation have no parent to look them up by, so each kind has its own index. */
function siblingsOf(userId: string, conversationId: string) {
  return sql`
    (SELECT s.id FROM messages s
      WHERE m.parent_id IS NOT NULL AND s.user_id = ${userId} AND s.parent_id = m.parent_id
      ORDER BY s.id LIMIT ${SIBLINGS_MAX})
    UNION ALL
    (SELECT s.id FROM messages s
      WHERE m.parent_id IS NULL AND s.user_id = ${userId} AND s.conversation_id = ${conversationId} AND s.parent_id IS NULL
      ORDER BY s.id LIMIT ${SIBLINGS_MAX})`
}

const showBranchInput = z.object({ conversationId: idInput, messageId: idInput })

/**
 * Makes the branch through a message the path that its conversation shows: down to the newest answer below it.
 * @throws {AppError} `not_found`
 */
export async function showBranch(ctx: Ctx, input: z.input<typeof showBranchInput>): Promise<{ headMessageId: string }> {
  const { conversationId, messageId } = showBranchInput.parse(input)
  const { userId } = requireUser(ctx)
  const result = await ctx.db.execute<{ head_message_id: string }>(sql`
    WITH RECURSIVE branch AS (
      SELECT m.id, 1 AS depth FROM messages m
      WHERE m.user_id = ${userId} AND m.id = ${messageId} AND m.conversation_id = ${conversationId}
      UNION ALL
      SELECT newest.id, branch.depth + 1 FROM branch CROSS JOIN LATERAL (
        SELECT m.id FROM messages m WHERE m.user_id = ${userId} AND m.parent_id = branch.id ORDER BY m.id DESC LIMIT 1
      ) newest
    )
    UPDATE conversations c SET head_message_id = leaf.id
    FROM (SELECT id FROM branch ORDER BY depth DESC LIMIT 1) leaf
    WHERE c.user_id = ${userId} AND c.id = ${conversationId} AND c.deleted_at IS NULL
    RETURNING c.head_message_id`)
  const row = result.rows[0]
  if (!row) throw new AppError('not_found')
  return { headMessageId: row.head_message_id }
}
