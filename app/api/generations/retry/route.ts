import { route } from '#app/_server/route.ts'
import { eventStream } from '#app/_server/sse.ts'
import { readEvents, retryGeneration, retryGenerationInput } from '#lib/chat/index.ts'

/** Answers a message once more: the new answer as an event stream. */
export const POST = route({ input: retryGenerationInput, auth: 'user' }, async (ctx, input) => {
  const started = await retryGeneration(ctx, input)
  const frames = await readEvents(ctx, { generationId: started.generationId })
  return eventStream(frames, { type: 'start', ...started })
})
