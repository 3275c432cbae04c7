import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the vendor was sent, as it came over the wire. */
export type RecordedRequest = {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Record<string, unknown>
  /** Resolves when the exchange is over; true when the client left before the answer was complete. */
  closed: Promise<boolean>
}

/** Answers one request. It may return before the answer is complete. */
export type Behavior = (request: RecordedRequest, response: ServerResponse) => void | Promise<void>

export type FakeVendor = {
  /** Base URL of the OpenAI-compatible API. */
  url: string
  requests: RecordedRequest[]
  setBehavior(behavior: Behavior | BehaviorName): void
  /** Resolves with the request of this number (0 = first) once it has arrived. */
  arrival(index: number): Promise<RecordedRequest>
  close(): Promise<void>
}

export type Answer = {
  /** Deltas, one chunk each. */
  text?: string[]
  reasoning?: string[]
  reasoningField?: 'reasoning_content' | 'reasoning'
  /** The usage object as sent; null leaves it out. By default it counts a token for each delta and 10 for the prompt. */
  usage?: unknown
  /** Where usage is sent: a last chunk without choices (OpenAI) or inside the last choice (Moonshot). */
  usageIn?: 'chunk' | 'choice'
  finish?: string | null
  /** Sends `[DONE]` at the end. */
  done?: boolean
  /** Pause before each delta. */
  intervalMs?: number
  lineEnd?: '\n' | '\r\n'
}

/** A complete answer as the wire format wants it, with the quirks asked for. */
export function answers(answer: Answer = {}): Behavior {
  return async (_request, response) => {
    const { usage = usageOf(answer), usageIn = 'chunk', finish = 'stop', done = true, lineEnd = '\n' } = answer
    const stream = startStream(response, lineEnd)
    stream.comment('keep-alive')
    stream.delta({ role: 'assistant', content: '' })
    await sendDeltas(stream, answer)
    stream.choice({ delta: {}, finish_reason: finish, ...(usageIn === 'choice' && usage ? { usage } : {}) })
    if (usageIn === 'chunk' && usage !== null) stream.chunk({ choices: [], usage })
    if (done) stream.data('[DONE]')
    response.end()
  }
}

/** Refuses with a status and words that must never reach a person. */
export function refuses(status: number, body: unknown = { error: { message: VENDOR_WORDS, code: 'fake' } }): Behavior {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

/** Answers with this body as it is. */
export function sends(body: string, contentType = 'text/event-stream'): Behavior {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': contentType }).end(body)
  }
}

/** Names its models to whoever asks for them, and does something else otherwise. */
export function lists(models: readonly string[], otherwise: Behavior): Behavior {
  return (request, response) => {
    if (request.method !== 'GET') return otherwise(request, response)
    const data = models.map((id) => ({ id, object: 'model' }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data }))
  }
}

/** Takes the request and never answers. */
export const silent: Behavior = () => undefined

/** Streams some deltas and then does something else. */
export function startsThen(answer: Answer, then: 'destroy' | 'end' | 'stall' | 'error' | 'garbage'): Behavior {
  return async (_request, response) => {
    const stream = startStream(response)
    await sendDeltas(stream, answer)
    // What was written must have left before the socket is destroyed under it.
    await new Promise<void>((resolve) => void response.write(': sent\n\n', () => resolve()))
    switch (then) {
      case 'destroy':
        setImmediate(() => response.destroy())
        return
      case 'end':
        response.end()
        return
      case 'stall':
        return
      case 'error':
        stream.data(JSON.stringify({ error: { message: VENDOR_WORDS, type: 'server_error' } }))
        response.end()
        return
      case 'garbage':
        stream.data('{"choices": [{"delta": {"cont')
        response.end()
        return
    }
  }
}

/** The vendor's own words in every refusal: a test looks for them where they must not be. */
export const VENDOR_WORDS = 'fake vendor internal words sk-leaked-secret-0000'

const WORDS = ['Hello', ', ', 'this ', 'is ', 'a ', 'fake ', 'answer', '.']

const BEHAVIORS = {
  answer: answers({ text: WORDS }),
  paced: answers({ text: Array.from({ length: 40 }, (_, i) => `word${i} `), intervalMs: 20 }),
  unauthorized: refuses(401),
  rateLimited: refuses(429),
  failing: refuses(500),
  garbage: sends('\u0000\u0001 not a stream \n<<<>>>'),
  notAStream: sends('<html><body>Welcome</body></html>', 'text/html'),
  malformed: sends('data: {"choices": [{"del\n\n'),
  silent,
  cutOff: startsThen({ text: WORDS.slice(0, 3) }, 'destroy'),
  truncated: startsThen({ text: WORDS.slice(0, 3) }, 'end'),
  stalled: startsThen({ text: WORDS.slice(0, 3) }, 'stall'),
  errorMidStream: startsThen({ text: WORDS.slice(0, 3) }, 'error'),
  garbageMidStream: startsThen({ text: WORDS.slice(0, 3) }, 'garbage'),
  empty: answers({ text: [] }),
  withoutUsage: answers({ text: WORDS, usage: null }),
  negativeUsage: answers({ text: WORDS, usage: { prompt_tokens: -5, completion_tokens: 8 } }),
  textUsage: answers({ text: WORDS, usage: { prompt_tokens: '10', completion_tokens: '8' } }),
  cachedBeyondPrompt: answers({
    text: WORDS,
    usage: { prompt_tokens: 10, completion_tokens: 8, prompt_tokens_details: { cached_tokens: 11 } },
  }),
  hugeUsage: answers({ text: WORDS, usage: { prompt_tokens: 10, completion_tokens: 9_000_000_000 } }),
  zeroUsage: answers({ text: WORDS, usage: { prompt_tokens: 0, completion_tokens: 0 } }),
  reasoning: answers({
    reasoning: ['Let me ', 'think'],
    text: WORDS,
    usage: { prompt_tokens: 10, completion_tokens: 10, completion_tokens_details: { reasoning_tokens: 2 } },
  }),
  cachedDeepSeek: answers({
    text: WORDS,
    usage: { prompt_tokens: 10, completion_tokens: 8, prompt_cache_hit_tokens: 6, prompt_cache_miss_tokens: 4 },
  }),
  usageInChoice: answers({ text: WORDS, usageIn: 'choice' }),
  withoutDone: answers({ text: WORDS, done: false }),
} satisfies Record<string, Behavior>

export type BehaviorName = keyof typeof BEHAVIORS

/** A vendor for tests: a real HTTP server that speaks the wire format, well or badly. */
export async function startFakeVendor(first: Behavior | BehaviorName = 'answer'): Promise<FakeVendor> {
  let behavior = behaviorOf(first)
  const requests: RecordedRequest[] = []
  const waiting = new Map<number, (request: RecordedRequest) => void>()
  const server = createServer((message, response) => {
    void record(message, response).then((request) => {
      requests.push(request)
      waiting.get(requests.length - 1)?.(request)
      // A client that has left makes writing fail; the behaviour has nothing to do about it.
      response.on('error', () => undefined)
      return behavior(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    setBehavior: (next) => {
      behavior = behaviorOf(next)
    },
    arrival: (index) =>
      new Promise((resolve) => {
        const request = requests[index]
        if (request) resolve(request)
        else waiting.set(index, resolve)
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function behaviorOf(behavior: Behavior | BehaviorName): Behavior {
  return typeof behavior === 'string' ? BEHAVIORS[behavior] : behavior
}

async function record(message: IncomingMessage, response: ServerResponse): Promise<RecordedRequest> {
  const closed = new Promise<boolean>((resolve) => response.once('close', () => resolve(!response.writableFinished)))
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  const text = Buffer.concat(parts).toString('utf8')
  return {
    method: message.method ?? '',
    path: message.url ?? '',
    headers: message.headers,
    body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
    closed,
  }
}

function startStream(response: ServerResponse, lineEnd = '\n') {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_fake' })
  const data = (text: string) => void response.write(`data: ${text}${lineEnd}${lineEnd}`)
  const chunk = (fields: object) =>
    data(JSON.stringify({ id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1, model: 'fake', ...fields }))
  const choice = (fields: object) => chunk({ choices: [{ index: 0, finish_reason: null, ...fields }] })
  return {
    data,
    chunk,
    choice,
    delta: (delta: object) => choice({ delta }),
    comment: (text: string) => void response.write(`: ${text}${lineEnd}${lineEnd}`),
    get open() {
      return !response.destroyed
    },
  }
}

async function sendDeltas(stream: ReturnType<typeof startStream>, answer: Answer): Promise<void> {
  const { reasoningField = 'reasoning_content', intervalMs } = answer
  const deltas = [
    ...(answer.reasoning ?? []).map((text) => ({ [reasoningField]: text })),
    ...(answer.text ?? []).map((text) => ({ content: text })),
  ]
  for (const delta of deltas) {
    if (intervalMs) await new Promise((resolve) => setTimeout(resolve, intervalMs))
    if (!stream.open) return
    stream.delta(delta)
  }
}

function usageOf({ text = [], reasoning = [] }: Answer): object {
  const tokens = text.length + reasoning.length
  return { prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens }
}
