import { route } from '#app/_server/route.ts'
import { eventStream } from '#app/_server/sse.ts'
import { readEvents, startGeneration, startGenerationInput } from '#lib/chat/index.ts'

/** Sends a message: its answer as an event stream that starts with what the message became. */
export const POST = route({ input: startGenerationInput, auth: 'user' }, async (ctx, input) => {
  const started = await startGeneration(ctx, input)
  const frames = await readEvents(ctx, { generationId: started.generationId })
  return eventStream(frames, { type: 'start', ...started })
})
