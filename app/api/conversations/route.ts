import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { listConversations } from '#lib/chat/index.ts'

const input = z.object({ cursor: z.string().optional(), limit: z.coerce.number().optional() })

/** A page of the sidebar. */
export const GET = route({ input, auth: 'user' }, (ctx, page) => listConversations(ctx, page))
