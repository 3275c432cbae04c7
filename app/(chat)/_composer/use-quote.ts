'use client'

import { useEffect, useState } from 'react'
import { RequestFailure, requestJson } from '#app/(chat)/_shell/api.ts'
import { useStatus } from '#app/(chat)/_shell/queries.ts'
import type { Quote, Refusal } from '#lib/inference/shared.ts'

/** After so long without a key press somebody has stopped typing. */
const PAUSE_MS = 400
/** A refusal older than this does not keep anybody from sending: by now the server may see it otherwise. */
const REFUSAL_HOLDS_MS = 15_000

export type Asked = { text: string; modelId: string | null; conversationId: string; parentId: string | null }

type Answer = { asked: Asked; quote: Quote | null; refusal: Refusal | null; at: number }

export type KnownQuote = {
  quote: Quote | null
  refusal: Refusal | null
  /** It is about what stands in the box now. */
  isCurrent: boolean
  /** Whether sending now would be refused, as far as is known. */
  forbidsSending: () => boolean
}

/**
 * What the message in the box will cost, asked for when typing stops. Nothing waits for it: it may be missing or about
 * the text of a moment ago, which stays on show until the next answer comes.
 * @param isPaused while an answer is being written there is nothing to follow
 */
export function useQuote(asked: Asked, isPaused: boolean): KnownQuote {
  const { text, modelId, conversationId, parentId } = asked
  const [answer, setAnswer] = useState<Answer | null>(null)
  const { data: status } = useStatus()
  // Another balance is another answer: credits came in, or a running answer gave back what it held.
  const available = status?.balance.availableMicros
  const isWanted = text.trim() !== '' && modelId !== null && !isPaused

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for again when the balance has changed.
  useEffect(() => {
    if (!isWanted) {
      setAnswer(null)
      return
    }
    const controller = new AbortController()
    const known = { asked: { text, modelId, conversationId, parentId } }
    const timer = setTimeout(() => {
      askQuote(known.asked, controller.signal).then(
        (quote) => setAnswer({ ...known, quote, refusal: quote.refusal, at: performance.now() }),
        (error: unknown) => {
          if (controller.signal.aborted) return
          const refusal =
            error instanceof RequestFailure && error.code === 'message_too_large' ? asRefusal(error) : null
          setAnswer({ ...known, quote: null, refusal, at: performance.now() })
        },
      )
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [isWanted, text, modelId, conversationId, parentId, available])

  const known = isWanted ? answer : null
  const isCurrent =
    known !== null &&
    known.asked.text === text &&
    known.asked.modelId === modelId &&
    known.asked.conversationId === conversationId &&
    known.asked.parentId === parentId
  return {
    quote: known?.quote ?? null,
    refusal: known?.refusal ?? null,
    isCurrent,
    forbidsSending: () => isCurrent && known.refusal !== null && performance.now() - known.at < REFUSAL_HOLDS_MS,
  }
}

function askQuote({ text, modelId, conversationId, parentId }: Asked, signal: AbortSignal): Promise<Quote> {
  // Before its first message the server knows no conversation.
  const body = { text, modelId, parentId, ...(parentId === null ? {} : { conversationId }) }
  return requestJson<Quote>('/api/quotes', { method: 'POST', body, signal })
}

function asRefusal({ code, params }: RequestFailure): Refusal {
  return { code: code as Refusal['code'], params }
}
