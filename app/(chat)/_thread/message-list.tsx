'use client'

import { memo, useMemo } from 'react'
import { type MessageActions, MessageRow } from '#app/(chat)/_thread/message-row.tsx'
import type { Live, ThreadMessage } from '#app/(chat)/_thread/thread.ts'

type MessageListProps = {
  messages: ThreadMessage[]
  live: Live | null
  actions: MessageActions
  /** Gives the last turn the height of the screen, so that its prompt can stand at the top. */
  makeRoom: boolean
}

// The turns that are on screen when a page opens; skipping their layout would only make them jump.
const ALWAYS_LAID_OUT = 4

/** The path, turn by turn. Turns out of sight are not laid out, but stay where find-in-page looks. */
export const MessageList = memo(function MessageList({ messages, live, actions, makeRoom }: MessageListProps) {
  const turns = useMemo(() => groupTurns(messages), [messages])
  return (
    <div className={makeRoom ? 'makes-room' : ''}>
      {turns.map((turn, index) => (
        <section
          key={keyOf(turn[0]!)}
          data-turn
          className={`scroll-mt-4 space-y-6 pb-10 ${index < turns.length - ALWAYS_LAID_OUT ? 'turn-skipped' : ''}`}
        >
          {turn.map((message) => (
            <MessageRow
              key={keyOf(message)}
              message={message}
              live={live?.messageId === message.id ? live : null}
              isIdle={live === null}
              actions={actions}
            />
          ))}
        </section>
      ))}
    </div>
  )
})

const keyOf = (message: ThreadMessage) => message.slot ?? message.id

/** A turn is what a person wrote and the answer to it. */
function groupTurns(messages: ThreadMessage[]): ThreadMessage[][] {
  const turns: ThreadMessage[][] = []
  for (const message of messages) {
    const turn = turns.at(-1)
    if (turn && message.role === 'assistant') turn.push(message)
    else turns.push([message])
  }
  return turns
}
