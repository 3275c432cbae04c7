import 'katex/dist/katex.min.css'
import type { ReactNode } from 'react'
import { requirePageUser } from '#app/_server/context.ts'
import { ClientMessages } from '#app/_server/messages.tsx'
import { ChatShell } from '#app/(chat)/_shell/chat-shell.tsx'
import { getRunning, listConversations } from '#lib/chat/index.ts'
import { getDefaultModel, listModels } from '#lib/models/index.ts'

const FIRST_CONVERSATIONS = 30

export default async function ChatLayout({ children }: { children: ReactNode }) {
  const { viewer, ...ctx } = await requirePageUser()
  const [conversations, models, defaultModel, status] = await Promise.all([
    listConversations(ctx, { limit: FIRST_CONVERSATIONS }),
    listModels(ctx),
    getDefaultModel(ctx),
    getRunning(ctx),
  ])
  return (
    <ClientMessages namespaces={['chat', 'receipt']}>
      <ChatShell
        userId={viewer.actor.userId}
        userName={viewer.name}
        isAdmin={viewer.actor.role === 'admin'}
        models={models}
        defaultModelId={defaultModel?.id ?? null}
        conversations={conversations}
        status={status}
      >
        {children}
      </ChatShell>
    </ClientMessages>
  )
}
