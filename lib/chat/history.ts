import { sql } from 'drizzle-orm'
import type { Ctx } from '#lib/ctx.ts'
import { type PromptTurn, type StoredTerms, termsQuery } from '#lib/inference/index.ts'
import type { GenerationStatus } from './shared.ts'

/** Longest path that is walked; a conversation beyond it loses its oldest messages from the prompt. */
const PATH_MESSAGES_MAX = 10_000

export type LeafOfHistory = {
  role: 'user' | 'assistant'
  parentId: string | null
  conversationId: string
  modelId: string | null
  /** Of the run that fills it; null for what a person wrote. */
  status: GenerationStatus | null
}

export type History = {
  leaf: LeafOfHistory
  turns: PromptTurn[]
  /** On what terms the model may be called now, for `admit` and `quote`: read in the same statement. */
  terms: StoredTerms
}

/**
 * What a model is told: the path from a message up to the first of its conversation, oldest first. Messages that
 * cannot fit the model's context any more come without their text, only to be counted as left out.
 * @param input.leaf whether the leaf is told too, or is an answer to be replaced, which then takes no room
 * @param input.modelId the model that is to be told; that of the leaf unless given
 * @param input.forQuote the sizes of the turns without their texts, and terms that a quote can be made on
 * @returns null when there is no such message of this person's
 */
export async function readHistory(
  ctx: Ctx,
  input: {
    userId: string
    leafId: string
    leaf: 'told' | 'replaced'
    conversationId?: string
    modelId?: string
    forQuote?: boolean
  },
): Promise<History | null> {
  const isReplaced = input.leaf === 'replaced'
  const modelId = sql`coalesce(${input.modelId ?? null}, (
    SELECT m.model_id FROM messages m WHERE m.user_id = ${input.userId} AND m.id = ${input.leafId}))`
  const result = await ctx.db.execute<{
    role: 'user' | 'assistant'
    text: string
    tokens: number
    parent_id: string | null
    conversation_id: string
    model_id: string | null
    status: GenerationStatus | null
    is_said: boolean
    terms: StoredTerms
  }>(sql`
    WITH RECURSIVE terms AS MATERIALIZED (${termsQuery({ userId: input.userId, modelId, forQuote: input.forQuote })}), path AS (
      SELECT m.id, m.parent_id, m.conversation_id, coalesce(m.tokens, octet_length(m.text)) AS tokens,
        CASE WHEN ${isReplaced} THEN 0 ELSE coalesce(m.tokens, octet_length(m.text)) END::bigint AS total, 1 AS depth
      FROM messages m
      WHERE m.user_id = ${input.userId} AND m.id = ${input.leafId}
        AND m.conversation_id = coalesce(${input.conversationId ?? null}::uuid, m.conversation_id)
      UNION ALL
      SELECT m.id, m.parent_id, m.conversation_id, coalesce(m.tokens, octet_length(m.text)),
        path.total + coalesce(m.tokens, octet_length(m.text)), path.depth + 1
      FROM path JOIN messages m
        ON m.user_id = ${input.userId} AND m.id = path.parent_id AND m.conversation_id = path.conversation_id
      WHERE path.depth < ${PATH_MESSAGES_MAX}
    )
    SELECT m.role, path.tokens, m.parent_id, m.conversation_id, m.model_id, m.text <> '' AS is_said,
      CASE WHEN ${!input.forQuote} AND path.total <= terms.context_tokens THEN m.text ELSE '' END AS text,
      CASE WHEN path.depth = 1 THEN terms.terms END AS terms,
      CASE WHEN path.depth = 1 THEN (
        SELECT g.status FROM generations g WHERE g.user_id = ${input.userId} AND g.id = m.generation_id
      ) END AS status
    FROM path LEFT JOIN terms ON true
    JOIN messages m ON m.user_id = ${input.userId} AND m.id = path.id
    ORDER BY path.depth DESC`)
  const last = result.rows.at(-1)
  if (!last) return null
  const leaf: LeafOfHistory = {
    role: last.role,
    parentId: last.parent_id,
    conversationId: last.conversation_id,
    modelId: last.model_id,
    status: last.status,
  }
  const told = isReplaced ? result.rows.slice(0, -1) : result.rows
  // An answer that failed before it said anything is no turn.
  const turns = told.filter((row) => row.is_said).map(({ role, text, tokens }) => ({ role, text, tokens }))
  return { leaf, turns, terms: last.terms }
}
