import { z } from 'zod'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { countTokens, type Quote, quote } from '#lib/inference/index.ts'
import { readHistory } from './history.ts'
import { idInput } from './ids.ts'
import { checkMessageText } from './message-text.ts'
import { modelIdInput, requireFinishedAnswer } from './start-generation.ts'

export const quoteMessageInput = z.object({
  /** Absent for a conversation that does not exist yet. */
  conversationId: idInput.optional(),
  /** The answer the message would follow; null for the first of a conversation. */
  parentId: idInput.nullable(),
  text: z.string(),
  modelId: modelIdInput,
})

export type QuoteMessageInput = z.input<typeof quoteMessageInput>

/**
 * What a message would cost if it were sent now: what would be held for it, how much of that is the old context, and
 * whether it would be refused. Changes nothing.
 * @throws {AppError} `message_empty`, `message_too_large`, `invalid_input`, `not_found` (parent or conversation),
 *   `conflict` (the parent is still being written)
 */
export async function quoteMessage(ctx: Ctx, input: QuoteMessageInput): Promise<Quote> {
  const { conversationId, parentId, text, modelId } = quoteMessageInput.parse(input)
  checkMessageText(text)
  const { userId } = requireUser(ctx)
  const [history, tokens] = await Promise.all([
    parentId
      ? readHistory(ctx, { userId, leafId: parentId, leaf: 'told', conversationId, modelId, forQuote: true })
      : null,
    countTokens(text),
  ])
  if (parentId && !history) throw new AppError('not_found', { message: 'parent' })
  if (history) requireFinishedAnswer(history.leaf)
  const turns = [...(history?.turns ?? []), { role: 'user' as const, text: '', tokens }]
  return quote(ctx, { userId, modelId, turns, terms: history?.terms })
}
