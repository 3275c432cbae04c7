'use client'

import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import { RequestFailure, requestJson } from '#app/(chat)/_shell/api.ts'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import { type Ask, followAnswer } from '#app/(chat)/_thread/follow.ts'
import { initialThread, reduceThread, type ThreadMessage } from '#app/(chat)/_thread/thread.ts'
import type { StartFrame } from '#lib/chat/shared.ts'
import { newId } from '#lib/id.ts'

export type MessagesReply = { messages: ThreadMessage[]; hasMore: boolean }

type UseThreadOptions = {
  conversationId: string
  messages: ThreadMessage[]
  hasEarlier: boolean
  /**
   * Names this rendering by the server; seen twice means that the page came out of the browser's memory. Null for a
   * conversation that the server does not know yet.
   */
  renderId: string | null
  /** The server has what was sent. */
  onTaken: (start: StartFrame) => void
  /** It has not, and will not have: the text goes back to the composer. */
  onRefused: (text: string) => void
}

const shownRenders = new Set<string>()

const asFailure = (error: unknown) =>
  error instanceof RequestFailure ? { code: error.code, params: error.params } : { code: 'internal', params: {} }

/** One conversation on screen: its messages, the answer that is being written, and what can be done. */
export function useThread({ conversationId, messages, hasEarlier, renderId, onTaken, onRefused }: UseThreadOptions) {
  const shell = useShell()
  const { noteStarted, noteEnded } = shell
  const [state, dispatch] = useReducer(reduceThread, null, () => initialThread(messages, hasEarlier))
  const [isLoading, setLoading] = useState(false)
  const [isStopping, setStopping] = useState(false)
  const stream = useRef<AbortController | null>(null)
  const stopWanted = useRef(false)
  const generation = useRef<string | null>(null)
  const messagesUrl = `/api/conversations/${conversationId}/messages`

  const follow = useCallback(
    async (from: Ask | { generationId: string; after: null }, title: string | null, text: string) => {
      if (stream.current) return
      const controller = new AbortController()
      stream.current = controller
      stopWanted.current = false
      generation.current = 'generationId' in from ? from.generationId : null
      let taken = 'generationId' in from
      try {
        await followAnswer({
          from,
          signal: controller.signal,
          onConnected: (connected) => dispatch({ type: 'connected', connected }),
          onFrame: (frame) => {
            dispatch({ type: 'frame', frame })
            if (frame.type !== 'start' || taken) return
            taken = true
            generation.current = frame.generationId
            onTaken(frame)
            noteStarted({ conversationId, generationId: frame.generationId, title })
            if (stopWanted.current) void requestStop(frame.generationId)
          },
        })
      } catch (error) {
        if (controller.signal.aborted) return
        dispatch({ type: taken ? 'lost' : 'refused', failure: asFailure(error) })
        if (!taken) onRefused(text)
      } finally {
        if (stream.current === controller) {
          stream.current = null
          generation.current = null
          setStopping(false)
          noteEnded(conversationId)
        }
      }
    },
    [conversationId, noteStarted, noteEnded, onTaken, onRefused],
  )

  const send = useCallback(
    (input: { text: string; modelId: string; parentId: string | null; isFirst: boolean }) => {
      if (stream.current) return
      const { text, modelId, parentId, isFirst } = input
      const requestId = newId()
      dispatch({
        type: 'send',
        userMessageId: `sending-${requestId}`,
        answerId: `answer-${requestId}`,
        text,
        modelId,
        at: new Date().toISOString(),
      })
      const body = { requestId, conversationId, parentId, text, modelId }
      void follow({ url: '/api/generations', body }, isFirst ? firstLine(text) : null, text)
    },
    [conversationId, follow],
  )

  const retry = useCallback(
    (input: { messageId: string; modelId: string }) => {
      if (stream.current) return
      const requestId = newId()
      dispatch({ type: 'retry', ...input, answerId: `answer-${requestId}`, at: new Date().toISOString() })
      void follow({ url: '/api/generations/retry', body: { requestId, ...input } }, null, '')
    },
    [follow],
  )

  const stop = useCallback(() => {
    setStopping(true)
    stopWanted.current = true
    if (generation.current) void requestStop(generation.current).then((stopped) => !stopped && setStopping(false))
  }, [])

  const replace = useCallback(async (request: Promise<MessagesReply>) => {
    setLoading(true)
    try {
      const reply = await request
      if (!stream.current) dispatch({ type: 'replace', messages: reply.messages, hasEarlier: reply.hasMore })
    } catch (error) {
      dispatch({ type: 'lost', failure: asFailure(error) })
    } finally {
      setLoading(false)
    }
  }, [])

  const showBranch = useCallback(
    (messageId: string) => {
      const body = { messageId }
      const shown = requestJson(`/api/conversations/${conversationId}/branch`, { method: 'POST', body })
      return replace(shown.then(() => requestJson<MessagesReply>(messagesUrl)))
    },
    [conversationId, messagesUrl, replace],
  )

  const oldestId = state.messages[0]?.id
  const loadEarlier = useCallback(async () => {
    if (!oldestId) return
    setLoading(true)
    try {
      const reply = await requestJson<MessagesReply>(`${messagesUrl}?before=${oldestId}`)
      dispatch({ type: 'earlier', messages: reply.messages, hasEarlier: reply.hasMore })
    } catch (error) {
      dispatch({ type: 'lost', failure: asFailure(error) })
    } finally {
      setLoading(false)
    }
  }, [messagesUrl, oldestId])

  // A page out of the browser's memory may lack what was written since.
  useEffect(() => {
    if (renderId === null) return
    if (shownRenders.has(renderId)) void replace(requestJson<MessagesReply>(messagesUrl))
    return () => {
      shownRenders.add(renderId)
    }
  }, [renderId, messagesUrl, replace])

  // An answer that runs although this page did not ask for it: it was running when the page came.
  const liveGeneration = state.live?.generationId ?? null
  useEffect(() => {
    if (liveGeneration && !stream.current) void follow({ generationId: liveGeneration, after: null }, null, '')
  }, [liveGeneration, follow])

  useEffect(
    () => () => {
      stream.current?.abort()
      stream.current = null
    },
    [],
  )

  const dismiss = useCallback(() => dispatch({ type: 'dismiss' }), [])
  return { state, isLoading, isStopping, send, retry, stop, showBranch, loadEarlier, dismiss }
}

async function requestStop(generationId: string): Promise<boolean> {
  try {
    await requestJson(`/api/generations/${generationId}/stop`, { method: 'POST' })
    return true
  } catch {
    return false
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 60)
}
