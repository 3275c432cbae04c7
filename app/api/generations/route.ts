import { route } from '#app/_server/route.ts'
import { eventStream } from '#app/_server/sse.ts'
import { MESSAGE_BYTES_MAX, readEvents, startGeneration, startGenerationInput } from '#lib/chat/index.ts'

// In JSON a quote or a line's end takes two bytes; beside the text there is little else.
const maxBytes = 2 * MESSAGE_BYTES_MAX + 10_000

/** Sends a message: its answer as an event stream that starts with what the message became. */
export const POST = route({ input: startGenerationInput, auth: 'user', maxBytes }, async (ctx, input) => {
  const started = await startGeneration(ctx, input)
  const frames = await readEvents(ctx, { generationId: started.generationId })
  return eventStream(frames, { type: 'start', ...started })
})
