'use client'

import { SquarePen, X } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useMemo, useSyncExternalStore } from 'react'
import { Button, buttonClass } from '#app/_ui/button.tsx'
import { Logo } from '#app/_ui/logo.tsx'
import { useSite } from '#app/_ui/site.tsx'
import { useConversations, useStatus } from '#app/(chat)/_shell/queries.ts'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import { ConversationRow } from '#app/(chat)/_sidebar/conversation-row.tsx'
import { groupByDay } from '#app/(chat)/_sidebar/day-groups.ts'
import { SidebarFoot } from '#app/(chat)/_sidebar/sidebar-foot.tsx'

/** New chat, the conversations by day, the balance and the person. */
export function Sidebar({ onClose }: { onClose?: () => void }) {
  const t = useTranslations('chat')
  const shell = useShell()
  const site = useSite()
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage, isError } = useConversations()
  const { data: status } = useStatus()
  const timeZone = useTimeZone()
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data])
  const groups = useMemo(() => groupByDay(items, new Date(), timeZone), [items, timeZone])
  const running = useMemo(() => new Set(status?.running.map((one) => one.conversationId)), [status])

  return (
    <div className="flex h-full flex-col">
      <div className="flex h-14 shrink-0 items-center gap-2 px-3">
        <Logo className="ms-1.5 size-6" />
        <span className="flex-1 truncate font-semibold text-sm">{site.name}</span>
        {onClose && (
          <Button variant="quiet" size="icon" aria-label={t('closeSidebar')} onClick={onClose}>
            <X className="size-4" aria-hidden="true" />
          </Button>
        )}
      </div>
      <div className="px-3 pb-3">
        <Link
          href="/"
          prefetch={false}
          onClick={shell.beginNewChat}
          className={buttonClass('secondary', 'small', 'w-full')}
        >
          <SquarePen className="size-4" aria-hidden="true" />
          {t('newChat')}
        </Link>
      </div>
      <nav aria-label={t('conversations')} className="min-h-0 flex-1 overflow-y-auto px-2 pb-3">
        {items.length === 0 && <p className="px-3 py-2 text-muted text-sm">{t('noConversations')}</p>}
        {groups.map(({ group, items }) => (
          <section key={group} aria-labelledby={`group-${group}`} className="mt-3 first:mt-1">
            <h2 id={`group-${group}`} className="px-3 pb-1 font-medium text-muted text-xs">
              {t(`day.${group}`)}
            </h2>
            <ul>
              {items.map((item) => (
                <ConversationRow key={item.id} item={item} running={running.has(item.id)} />
              ))}
            </ul>
          </section>
        ))}
        {(hasNextPage || isError) && (
          <Button
            variant="quiet"
            size="small"
            className="mt-2 w-full"
            pending={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {isError ? t('tryAgain') : t('showMore')}
          </Button>
        )}
      </nav>
      <SidebarFoot status={status} />
    </div>
  )
}

const subscribeNever = () => () => undefined

/** The browser's time zone; the server's HTML and the first paint use UTC. */
function useTimeZone(): string {
  return useSyncExternalStore(
    subscribeNever,
    () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    () => 'UTC',
  )
}
