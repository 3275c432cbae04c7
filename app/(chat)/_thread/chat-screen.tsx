'use client'

import { ArrowDown, PanelLeft, SquarePen } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { type MouseEvent, type ReactNode, useCallback, useMemo, useRef, useState } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button, buttonClass } from '#app/_ui/button.tsx'
import { copyText } from '#app/_ui/copy-text.ts'
import { Composer, type ComposerHandle, NEW_DRAFT } from '#app/(chat)/_composer/composer.tsx'
import { useModelChoice } from '#app/(chat)/_composer/use-model-choice.ts'
import { useConversations, useStatus } from '#app/(chat)/_shell/queries.ts'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import { creditsHref, useFailureText } from '#app/(chat)/_thread/failure-text.ts'
import { MessageList } from '#app/(chat)/_thread/message-list.tsx'
import type { ThreadMessage } from '#app/(chat)/_thread/thread.ts'
import { useReadingScroll } from '#app/(chat)/_thread/use-reading-scroll.ts'
import { useThread } from '#app/(chat)/_thread/use-thread.ts'

type ChatScreenProps = {
  conversationId: string
  isNew: boolean
  title: string
  messages: ThreadMessage[]
  hasEarlier: boolean
  renderId: string | null
  /** What an empty chat offers to begin with; a press on an element with `data-starter` fills the box with its text. */
  starters?: ReactNode
}

/** One conversation: its path, and where to write. */
export function ChatScreen(props: ChatScreenProps) {
  const { conversationId, isNew, title, messages, hasEarlier, renderId, starters } = props
  const t = useTranslations('chat')
  const shell = useShell()
  const composer = useRef<ComposerHandle>(null)
  const [sent, setSent] = useState(0)
  const [isTaken, setTaken] = useState(!isNew)

  const onTaken = useCallback(() => {
    composer.current?.taken()
    setTaken(true)
    // The address alone changes: the page and the stream it reads stay.
    if (isNew) window.history.replaceState(null, '', `/c/${conversationId}`)
  }, [isNew, conversationId])
  const onRefused = useCallback((text: string) => composer.current?.giveBack(text), [])

  const thread = useThread({ conversationId, messages, hasEarlier, renderId, onTaken, onRefused })
  const { state, send, retry, showBranch } = thread
  const { live, failure } = state
  const last = state.messages.at(-1)
  const lastSent = state.messages.findLast((message) => message.role === 'user')?.text ?? null
  const usedModel = messages.findLast((message) => message.modelId)?.modelId ?? null
  const [modelId, chooseModel] = useModelChoice(usedModel)
  const shownTitle = useTitle(conversationId) ?? title
  const oldest = state.messages[0]
  const scroll = useReadingScroll(sent, oldest?.slot ?? oldest?.id)

  const parentId = last?.id ?? null
  const sendText = useCallback(
    (text: string) => {
      if (!modelId) return
      send({ text, modelId, parentId, isFirst: parentId === null })
      setSent((count) => count + 1)
    },
    [send, modelId, parentId],
  )
  const actions = useMemo(
    () => ({
      retry: (messageId: string) => modelId && retry({ messageId, modelId }),
      showBranch: (messageId: string) => void showBranch(messageId),
    }),
    [retry, showBranch, modelId],
  )

  function press(event: MouseEvent) {
    if (!(event.target instanceof Element)) return
    const starter = event.target.closest<HTMLElement>('[data-starter]')?.dataset.starter
    if (starter) composer.current?.fill(starter)
    const button = event.target.closest('.code-copy')
    const code = button?.closest('.code-block')?.querySelector('pre')?.textContent
    if (code === null || code === undefined) return
    void copyText(code).then((done) => shell.showToast({ text: done ? t('copied') : t('notCopied') }))
  }

  return (
    <>
      <header className="flex h-14 shrink-0 items-center gap-1 px-2 pt-[env(safe-area-inset-top)] md:px-5">
        <Button
          variant="quiet"
          size="icon"
          className="needs-script md:hidden"
          aria-label={t('openSidebar')}
          onClick={shell.openSidebar}
        >
          <PanelLeft className="size-4.5" aria-hidden="true" />
        </Button>
        <h1 className="min-w-0 flex-1 truncate font-medium text-base max-md:text-center md:text-sm">
          {isTaken ? shownTitle || t('untitled') : <span className="sr-only">{t('newChat')}</span>}
        </h1>
        <Link
          href="/"
          prefetch={false}
          onClick={shell.beginNewChat}
          aria-label={t('newChat')}
          className={buttonClass('quiet', 'icon', 'md:hidden')}
        >
          <SquarePen className="size-4.5" aria-hidden="true" />
        </Link>
      </header>

      {/* Positioned, so that what is placed absolutely within (hidden words, formulas) scrolls with it. */}
      <div
        ref={scroll.scroller}
        className="relative min-h-0 flex-1 overflow-y-auto overscroll-contain [container-type:size]"
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons within are real buttons; their clicks come here. */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: a button's key press is a click. */}
        <div ref={scroll.content} onClick={press} className="mx-auto w-full max-w-column px-4 md:px-6">
          {state.messages.length === 0 && <Welcome>{starters}</Welcome>}
          {state.hasEarlier && (
            <div className="needs-script flex justify-center pb-6">
              <Button
                size="small"
                pending={thread.isLoading}
                onClick={() => {
                  scroll.holdPlace()
                  void thread.loadEarlier()
                }}
              >
                {t('showEarlier')}
              </Button>
            </div>
          )}
          <MessageList messages={state.messages} live={live} actions={actions} makeRoom={sent > 0} />
        </div>
      </div>

      <div className="relative mx-auto w-full max-w-column shrink-0 px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:px-6 md:pb-5">
        <div
          aria-hidden="true"
          className="pointer-events-none absolute inset-x-0 -top-6 h-6 bg-linear-to-t from-canvas to-transparent"
        />
        {scroll.isFar && (
          <Button
            size="pill"
            className="absolute inset-x-0 -top-11 z-10 mx-auto w-fit shadow-raised touch:-top-14"
            onClick={scroll.jumpToEnd}
          >
            <ArrowDown className="size-4" aria-hidden="true" />
            {t('jumpToLatest')}
          </Button>
        )}
        <Notices failure={failure} onDismiss={thread.dismiss} />
        <Composer
          ref={composer}
          ownerId={shell.userId}
          draftKey={isTaken ? conversationId : NEW_DRAFT}
          lastSent={lastSent}
          conversationId={conversationId}
          parentId={parentId}
          toldCode={failure?.code ?? null}
          modelId={modelId}
          onModelChange={chooseModel}
          isAnswering={live !== null}
          isStopping={thread.isStopping}
          onSend={sendText}
          onStop={thread.stop}
        />
      </div>
      <p role="status" className="sr-only">
        {state.announced.kind === 'started' && t('answerStarted')}
        {state.announced.kind === 'ended' && t('answerEnded')}
      </p>
    </>
  )
}

function Welcome({ children }: { children: ReactNode }) {
  const t = useTranslations('chat')
  const { userName, models } = useShell()
  const isDemo = models.length > 0 && models.every((model) => model.demo)
  return (
    <div className="flex min-h-[60cqh] flex-col justify-end pb-4">
      <h2 className="font-semibold text-2xl tracking-tight [overflow-wrap:anywhere]">
        {t('welcome', { name: userName })}
      </h2>
      <p className="mt-2 text-lg text-muted">{t('welcomeText')}</p>
      {isDemo && <p className="mt-4 text-muted text-sm">{t('demoText')}</p>}
      {models.length === 0 && <p className="mt-4 text-sm">{t('noModelText')}</p>}
      {children}
    </div>
  )
}

function Notices({
  failure,
  onDismiss,
}: {
  failure: { code: string; params: Record<string, string | number> } | null
  onDismiss: () => void
}) {
  const t = useTranslations('chat')
  const failureText = useFailureText()
  const { data: status } = useStatus()
  const { availableMicros, heldMicros } = status?.balance ?? {}
  // What running answers hold comes back, or was worth it.
  const isBroke = (availableMicros === '0' || availableMicros?.startsWith('-')) && heldMicros === '0'
  if (failure) {
    const wayOn = creditsHref(failure.code)
    return (
      <div className="mb-3">
        <Alert
          role="alert"
          tone="warning"
          action={
            failure.code === 'unauthenticated' ? (
              <a
                href={`/sign-in?next=${encodeURIComponent(location.pathname)}`}
                className={buttonClass('secondary', 'small')}
              >
                {t('signIn')}
              </a>
            ) : wayOn ? (
              <Link href={wayOn} prefetch={false} className={buttonClass('secondary', 'small')}>
                {t('toCredits')}
              </Link>
            ) : (
              <Button variant="quiet" size="small" onClick={onDismiss}>
                {t('dismiss')}
              </Button>
            )
          }
        >
          {failureText(failure)}
        </Alert>
      </div>
    )
  }
  if (!isBroke) return null
  return (
    <div className="mb-3">
      <Alert
        tone="warning"
        action={
          <Link href="/credits#buy" prefetch={false} className={buttonClass('secondary', 'small')}>
            {t('toCredits')}
          </Link>
        }
      >
        {t('balanceEmpty')}
      </Alert>
    </div>
  )
}

/** The title as the list knows it, which may be newer than the page. */
function useTitle(conversationId: string): string | undefined {
  const { data } = useConversations()
  return data?.pages.flatMap((page) => page.items).find((item) => item.id === conversationId)?.title
}
