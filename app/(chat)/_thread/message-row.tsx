'use client'

import { Check, ChevronLeft, ChevronRight, Copy, RotateCcw } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { memo, useState } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button } from '#app/_ui/button.tsx'
import { copyText } from '#app/_ui/copy-text.ts'
import { LiveMarkdown } from '#app/_ui/markdown/live-markdown.tsx'
import { MoneyLine } from '#app/_ui/receipt/money-line.tsx'
import { textLanguage } from '#app/_ui/text-language.ts'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'
import { useFailureText } from '#app/(chat)/_thread/failure-text.ts'
import type { Live, ThreadMessage } from '#app/(chat)/_thread/thread.ts'

export type MessageActions = {
  retry: (messageId: string) => void
  showBranch: (messageId: string) => void
}

type MessageRowProps = {
  message: ThreadMessage
  /** Set while this answer is being written. */
  live: Live | null
  /** False while another answer runs: then nothing new can be asked. */
  isIdle: boolean
  actions: MessageActions
}

/** One message of the path: the person's words in a soft block, an answer as plain text with its cost beneath. */
export const MessageRow = memo(function MessageRow({ message, live, isIdle, actions }: MessageRowProps) {
  const t = useTranslations('chat')
  if (message.role === 'user') {
    return (
      <article aria-label={t('you')} className="flex justify-end">
        <p
          lang={textLanguage(message.text)}
          className="max-w-[85%] whitespace-pre-wrap rounded-2xl bg-soft px-4 py-2.5 [overflow-wrap:anywhere]"
        >
          {message.text}
        </p>
      </article>
    )
  }
  return <Answer message={message} live={live} isIdle={isIdle} actions={actions} />
})

function Answer({ message, live, isIdle, actions }: MessageRowProps) {
  const t = useTranslations('chat')
  const { labels } = useShell()
  const text = live ? live.answer.text : message.text
  const reasoning = live ? live.answer.reasoning : message.reasoning
  const isThinking = live !== null && text === ''
  const language = textLanguage(text)

  return (
    <article aria-label={t('answer')} aria-busy={live !== null}>
      {reasoning !== '' && <Reasoning text={reasoning} isThinking={isThinking} />}
      {isThinking && reasoning === '' && (
        <p className="flex h-7 items-center">
          <span className="size-2.5 animate-breathe rounded-full bg-accent" />
          <span className="sr-only">{t('waiting')}</span>
        </p>
      )}
      {message.html ? (
        // biome-ignore lint/security/noDangerouslySetInnerHtml: HTML of our own pipeline, which lets no markup through.
        <div className="markdown" lang={language} dangerouslySetInnerHTML={{ __html: message.html }} />
      ) : (
        text !== '' && (
          <div className="markdown" lang={language}>
            <LiveMarkdown text={text} done={!live} labels={labels} idPrefix={message.id} />
          </div>
        )
      )}
      {live && !isThinking && (
        <p aria-hidden="true" className="mt-2 flex h-8 items-center">
          <span className="size-2.5 animate-breathe rounded-full bg-accent" />
        </p>
      )}
      {live && !live.connected && (
        <p role="status" className="mt-3 text-muted text-sm">
          {t('reconnecting')}
        </p>
      )}
      {!live && <AnswerFoot message={message} isIdle={isIdle} actions={actions} />}
    </article>
  )
}

function Reasoning({ text, isThinking }: { text: string; isThinking: boolean }) {
  const t = useTranslations('chat')
  return (
    <details className="group/reasoning mb-3 text-sm">
      <summary className="-ms-2 inline-flex min-h-8 list-none items-center gap-1.5 rounded-lg px-2 text-muted hover:bg-soft hover:text-ink touch:min-h-11">
        <ChevronRight
          className="size-3.5 transition-transform duration-150 group-open/reasoning:rotate-90"
          aria-hidden="true"
        />
        <span className={isThinking ? 'animate-breathe' : ''}>{isThinking ? t('thinking') : t('reasoning')}</span>
      </summary>
      <p className="mt-1 whitespace-pre-wrap border-line border-s-2 ps-4 text-muted [overflow-wrap:anywhere]">{text}</p>
    </details>
  )
}

function AnswerFoot({ message, isIdle, actions }: Omit<MessageRowProps, 'live'>) {
  const t = useTranslations('chat')
  const failureText = useFailureText()
  const status = message.generation?.status
  const siblings = message.siblingIds
  const place = siblings.indexOf(message.id)
  const isWhole = status === undefined || status === 'completed'
  const failure = failureText({ code: message.generation?.errorCode ?? 'internal', params: {} })
  const isFree = message.receipt?.chargedMicros === '0'
  const reached = isWhole ? reachedLength(message) : null

  return (
    <>
      {status === 'failed' && (
        <Alert
          tone="warning"
          action={
            <Button size="small" disabled={!isIdle} onClick={() => actions.retry(message.id)}>
              {t('tryAgain')}
            </Button>
          }
        >
          {isFree ? t('nothingCharged', { failure }) : failure}
        </Alert>
      )}
      {(status === 'interrupted' || status === 'stopped') && <p className="mt-3 text-muted text-sm">{t(status)}</p>}
      {reached !== null && <p className="mt-3 text-muted text-sm">{t('lengthReached', { count: reached })}</p>}
      <div className="needs-script mt-2 flex items-center gap-x-1">
        {message.receipt && (status !== 'failed' || message.receipt.chargedMicros !== '0') && (
          <MoneyLine receipt={message.receipt} />
        )}
        <span className="ms-auto flex shrink-0 items-center">
          {siblings.length > 1 && (
            <span className="flex items-center text-muted text-xs">
              <Button
                variant="quiet"
                size="icon"
                aria-label={t('previousAnswer')}
                disabled={!isIdle || place <= 0}
                onClick={() => actions.showBranch(siblings[place - 1]!)}
              >
                <ChevronLeft className="size-4" aria-hidden="true" />
              </Button>
              <span className="figures">
                <span className="sr-only">{t('answerOf', { place: place + 1, count: siblings.length })}</span>
                <span aria-hidden="true">
                  {place + 1} / {siblings.length}
                </span>
              </span>
              <Button
                variant="quiet"
                size="icon"
                aria-label={t('nextAnswer')}
                disabled={!isIdle || place >= siblings.length - 1}
                onClick={() => actions.showBranch(siblings[place + 1]!)}
              >
                <ChevronRight className="size-4" aria-hidden="true" />
              </Button>
            </span>
          )}
          <Button
            variant="quiet"
            size="icon"
            aria-label={isWhole ? t('retry') : t('tryAgain')}
            title={t('retry')}
            disabled={!isIdle}
            onClick={() => actions.retry(message.id)}
          >
            <RotateCcw className="size-4" aria-hidden="true" />
          </Button>
          {message.text !== '' && <CopyButton text={message.text} />}
        </span>
      </div>
    </>
  )
}

/** How many tokens the answer was allowed, where it took them all: then it may end in the middle of a sentence. */
function reachedLength({ receipt }: ThreadMessage): number | null {
  if (!receipt || receipt.outputCap === null) return null
  const { outputTokens, reasoningTokens } = receipt.usage
  return outputTokens + reasoningTokens >= receipt.outputCap ? receipt.outputCap : null
}

function CopyButton({ text }: { text: string }) {
  const t = useTranslations('chat')
  const { showToast } = useShell()
  const [copied, setCopied] = useState(false)
  return (
    <Button
      variant="quiet"
      size="icon"
      aria-label={copied ? t('copied') : t('copyAnswer')}
      title={t('copyAnswer')}
      onBlur={() => setCopied(false)}
      onPointerLeave={() => setCopied(false)}
      onClick={() => {
        void copyText(text).then((done) => (done ? setCopied(true) : showToast({ text: t('notCopied') })))
      }}
    >
      {copied ? (
        <Check className="size-4 text-success" aria-hidden="true" />
      ) : (
        <Copy className="size-4" aria-hidden="true" />
      )}
    </Button>
  )
}
