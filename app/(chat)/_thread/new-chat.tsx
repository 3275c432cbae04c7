'use client'

import { type ReactNode, useEffect, useState } from 'react'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import { ChatScreen } from '#app/(chat)/_thread/chat-screen.tsx'
import { newId } from '#lib/id.ts'

/** An empty chat; each "new chat" is another one, although the page stays. */
export function NewChat({ starters }: { starters: ReactNode }) {
  const { newChat } = useShell()
  useEffect(openElsewhere, [])
  return <EmptyChat key={newChat} starters={starters} />
}

function EmptyChat({ starters }: { starters: ReactNode }) {
  const [conversationId] = useState(newId)

  useEffect(() => {
    const openOther = () => location.pathname !== `/c/${conversationId}` && openElsewhere()
    window.addEventListener('popstate', openOther)
    return () => window.removeEventListener('popstate', openOther)
  }, [conversationId])

  return (
    <ChatScreen
      conversationId={conversationId}
      isNew
      title=""
      messages={[]}
      hasEarlier={false}
      renderId={null}
      starters={starters}
    />
  )
}

/**
 * Going back to a chat that was begun here, the browser knows its address and this page knows nothing of it: only the
 * address was changed when it began.
 */
function openElsewhere(): void {
  if (location.pathname.startsWith('/c/')) location.replace(location.pathname)
}
