import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { eventStream } from '#app/_server/sse.ts'
import { readEvents } from '#lib/chat/index.ts'
import { parsePosition } from '#lib/chat/shared.ts'

const input = z.object({ id: z.string(), after: z.string().optional() })

/** Reads a generation from `after` (or `Last-Event-ID`) on; an unreadable position counts as none. */
export const GET = route({ input, auth: 'user' }, async (ctx, { id, after }, request) => {
  const position = parsePosition(request.headers.get('last-event-id') ?? after ?? '')
  return eventStream(await readEvents(ctx, { generationId: id, after: position ?? undefined }))
})
