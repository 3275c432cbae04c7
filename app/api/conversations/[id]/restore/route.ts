import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { restoreConversation } from '#lib/chat/index.ts'

export const POST = route({ input: z.object({ id: z.string() }), auth: 'user' }, async (ctx, { id }) => {
  await restoreConversation(ctx, { conversationId: id })
  return { ok: true }
})
