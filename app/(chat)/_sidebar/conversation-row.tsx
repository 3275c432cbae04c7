'use client'

import { Ellipsis } from 'lucide-react'
import Link from 'next/link'
import { usePathname, useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { lazy, Suspense, useState } from 'react'
import { useDeleteConversation, useRenameConversation, useRestoreConversation } from '#app/(chat)/_shell/queries.ts'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import type { ConversationSummary } from '#lib/chat/shared.ts'

const loadMenu = () => import('#app/(chat)/_sidebar/conversation-menu.tsx')
const ConversationMenu = lazy(loadMenu)

const TITLE_MAX = 120
const MENU_BUTTON =
  'absolute inset-y-0 end-1 my-auto flex size-8 items-center justify-center rounded-md text-muted opacity-0 transition-opacity duration-150 hover:bg-soft hover:text-ink focus-visible:opacity-100 group-hover:opacity-100 aria-expanded:opacity-100 reveal:opacity-100 touch:size-11'

/** One conversation in the list: open it, or rename and delete it through its menu. */
export function ConversationRow({ item, running }: { item: ConversationSummary; running: boolean }) {
  const t = useTranslations('chat')
  const shell = useShell()
  const router = useRouter()
  const isCurrent = usePathname() === `/c/${item.id}`
  const [isRenaming, setRenaming] = useState(false)
  const [isMenuOpen, setMenuOpen] = useState(false)
  const [isMenuWanted, setMenuWanted] = useState(false)
  const rename = useRenameConversation()
  const remove = useDeleteConversation()
  const restore = useRestoreConversation()
  const title = item.title || t('untitled')
  const failed = () => shell.showToast({ text: t('notSaved') })

  function deleteWithUndo() {
    // Promises, not callbacks of the mutation: this row is gone before the server has answered.
    remove.mutateAsync({ id: item.id }).then(
      () =>
        shell.showToast({
          text: t('deleted', { title }),
          action: { label: t('undo'), run: () => void restore.mutateAsync({ id: item.id }).catch(failed) },
        }),
      failed,
    )
    if (!isCurrent) return
    shell.beginNewChat()
    router.push('/')
  }

  function saveTitle(text: string) {
    setRenaming(false)
    const next = text.trim()
    if (next && next !== item.title) rename.mutate({ id: item.id, title: next }, { onError: failed })
  }

  if (isRenaming) {
    return (
      <li className="px-1 py-0.5">
        <input
          // biome-ignore lint/a11y/noAutofocus: the person has just chosen to type here.
          autoFocus
          aria-label={t('rename')}
          defaultValue={item.title}
          maxLength={TITLE_MAX}
          onFocus={(event) => event.currentTarget.select()}
          onBlur={(event) => saveTitle(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing || event.keyCode === 229) return
            if (event.key === 'Enter') saveTitle(event.currentTarget.value)
            if (event.key === 'Escape') {
              event.stopPropagation()
              event.preventDefault()
              setRenaming(false)
            }
          }}
          className="h-8 w-full rounded-md border border-line-strong bg-raised px-2 text-base sm:text-sm touch:h-11"
        />
      </li>
    )
  }

  const button = (
    <button
      type="button"
      aria-label={t('conversationMenu', { title })}
      aria-haspopup="menu"
      className={`${MENU_BUTTON} needs-script`}
      onPointerEnter={() => void loadMenu()}
      onFocus={() => void loadMenu()}
      onClick={() => {
        setMenuWanted(true)
        setMenuOpen(true)
      }}
    >
      <Ellipsis className="size-4" aria-hidden="true" />
    </button>
  )

  return (
    <li className="group relative">
      <Link
        href={`/c/${item.id}`}
        prefetch={false}
        aria-current={isCurrent ? 'page' : undefined}
        title={title}
        className="flex min-h-9 items-center gap-2 rounded-lg py-1.5 ps-3 pe-9 text-sm hover:bg-soft aria-[current=page]:bg-soft aria-[current=page]:font-medium touch:min-h-11 touch:pe-12"
      >
        {running && (
          <span className="size-1.5 shrink-0 animate-breathe rounded-full bg-accent">
            <span className="sr-only">{t('running')}</span>
          </span>
        )}
        <span className="truncate">{title}</span>
      </Link>
      {isMenuWanted ? (
        <Suspense fallback={button}>
          <ConversationMenu
            className={MENU_BUTTON}
            label={t('conversationMenu', { title })}
            open={isMenuOpen}
            onOpenChange={setMenuOpen}
            onRename={() => setRenaming(true)}
            onDelete={deleteWithUndo}
          />
        </Suspense>
      ) : (
        button
      )}
    </li>
  )
}
