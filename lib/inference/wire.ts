/** One line of a stream may not grow beyond this, nor the whole stream. */
export const LINE_MAX = 1_048_576
export const STREAM_MAX = 67_108_864

/** The vendor sent what is not the wire format. */
export class MalformedStreamError extends Error {
  override readonly name = 'MalformedStreamError'
}

/**
 * Cuts a stream of text into the payloads of its `data:` lines. Comments, other fields and blank lines are skipped.
 * @throws {MalformedStreamError} when a line or the stream exceeds its bound
 */
export function createDataScanner(): { push(text: string): string[]; end(): string[] } {
  let rest = ''
  let total = 0
  const payloadOf = (line: string) => (line.startsWith('data:') ? [line.slice(line[5] === ' ' ? 6 : 5).trim()] : [])
  return {
    push(text) {
      total += text.length
      if (total > STREAM_MAX) throw new MalformedStreamError('stream is too long')
      const payloads: string[] = []
      let start = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        payloads.push(...payloadOf(rest + text.slice(start, end)))
        rest = ''
        start = end + 1
      }
      rest += text.slice(start)
      if (rest.length > LINE_MAX) throw new MalformedStreamError('line is too long')
      return payloads
    },
    end() {
      const line = rest
      rest = ''
      return payloadOf(line)
    },
  }
}

/** What one chunk of a streamed completion says. */
export type Chunk = {
  text: string
  reasoning: string
  finishReason: string | null
  /** The usage object as it came. */
  usage: unknown
  /** What the vendor calls an error, as it came. */
  error: unknown
}

/**
 * Reads the payload of one `data:` line.
 * @throws {MalformedStreamError} when it is not JSON of the format
 */
export function readChunk(payload: string): Chunk {
  let json: unknown
  try {
    json = JSON.parse(payload)
  } catch (cause) {
    throw new MalformedStreamError('chunk is not JSON', { cause })
  }
  if (!isObject(json)) throw new MalformedStreamError('chunk is not an object')
  const choice = Array.isArray(json.choices) ? json.choices[0] : undefined
  const delta = isObject(choice) && isObject(choice.delta) ? choice.delta : {}
  return {
    text: readText(delta.content),
    reasoning: readText(delta.reasoning_content) || readText(delta.reasoning),
    finishReason: isObject(choice) && typeof choice.finish_reason === 'string' ? choice.finish_reason : null,
    usage: json.usage ?? (isObject(choice) ? choice.usage : undefined) ?? null,
    error: json.error ?? null,
  }
}

function readText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
