'use client'

import { usePathname } from 'next/navigation'
import { useEffect, useState } from 'react'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import { ChatScreen } from '#app/(chat)/_thread/chat-screen.tsx'
import { newId } from '#lib/id.ts'

/** An empty chat; each "new chat" is another one, although the page stays. */
export function NewChat() {
  const { newChat } = useShell()
  return <EmptyChat key={newChat} />
}

function EmptyChat() {
  const [conversationId] = useState(newId)
  const pathname = usePathname()

  // Going back to a chat that was begun here: the browser knows its address, but this page does not have it.
  useEffect(() => {
    if (pathname.startsWith('/c/') && pathname !== `/c/${conversationId}`) location.replace(pathname)
  }, [pathname, conversationId])

  return <ChatScreen conversationId={conversationId} isNew title="" messages={[]} hasEarlier={false} renderId={null} />
}
