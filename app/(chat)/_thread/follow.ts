import { RequestFailure, reach, readFailure } from '#app/(chat)/_shell/api.ts'
import { createFrameParser, formatPosition, type Position, type WireFrame } from '#lib/chat/shared.ts'

export type Ask = { url: string; body: Record<string, unknown> }

type FollowOptions = {
  /** Asks for a new answer, or joins one that runs. */
  from: Ask | { generationId: string; after: Position | null }
  signal: AbortSignal
  onFrame: (frame: WireFrame) => void
  /** False while the connection is lost and being made again. */
  onConnected: (connected: boolean) => void
}

const FIRST_DELAY_MS = 400
const LAST_DELAY_MS = 15_000
const ASK_TRIES = 3
/** Refusals that say nothing about the request, only about this moment. */
const PASSING = new Set<RequestFailure['code']>(['network', 'shutting_down', 'unavailable'])

/** How long to wait before the next try; spread, so that a server that comes back is not met by everybody at once. */
export function retryDelayMs(failures: number, random = Math.random()): number {
  return Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures) * (0.5 + random / 2)
}

/**
 * Follows one answer to its end: through lost connections, and with the stream closed while the page is hidden.
 * Asking is safe to repeat, for the request carries its own id.
 * @throws {RequestFailure} when the server refuses, or cannot be reached before it took the request
 */
export async function followAnswer({ from, signal, onFrame, onConnected }: FollowOptions): Promise<void> {
  let generationId = 'generationId' in from ? from.generationId : null
  let position = 'generationId' in from ? from.after : null
  let ended = false
  let failures = 0

  const take = (frame: WireFrame) => {
    if (frame.type === 'start') {
      generationId = frame.generationId
    } else {
      position = { epoch: frame.epoch, seq: frame.seq }
      ended = frame.type === 'end'
    }
    failures = 0
    onFrame(frame)
  }

  while (!ended) {
    if (generationId) await untilVisible(signal)
    signal.throwIfAborted()
    const connection = new AbortController()
    const closeWhenHidden = () => document.hidden && generationId && connection.abort()
    document.addEventListener('visibilitychange', closeWhenHidden)
    try {
      const response = await connect(generationId, position, from, AbortSignal.any([signal, connection.signal]))
      onConnected(true)
      await readFrames(response, take)
    } catch (error) {
      if (signal.aborted) throw error
      if (connection.signal.aborted) continue
      // A refusal is final; what is lost on the way is tried again.
      if (error instanceof RequestFailure && !PASSING.has(error.code)) throw error
      failures++
      if (!generationId && failures >= ASK_TRIES) throw error
    } finally {
      document.removeEventListener('visibilitychange', closeWhenHidden)
    }
    if (ended) break
    onConnected(false)
    await delay(retryDelayMs(failures), signal)
  }
}

function connect(
  generationId: string | null,
  position: Position | null,
  from: FollowOptions['from'],
  signal: AbortSignal,
) {
  const headers = { accept: 'text/event-stream' }
  if (generationId) {
    const after = position ? `?after=${formatPosition(position)}` : ''
    return openStream(`/api/generations/${generationId}/events${after}`, { headers, signal })
  }
  const { url, body } = from as Ask
  return openStream(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  })
}

async function openStream(url: string, init: RequestInit): Promise<Response> {
  const response = await reach(url, { ...init, cache: 'no-store' })
  if (response.ok) return response
  if (response.status === 502 || response.status === 504) {
    const failure = await readFailure(response)
    throw failure.code === 'internal' ? new RequestFailure('network') : failure
  }
  throw await readFailure(response)
}

async function readFrames(response: Response, take: (frame: WireFrame) => void): Promise<void> {
  if (!response.body) return
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  const parse = createFrameParser()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    for (const frame of parse(decoder.decode(value, { stream: true }))) take(frame)
  }
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', done)
      resolve()
    }
    document.addEventListener('visibilitychange', done)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** Waits, but no longer than until the network is back. */
function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      window.removeEventListener('online', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    window.addEventListener('online', done)
    signal.addEventListener('abort', done)
  })
}
