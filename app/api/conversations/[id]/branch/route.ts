import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { showBranch } from '#lib/chat/index.ts'

/** Shows the branch through a message from now on. */
export const POST = route(
  { input: z.object({ id: z.string(), messageId: z.string() }), auth: 'user' },
  (ctx, { id, messageId }) => showBranch(ctx, { conversationId: id, messageId }),
)
