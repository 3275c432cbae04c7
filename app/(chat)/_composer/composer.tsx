'use client'

import { ArrowUp, Square } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type KeyboardEvent, memo, type Ref, useEffect, useId, useImperativeHandle, useRef, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Spinner } from '#app/_ui/spinner.tsx'
import { createDrafts } from '#app/(chat)/_composer/drafts.ts'
import { decideEnter } from '#app/(chat)/_composer/enter-key.ts'
import { ModelPicker } from '#app/(chat)/_composer/model-picker.tsx'
import { QuoteDetails, QuoteFigure } from '#app/(chat)/_composer/quote-figure.tsx'
import { QuoteSentence } from '#app/(chat)/_composer/quote-sentence.tsx'
import { useQuote } from '#app/(chat)/_composer/use-quote.ts'

/** Key of the draft of a chat that the server does not know yet. */
export const NEW_DRAFT = 'new'

export type ComposerHandle = {
  focus: () => void
  /** The server has the text: its draft is gone. */
  taken: () => void
  /** The server refused: the text is back, before anything typed since. */
  giveBack: (text: string) => void
  /** A prompt was chosen: it stands in the box, after what was typed there. */
  fill: (text: string) => void
}

type ComposerProps = {
  ref: Ref<ComposerHandle>
  ownerId: string
  /** Names the draft: the conversation, or NEW_DRAFT. */
  draftKey: string
  /** A draft equal to this was already sent. */
  lastSent: string | null
  conversationId: string
  /** What the message would follow. */
  parentId: string | null
  /** Of a refusal that is told already. */
  toldCode: string | null
  modelId: string | null
  onModelChange: (modelId: string) => void
  isAnswering: boolean
  isStopping: boolean
  onSend: (text: string) => void
  onStop: () => void
}

/** Where a person writes. What is typed survives a reload until the server has it. */
export const Composer = memo(function Composer({ ref, ownerId, draftKey, lastSent, ...props }: ComposerProps) {
  const t = useTranslations('chat')
  const { modelId, onModelChange, conversationId, parentId, toldCode, isAnswering, isStopping, onSend, onStop } = props
  const detailsId = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const compositionEndedAt = useRef<number | null>(null)
  const [drafts] = useState(() => createDrafts(ownerId, () => window.localStorage))
  const [text, setText] = useState('')
  const isEmpty = text.trim() === ''
  const { quote, refusal, isCurrent, forbidsSending } = useQuote(
    { text, modelId, conversationId, parentId },
    isAnswering,
  )
  const [isQuoteOpen, setQuoteOpen] = useState(false)
  const [wasBlocked, setBlocked] = useState(false)
  const isTold = refusal !== null && refusal.code === toldCode && !wasBlocked

  // The server does not know the draft, so it comes after the first paint.
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once for each conversation.
  useEffect(() => {
    const draft = drafts.read(draftKey)
    if (draft && draft === lastSent) drafts.write(draftKey, '')
    else if (draft) setText((typed) => typed || draft)
    if (window.matchMedia('(pointer: fine)').matches) area.current?.focus({ preventScroll: true })
  }, [drafts, draftKey])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text.
  useEffect(() => {
    const element = area.current
    if (!element || CSS.supports('field-sizing', 'content')) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
  }, [text])

  useImperativeHandle(ref, () => ({
    fill: (prompt) => {
      const typed = area.current?.value.trimEnd() ?? ''
      change(typed && typed !== prompt ? `${typed}\n\n${prompt}` : prompt)
      area.current?.focus({ preventScroll: true })
    },
    focus: () => area.current?.focus({ preventScroll: true }),
    taken: () => drafts.write(draftKey, draftKey === NEW_DRAFT ? '' : (area.current?.value ?? '')),
    giveBack: (refused) => {
      const typed = area.current?.value ?? ''
      const restored = typed && typed !== refused ? `${refused}\n${typed}` : refused
      setText(restored)
      drafts.write(draftKey, restored)
      area.current?.focus({ preventScroll: true })
    },
  }))

  function change(next: string) {
    setText(next)
    setBlocked(false)
    drafts.write(draftKey, next)
  }

  function send() {
    if (isEmpty || isAnswering || !modelId) return
    if (forbidsSending()) {
      setBlocked(true)
      return
    }
    setBlocked(false)
    // Only the screen is cleared: the draft stays until the server has it.
    setText('')
    onSend(text)
  }

  function pressKey(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key !== 'Enter') return
    const decision = decideEnter({
      shiftKey: event.shiftKey,
      altKey: event.altKey,
      modifier: event.ctrlKey || event.metaKey,
      isComposing: event.nativeEvent.isComposing,
      keyCode: event.keyCode,
      at: event.timeStamp,
      compositionEndedAt: compositionEndedAt.current,
      touch: window.matchMedia('(pointer: coarse)').matches,
    })
    if (decision !== 'send') return
    event.preventDefault()
    if (!event.repeat) send()
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      className="rounded-2xl border border-line bg-raised shadow-[0_1px_3px_oklch(0.3_0.02_70/0.06)] transition-colors duration-150 focus-within:border-line-strong"
    >
      <textarea
        ref={area}
        id="composer"
        name="text"
        rows={1}
        value={text}
        aria-label={t('write')}
        aria-describedby="composer-hint"
        placeholder={t('writePlaceholder')}
        onChange={(event) => change(event.target.value)}
        onKeyDown={pressKey}
        onCompositionEnd={(event) => {
          compositionEndedAt.current = event.timeStamp
        }}
        enterKeyHint="enter"
        className="field-sizing-content block max-h-[40dvh] min-h-13 w-full resize-none overflow-y-auto bg-transparent px-4 pt-3.5 pb-1 text-base outline-none"
      />
      <div role="status">{!isTold && <QuoteSentence quote={quote} refusal={refusal} wasBlocked={wasBlocked} />}</div>
      <div id={detailsId}>
        {quote?.atMostMicros && isQuoteOpen && <QuoteDetails quote={quote} atMostMicros={quote.atMostMicros} />}
      </div>
      <div className="flex items-center gap-1 p-2">
        <ModelPicker modelId={modelId} onChange={onModelChange} />
        <div className="ms-auto flex min-w-0 shrink-0 items-center gap-1">
          <span id="composer-hint" className="truncate px-2 text-muted text-xs max-lg:sr-only touch:sr-only">
            {t('enterHint')}
          </span>
          {quote?.atMostMicros && (
            <QuoteFigure
              quote={quote}
              atMostMicros={quote.atMostMicros}
              isFree={quote.messagesLeft === null}
              isCurrent={isCurrent}
              isOpen={isQuoteOpen}
              onToggle={() => setQuoteOpen(!isQuoteOpen)}
              detailsId={detailsId}
            />
          )}
          {isAnswering ? (
            <Button variant="secondary" size="round" aria-label={t('stop')} disabled={isStopping} onClick={onStop}>
              {isStopping ? <Spinner /> : <Square className="size-3.5 fill-current" aria-hidden="true" />}
            </Button>
          ) : (
            <Button type="submit" variant="primary" size="round" aria-label={t('send')} disabled={isEmpty || !modelId}>
              <ArrowUp className="size-4.5" aria-hidden="true" />
            </Button>
          )}
        </div>
      </div>
    </form>
  )
})
