import { formatFrame, type StartFrame, type StreamFrame } from '#lib/chat/shared.ts'
import { singleton } from '#lib/singleton.ts'

/** Shorter than the idle limits of proxies on the way. */
const HEARTBEAT_MS = 10_000

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Without `no-transform` Next compresses the stream and holds small events back.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

const encoder = new TextEncoder()
const HEARTBEAT = encoder.encode(': \n\n')

/** One timer for the open streams of the process. */
const heart = () =>
  singleton('sse-heart', () => ({ beats: new Set<() => void>(), timer: null as NodeJS.Timeout | null }))

/**
 * Sends frames as server-sent events, each only when the client has room for it: a client that stops reading holds one
 * frame back and no more. A client that leaves ends the iteration.
 * @param first sent before the frames
 */
export function eventStream(frames: AsyncIterable<StreamFrame>, first?: StartFrame): Response {
  const iterator = frames[Symbol.asyncIterator]()
  let beat: () => void = () => undefined
  let isQuiet = true
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (first) controller.enqueue(encoder.encode(formatFrame(first)))
      beat = () => {
        if (isQuiet && (controller.desiredSize ?? 0) > 0) controller.enqueue(HEARTBEAT)
        isQuiet = true
      }
      startBeating(beat)
    },
    async pull(controller) {
      try {
        const next = await iterator.next()
        if (isCancelled) return
        isQuiet = false
        if (!next.done) {
          controller.enqueue(encoder.encode(formatFrame(next.value)))
          return
        }
        stopBeating(beat)
        controller.close()
      } catch (error) {
        stopBeating(beat)
        controller.error(error)
      }
    },
    async cancel() {
      isCancelled = true
      stopBeating(beat)
      await iterator.return?.()
    },
  })
  return new Response(body, { headers: HEADERS })
}

function startBeating(beat: () => void): void {
  const state = heart()
  state.beats.add(beat)
  state.timer ??= setInterval(() => {
    for (const each of state.beats) each()
  }, HEARTBEAT_MS).unref()
}

function stopBeating(beat: () => void): void {
  const state = heart()
  state.beats.delete(beat)
  if (state.beats.size > 0 || !state.timer) return
  clearInterval(state.timer)
  state.timer = null
}
