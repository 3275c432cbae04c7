import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { pageOf } from '#lib/page.ts'
import { idInput } from './ids.ts'
import type { ConversationSummary } from './shared.ts'

const PAGE_MAX = 50

/** Where a page ended: the instant as PostgreSQL writes it, which is finer than a Date, and the id. */
const cursorFields = z.tuple([
  z
    .string()
    .regex(/^[1-9]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/)
    .refine(isOnCalendar, 'is no instant'),
  idInput,
])

/** A Date takes 31 February for a day in March; PostgreSQL refuses it. */
function isOnCalendar(instant: string): boolean {
  const date = new Date(`${instant.slice(0, 10)}T${instant.slice(11, 19)}Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(instant.slice(0, 10))
}

const cursorInput = z
  .string()
  .max(200)
  .transform((text, context) => {
    try {
      const fields = cursorFields.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString()))
      if (fields.success) return fields.data
    } catch {
      // Not JSON: reported below like any other text that is no cursor.
    }
    context.addIssue({ code: 'custom', message: 'is not a cursor' })
    return z.NEVER
  })

const listConversationsInput = z.object({
  cursor: cursorInput.optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_MAX),
})

export type ConversationPage = { items: ConversationSummary[]; nextCursor: string | null }

/** A page of the person's conversations, the one written to last first; what is in the bin is left out. */
export async function listConversations(
  ctx: Ctx,
  input: z.input<typeof listConversationsInput> = {},
): Promise<ConversationPage> {
  const { cursor, limit } = listConversationsInput.parse(input)
  const { userId } = requireUser(ctx)
  const afterCursor = cursor
    ? sql`AND c.active_at <= ${cursor[0]}::timestamptz AND (c.active_at < ${cursor[0]}::timestamptz OR c.id > ${cursor[1]})`
    : sql``
  const result = await ctx.db.execute<{
    id: string
    title: string
    active_at: string
    instant: string
    running: boolean
  }>(sql`
    SELECT c.id, c.title, c.active_at, (c.active_at AT TIME ZONE 'UTC')::text || '+00' AS instant,
      EXISTS (
        SELECT 1 FROM generations g
        WHERE g.running_worker_id IS NOT NULL AND g.user_id = ${userId} AND g.conversation_id = c.id
      ) AS running
    FROM conversations c
    WHERE c.user_id = ${userId} AND c.deleted_at IS NULL ${afterCursor}
    ORDER BY c.active_at DESC, c.id
    LIMIT ${limit + 1}`)
  const { items, next } = pageOf(result.rows, limit, ({ instant, id }) =>
    Buffer.from(JSON.stringify([instant, id])).toString('base64url'),
  )
  return {
    items: items.map((row) => ({
      id: row.id,
      title: row.title,
      activeAt: new Date(row.active_at).toISOString(),
      running: row.running,
    })),
    nextCursor: next,
  }
}

const conversationInput = z.object({ conversationId: idInput })

export type Conversation = { id: string; title: string; modelId: string | null; headMessageId: string | null }

/**
 * One conversation of the person's.
 * @throws {AppError} `not_found`, also while it is in the bin
 */
export async function getConversation(ctx: Ctx, input: z.input<typeof conversationInput>): Promise<Conversation> {
  const { conversationId } = conversationInput.parse(input)
  const { userId } = requireUser(ctx)
  const result = await ctx.db.execute<{
    id: string
    title: string
    model_id: string | null
    head_message_id: string | null
  }>(sql`
    SELECT id, title, model_id, head_message_id FROM conversations
    WHERE user_id = ${userId} AND id = ${conversationId} AND deleted_at IS NULL`)
  const row = result.rows[0]
  if (!row) throw new AppError('not_found')
  return { id: row.id, title: row.title, modelId: row.model_id, headMessageId: row.head_message_id }
}

const renameConversationInput = z.object({
  conversationId: idInput,
  title: z
    .string()
    .trim()
    .min(1)
    .refine((title) => Array.from(title).length <= 200, 'is longer than 200 characters')
    .refine((title) => title.isWellFormed() && !title.includes('\0'), 'is not text'),
})

/** @throws {AppError} `not_found`, also while it is in the bin */
export async function renameConversation(ctx: Ctx, input: z.input<typeof renameConversationInput>): Promise<void> {
  const { conversationId, title } = renameConversationInput.parse(input)
  const { userId } = requireUser(ctx)
  const result = await ctx.db.execute(sql`
    UPDATE conversations SET title = ${title}
    WHERE user_id = ${userId} AND id = ${conversationId} AND deleted_at IS NULL RETURNING id`)
  if (result.rows.length === 0) throw new AppError('not_found')
}

/**
 * Puts a conversation into the bin; a repetition changes nothing. An answer that runs in it goes on to its end.
 * @throws {AppError} `not_found`
 */
export async function deleteConversation(ctx: Ctx, input: z.input<typeof conversationInput>): Promise<void> {
  const { conversationId } = conversationInput.parse(input)
  const { userId } = requireUser(ctx)
  const result = await ctx.db.execute(sql`
    UPDATE conversations SET deleted_at = coalesce(deleted_at, now())
    WHERE user_id = ${userId} AND id = ${conversationId} RETURNING id`)
  if (result.rows.length === 0) throw new AppError('not_found')
}

/** Takes a conversation out of the bin; a repetition changes nothing. @throws {AppError} `not_found` */
export async function restoreConversation(ctx: Ctx, input: z.input<typeof conversationInput>): Promise<void> {
  const { conversationId } = conversationInput.parse(input)
  const { userId } = requireUser(ctx)
  const result = await ctx.db.execute(sql`
    UPDATE conversations SET deleted_at = NULL
    WHERE user_id = ${userId} AND id = ${conversationId} RETURNING id`)
  if (result.rows.length === 0) throw new AppError('not_found')
}
