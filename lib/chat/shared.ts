import type { Receipt } from '#lib/inference/shared.ts'

export type GenerationStatus = 'running' | 'completed' | 'stopped' | 'interrupted' | 'failed'

/** A place in a generation's log. A takeover raises `epoch`; `seq` numbers what was said. */
export type Position = { epoch: number; seq: number }

export type SnapshotFrame = Position & { type: 'snapshot'; text: string; reasoning: string }
export type DeltaFrame = Position & { type: 'text' | 'reasoning'; text: string }
export type EndFrame = Position & {
  type: 'end'
  status: Exclude<GenerationStatus, 'running'>
  errorCode: string | null
  /** What the answer cost; null when its call never reached a price. */
  receipt: Receipt | null
}

/** What a reader of a generation receives: a snapshot replaces what is shown, the others add to it, `end` is last. */
export type StreamFrame = SnapshotFrame | DeltaFrame | EndFrame

/** First on the wire when a generation was asked for: what the client's message became. */
export type StartFrame = {
  type: 'start'
  generationId: string
  conversationId: string
  /** Null for a retry, which answers a message that was there. */
  userMessageId: string | null
  assistantMessageId: string
  /** The request had been made before: this is its generation. */
  replayed: boolean
}

export type WireFrame = StartFrame | StreamFrame

/** A message as the reader sees it on the path. */
export type PathMessage = {
  id: string
  parentId: string | null
  role: 'user' | 'assistant'
  text: string
  reasoning: string
  modelId: string | null
  createdAt: string
  /** All messages under the same parent, this one included, oldest first. */
  siblingIds: string[]
  generation: { id: string; status: GenerationStatus; errorCode: string | null } | null
  receipt: Receipt | null
}

export type ConversationSummary = { id: string; title: string; activeAt: string; running: boolean }

export type RunningGeneration = { generationId: string; conversationId: string }

/** A position as an SSE event id: `epoch.seq`. */
export function formatPosition(position: Position): string {
  return `${position.epoch}.${position.seq}`
}

/** Reads `epoch.seq`; null when it is not one. */
export function parsePosition(text: string): Position | null {
  const match = /^(\d{1,9})\.(\d{1,9})$/.exec(text)
  return match ? { epoch: Number(match[1]), seq: Number(match[2]) } : null
}

/** A frame in its wire form: one server-sent event. */
export function formatFrame(frame: WireFrame): string {
  if (frame.type === 'start') {
    const { type, ...data } = frame
    return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
  }
  const { type, epoch, seq, ...data } = frame
  return `id: ${epoch}.${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

const FRAME_TYPES: ReadonlySet<string> = new Set<WireFrame['type']>(['start', 'snapshot', 'text', 'reasoning', 'end'])

/**
 * Reads an event stream of ours piece by piece, however it was cut. Comments and unknown events are skipped.
 * @returns a function that takes the next piece of decoded text and returns the frames completed by it
 */
export function createFrameParser(): (piece: string) => WireFrame[] {
  let rest = ''
  let id = ''
  let event = ''
  let data: string[] = []

  const dispatch = (): WireFrame | null => {
    const position = parsePosition(id)
    const frame =
      data.length > 0 && FRAME_TYPES.has(event) && (event === 'start' || position)
        ? ({ ...JSON.parse(data.join('\n')), type: event, ...(event === 'start' ? {} : position) } as WireFrame)
        : null
    event = ''
    data = []
    return frame
  }

  return (piece) => {
    const frames: WireFrame[] = []
    const text = rest + piece
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end)
      start = end + 1
      if (line === '') {
        const frame = dispatch()
        if (frame) frames.push(frame)
        continue
      }
      const colon = line.indexOf(':')
      if (colon <= 0) continue
      const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
      switch (line.slice(0, colon)) {
        case 'id':
          id = value
          break
        case 'event':
          event = value
          break
        case 'data':
          data.push(value)
          break
        default:
      }
    }
    rest = text.slice(start)
    return frames
  }
}

/** What a reader shows of an answer, as frames build it up. */
export type AnswerState = { position: Position | null; text: string; reasoning: string; end: EndFrame | null }

export const EMPTY_ANSWER: AnswerState = { position: null, text: '', reasoning: '', end: null }

/**
 * Adds a frame to what is shown. A frame that was applied before changes nothing, so overlapping streams are safe.
 */
export function applyFrame(state: AnswerState, frame: StreamFrame): AnswerState {
  const position = { epoch: frame.epoch, seq: frame.seq }
  switch (frame.type) {
    case 'snapshot':
      return { position, text: frame.text, reasoning: frame.reasoning, end: null }
    case 'end':
      return { ...state, position, end: frame }
    case 'text':
    case 'reasoning': {
      if (state.position?.epoch === frame.epoch && frame.seq <= state.position.seq) return state
      return { ...state, position, [frame.type]: state[frame.type] + frame.text }
    }
    default:
      return frame satisfies never
  }
}
