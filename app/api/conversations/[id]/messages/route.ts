import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { renderMessages } from '#app/(chat)/_thread/render-messages.ts'
import { listPath } from '#lib/chat/index.ts'
import { isId } from '#lib/id.ts'

const id = z.string().refine(isId)

/** A page of a conversation's path with its answers as HTML: the end of it, or what lies before a message. */
export const GET = route({ input: z.object({ id, before: id.optional() }), auth: 'user' }, async (ctx, input) => {
  const { messages, hasMore } = await listPath(ctx, { conversationId: input.id, beforeMessageId: input.before })
  return { messages: await renderMessages(messages), hasMore }
})
