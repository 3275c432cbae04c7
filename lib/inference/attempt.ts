import OpenAI from 'openai'
import { fetchBy } from '#lib/egress.ts'
import type { ErrorCode } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import type { Route } from '#lib/models/index.ts'
import type { Admission, CallModel } from './call.ts'
import { classifyErrorEvent, classifyFault, redactWords, type VendorFault } from './vendor-error.ts'
import { type Chunk, createDataScanner, MalformedStreamError, readChunk } from './wire.ts'

/** How long a vendor may take, in milliseconds. */
export type RunLimits = {
  /** Until the first byte of the answer. Models that think before they speak get longer, until their first word. */
  firstByteMs: number
  reasoningFirstByteMs: number
  /** Between two pieces of it. */
  silenceMs: number
  /** For the whole answer. */
  totalMs: number
}

export const RUN_LIMITS: RunLimits = {
  firstByteMs: 60_000,
  reasoningFirstByteMs: 300_000,
  silenceMs: 60_000,
  totalMs: 3_600_000,
}

/** Characters of text and reasoning that are taken from one answer: far beyond what any model may say. */
export const ANSWER_MAX = 1_048_576

export type Delta = { type: 'text' | 'reasoning'; text: string }

/** What a try sends, and by which rules of the model. */
export type AttemptRequest = Pick<Admission, 'messages' | 'outputCap'> & {
  model: Pick<CallModel, 'reasoning' | 'outputCapField'>
}

/** How one try at one channel ended. */
export type AttemptEnd = {
  /** `complete`: the vendor said that this is all. `stopped`: the caller's signal. */
  kind: 'complete' | 'stopped' | 'failed'
  errorCode: ErrorCode | null
  keyRefused: boolean
  /** The HTTP status of a refusal; null when there was none. */
  httpStatus: number | null
  /** The vendor took the request, so it may bill the prompt. */
  accepted: boolean
  usage: unknown
  finishReason: string | null
  vendorRequestId: string | null
}

/**
 * One try at one channel: sends the request through the `openai` client and yields what comes, one event for each
 * kind and read of the socket. It never throws; the return value says how it ended.
 */
export async function* streamAttempt(
  route: Route,
  admission: AttemptRequest,
  { signal, limits }: { signal: AbortSignal; limits: RunLimits },
): AsyncGenerator<Delta, AttemptEnd> {
  const watch = createWatch(signal, limits.totalMs)
  const wasSent = !signal.aborted
  const end: AttemptEnd = {
    kind: 'failed',
    errorCode: null,
    keyRefused: false,
    httpStatus: null,
    accepted: false,
    usage: null,
    finishReason: null,
    vendorRequestId: null,
  }
  try {
    watch.expect(admission.model.reasoning ? limits.reasoningFirstByteMs : limits.firstByteMs)
    const response = await openStream(route, admission, watch.signal)
    end.accepted = true
    end.vendorRequestId = response.headers.get('x-request-id')?.slice(0, 200) ?? null
    const thinkingMs = admission.model.reasoning ? limits.reasoningFirstByteMs : limits.silenceMs
    yield* readStream(response, end, (spoke) => watch.expect(spoke ? limits.silenceMs : thinkingMs))
    end.kind = 'complete'
  } catch (error) {
    // A vendor that was sent the request and stayed silent may have worked on it.
    if (signal.aborted) return { ...end, accepted: wasSent, kind: 'stopped' }
    if (watch.timedOut) return { ...end, accepted: true, errorCode: report(route, timeoutFault()) }
    const fault = error instanceof StreamFault ? error.fault : classifyFault(error)
    return { ...end, errorCode: report(route, fault), keyRefused: fault.keyRefused, httpStatus: fault.status }
  } finally {
    watch.close()
  }
  return end
}

class StreamFault extends Error {
  readonly fault: VendorFault
  constructor(fault: VendorFault) {
    super(fault.code)
    this.fault = fault
  }
}

async function openStream(route: Route, admission: AttemptRequest, signal: AbortSignal): Promise<Response> {
  const client = new OpenAI({
    baseURL: route.baseUrl,
    apiKey: route.key,
    // Null, not absent: absent would read OPENAI_ORG_ID and the like, which belong to no channel.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    defaultHeaders: route.headers,
    maxRetries: 0,
    // The client's own timer stays out of the way of ours.
    timeout: 2_147_483_647,
    logLevel: 'off',
    fetch: fetchBy(route),
  })
  return client.chat.completions
    .create(
      {
        model: route.vendorModel,
        messages: admission.messages,
        stream: true,
        stream_options: { include_usage: true },
        [admission.model.outputCapField]: admission.outputCap,
      },
      { signal },
    )
    .asResponse()
}

/** Yields the deltas of a response and notes in `end` what else it says. Throws what is wrong with it. */
async function* readStream(
  response: Response,
  end: AttemptEnd,
  heard: (spoke: boolean) => void,
): AsyncGenerator<Delta, void> {
  if (!response.body) throw new MalformedStreamError('answer has no body')
  const scanner = createDataScanner()
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let finished = false
  let understood = false
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      heard(length > 0)
      const payloads = done ? scanner.end() : scanner.push(decoder.decode(value, { stream: true }))
      const deltas: Delta[] = []
      let fault: unknown = null
      try {
        for (const payload of payloads) {
          if (payload === '[DONE]') finished = true
          else if (payload !== '') note(readChunk(payload), end, deltas)
        }
        understood ||= payloads.length > 0
      } catch (error) {
        fault = error
      }
      // What came before the fault in the same read still counts.
      yield* deltas
      if (fault) throw fault
      for (const delta of deltas) length += delta.text.length
      if (length > ANSWER_MAX) throw new MalformedStreamError('answer is too long')
      if (finished || done) break
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
  if (!understood) throw new MalformedStreamError('answer holds no chunk')
  // Some vendors leave out [DONE]; without a reason to finish either, the rest of the answer is missing.
  if (!finished && end.finishReason === null) throw new Error('stream ended before the answer did')
}

function note(chunk: Chunk, end: AttemptEnd, deltas: Delta[]): void {
  if (chunk.error !== null) throw new StreamFault(classifyErrorEvent(chunk.error))
  append(deltas, 'reasoning', chunk.reasoning)
  append(deltas, 'text', chunk.text)
  end.usage = chunk.usage ?? end.usage
  end.finishReason = chunk.finishReason ?? end.finishReason
}

function append(deltas: Delta[], type: Delta['type'], text: string): void {
  if (text === '') return
  const last = deltas.at(-1)
  if (last?.type === type) last.text += text
  else deltas.push({ type, text })
}

/** One signal for all that can end an attempt from our side: the caller, silence, and the limit of the whole. */
function createWatch(caller: AbortSignal, totalMs: number) {
  const controller = new AbortController()
  const watch = { signal: controller.signal, timedOut: false, expect, close }
  const expire = () => {
    watch.timedOut = true
    controller.abort()
  }
  const leave = () => controller.abort()
  const total = setTimeout(expire, totalMs)
  let silence: NodeJS.Timeout | undefined
  let silenceMs = 0
  if (caller.aborted) leave()
  caller.addEventListener('abort', leave, { once: true })

  function expect(ms: number): void {
    if (silence && silenceMs === ms) {
      silence.refresh()
      return
    }
    clearTimeout(silence)
    silenceMs = ms
    silence = setTimeout(expire, ms)
  }
  function close(): void {
    clearTimeout(total)
    clearTimeout(silence)
    caller.removeEventListener('abort', leave)
    // Whatever of the exchange is still open closes with it, so that the vendor stops working.
    controller.abort()
  }
  return watch
}

function timeoutFault(): VendorFault {
  return { code: 'vendor_timeout', keyRefused: false, status: null, words: 'no answer in time' }
}

function report(route: Route, fault: VendorFault): ErrorCode {
  const words = redactWords(fault.words, route.key)
  log.warn(
    { channelId: route.channelId, vendor: route.vendor, code: fault.code, status: fault.status, words },
    'vendor fault',
  )
  return fault.code
}
