import { type AnswerState, applyFrame, EMPTY_ANSWER, type PathMessage, type WireFrame } from '#lib/chat/shared.ts'
import type { ErrorParams } from '#lib/errors.ts'

/** A message with its finished text as HTML; the person's own words have none. */
export type ThreadMessage = PathMessage & {
  html: string
  /** Stays the same when the server gives the message its id. */
  slot?: string
}

export type Failure = { code: string; params: ErrorParams }

/** The answer that is being written. */
export type Live = {
  messageId: string
  generationId: string | null
  answer: AnswerState
  connected: boolean
  /** What to go back to when the request is refused. */
  before: ThreadMessage[]
}

export type ThreadState = {
  messages: ThreadMessage[]
  hasEarlier: boolean
  live: Live | null
  failure: Failure | null
  /** Counts answers that began or ended, so that each is announced once. */
  announced: { kind: 'none' | 'started' | 'ended'; count: number }
}

export type ThreadAction =
  | { type: 'send'; userMessageId: string; answerId: string; text: string; modelId: string; at: string }
  | { type: 'retry'; messageId: string; answerId: string; modelId: string; at: string }
  | { type: 'frame'; frame: WireFrame }
  | { type: 'connected'; connected: boolean }
  | { type: 'refused'; failure: Failure }
  | { type: 'lost'; failure: Failure }
  | { type: 'dismiss' }
  | { type: 'earlier'; messages: ThreadMessage[]; hasEarlier: boolean }
  | { type: 'replace'; messages: ThreadMessage[]; hasEarlier: boolean }

/** The thread as the server rendered it; an answer that still runs is followed from its beginning. */
export function initialThread(messages: ThreadMessage[], hasEarlier: boolean): ThreadState {
  const last = messages.at(-1)
  const live: Live | null =
    last?.role === 'assistant' && last.generation?.status === 'running'
      ? {
          messageId: last.id,
          generationId: last.generation.id,
          answer: { ...EMPTY_ANSWER, text: last.text, reasoning: last.reasoning },
          connected: true,
          before: messages,
        }
      : null
  return { messages, hasEarlier, live, failure: null, announced: { kind: 'none', count: 0 } }
}

export function reduceThread(state: ThreadState, action: ThreadAction): ThreadState {
  switch (action.type) {
    case 'send': {
      const parentId = state.messages.at(-1)?.id ?? null
      const user = draftMessage({ id: action.userMessageId, parentId, role: 'user', text: action.text, at: action.at })
      return beginAnswer(state, [...state.messages, user], action)
    }
    case 'retry': {
      const index = state.messages.findIndex((message) => message.id === action.messageId)
      if (index < 1) return state
      return beginAnswer(state, state.messages.slice(0, index), action, state.messages[index]!.siblingIds)
    }
    case 'frame':
      return state.live ? takeFrame(state, state.live, action.frame) : state
    case 'connected':
      return state.live ? { ...state, live: { ...state.live, connected: action.connected } } : state
    case 'refused':
      return { ...state, messages: state.live?.before ?? state.messages, live: null, failure: action.failure }
    case 'lost':
      return { ...state, messages: withAnswer(state), live: null, failure: action.failure }
    case 'dismiss':
      return { ...state, failure: null }
    case 'earlier': {
      const known = new Set(state.messages.map((message) => message.id))
      const fresh = action.messages.filter((message) => !known.has(message.id))
      return { ...state, messages: [...fresh, ...state.messages], hasEarlier: action.hasEarlier }
    }
    case 'replace':
      return { ...initialThread(action.messages, action.hasEarlier), announced: state.announced }
    default:
      return action satisfies never
  }
}

function beginAnswer(
  state: ThreadState,
  path: ThreadMessage[],
  { answerId, modelId, at }: { answerId: string; modelId: string; at: string },
  siblingIds: string[] = [],
): ThreadState {
  const parentId = path.at(-1)?.id ?? null
  const answer = draftMessage({ id: answerId, parentId, role: 'assistant', text: '', modelId, at })
  answer.siblingIds = [...siblingIds, answerId]
  return {
    ...state,
    messages: [...path, answer],
    live: { messageId: answerId, generationId: null, answer: EMPTY_ANSWER, connected: true, before: state.messages },
    failure: null,
  }
}

/** The messages with what has arrived of the live answer written into its own. */
function withAnswer({ messages, live }: ThreadState): ThreadMessage[] {
  if (!live) return messages
  const { text, reasoning } = live.answer
  return messages.map((message) => (message.id === live.messageId ? { ...message, text, reasoning } : message))
}

function draftMessage(input: {
  id: string
  parentId: string | null
  role: PathMessage['role']
  text: string
  modelId?: string
  at: string
}): ThreadMessage {
  return {
    id: input.id,
    parentId: input.parentId,
    role: input.role,
    text: input.text,
    reasoning: '',
    modelId: input.modelId ?? null,
    createdAt: input.at,
    siblingIds: [input.id],
    generation: null,
    receipt: null,
    html: '',
    slot: input.id,
  }
}

function takeFrame(state: ThreadState, live: Live, frame: WireFrame): ThreadState {
  if (frame.type === 'start') {
    const renamed = new Map([[live.messageId, frame.assistantMessageId]])
    const user = state.messages.at(-2)
    if (frame.userMessageId && user) renamed.set(user.id, frame.userMessageId)
    const rename = (id: string) => renamed.get(id) ?? id
    return {
      ...state,
      messages: state.messages.map((message) => ({
        ...message,
        id: rename(message.id),
        parentId: message.parentId && rename(message.parentId),
        siblingIds: message.siblingIds.map(rename),
        ...(message.id === live.messageId
          ? { generation: { id: frame.generationId, status: 'running' as const, errorCode: null } }
          : {}),
      })),
      live: { ...live, messageId: frame.assistantMessageId, generationId: frame.generationId },
      announced: { kind: 'started', count: state.announced.count + 1 },
    }
  }
  const answer = applyFrame(live.answer, frame)
  if (frame.type !== 'end') return { ...state, live: { ...live, answer, connected: true } }
  const { status, errorCode, receipt } = frame
  const messages = state.messages.map((message) =>
    message.id === live.messageId
      ? {
          ...message,
          text: answer.text,
          reasoning: answer.reasoning,
          generation: { id: live.generationId ?? '', status, errorCode },
          receipt,
        }
      : message,
  )
  return { ...state, messages, live: null, announced: { kind: 'ended', count: state.announced.count + 1 } }
}
