'use client'

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react'
import { noteConversation, noteEnded, noteRunning } from '#app/(chat)/_shell/queries.ts'
import { type Shell, ShellContext, type Status, type Toast } from '#app/(chat)/_shell/shell-context.ts'
import { ToastRegion } from '#app/(chat)/_shell/toast-region.tsx'
import { Sidebar } from '#app/(chat)/_sidebar/sidebar.tsx'
import { SidebarDrawer } from '#app/(chat)/_sidebar/sidebar-drawer.tsx'
import type { ConversationSummary } from '#lib/chat/shared.ts'
import type { ModelSummary } from '#lib/models/shared.ts'

type ChatShellProps = {
  userId: string
  userName: string
  isAdmin: boolean
  models: ModelSummary[]
  defaultModelId: string | null
  conversations: { items: ConversationSummary[]; nextCursor: string | null }
  status: Status
  children: ReactNode
}

/** The frame around every conversation: the list beside it, and what the pages share. */
export function ChatShell({ conversations, status, children, ...viewer }: ChatShellProps) {
  const t = useTranslations('chat')
  const [queryClient] = useState(() => {
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: 30_000, retry: 1 } } })
    client.setQueryData(['conversations'], { pages: [conversations], pageParams: [null] })
    client.setQueryData(['status'], status)
    return client
  })
  const [newChat, setNewChat] = useState(0)
  const [isDrawerOpen, setDrawerOpen] = useState(false)
  const [toast, setToast] = useState<Toast | null>(null)
  const pathname = usePathname()
  const { userId, userName, isAdmin, models, defaultModelId } = viewer

  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the drawer.
  useEffect(() => setDrawerOpen(false), [pathname, newChat])

  const noteStarted = useCallback<Shell['noteStarted']>(
    ({ conversationId, generationId, title }) => {
      noteConversation(queryClient, { conversationId, title, at: new Date().toISOString() })
      noteRunning(queryClient, { conversationId, generationId })
    },
    [queryClient],
  )
  const noteConversationEnded = useCallback<Shell['noteEnded']>(
    (conversationId) => noteEnded(queryClient, conversationId),
    [queryClient],
  )

  const shell = useMemo<Shell>(
    () => ({
      userId,
      userName,
      isAdmin,
      models,
      defaultModelId,
      labels: {
        copy: t('copy'),
        code: t('code'),
        table: t('table'),
        footnotes: t('footnotes'),
      },
      newChat,
      beginNewChat: () => setNewChat((count) => count + 1),
      openSidebar: () => setDrawerOpen(true),
      showToast: setToast,
      noteStarted,
      noteEnded: noteConversationEnded,
    }),
    [userId, userName, isAdmin, models, defaultModelId, t, newChat, noteStarted, noteConversationEnded],
  )

  return (
    <QueryClientProvider client={queryClient}>
      <ShellContext value={shell}>
        <a
          href="#composer"
          className="sr-only z-50 rounded-lg bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:start-3 focus:top-3"
        >
          {t('skipToComposer')}
        </a>
        <div className="flex h-(--screen) overflow-clip">
          <aside
            aria-label={t('conversations')}
            className="w-65 shrink-0 border-line border-e bg-surface max-md:hidden"
          >
            <Sidebar />
          </aside>
          <main className="relative flex min-w-0 flex-1 flex-col">{children}</main>
        </div>
        <SidebarDrawer open={isDrawerOpen} onClose={() => setDrawerOpen(false)} />
        <ToastRegion toast={toast} onDone={() => setToast(null)} />
      </ShellContext>
    </QueryClientProvider>
  )
}
