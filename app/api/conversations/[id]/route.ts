import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { deleteConversation, renameConversation } from '#lib/chat/index.ts'

export const PATCH = route(
  { input: z.object({ id: z.string(), title: z.string() }), auth: 'user' },
  async (ctx, { id, title }) => {
    await renameConversation(ctx, { conversationId: id, title })
    return { ok: true }
  },
)

export const DELETE = route({ input: z.object({ id: z.string() }), auth: 'user' }, async (ctx, { id }) => {
  await deleteConversation(ctx, { conversationId: id })
  return { ok: true }
})
