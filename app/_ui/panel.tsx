'use client'

import { X } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Popover } from 'radix-ui'
import { type ReactNode, type RefObject, useId, useSyncExternalStore } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Dialog } from '#app/_ui/dialog.tsx'

type PanelProps = {
  title: ReactNode
  /** What the panel stands beside: pressing it again closes, and the focus returns to it. */
  anchor: RefObject<HTMLElement | null>
  /** Above its anchor, or beside what stands in a list: then it has the whole height of the window. */
  side?: 'above' | 'beside'
  open: boolean
  onOpenChange: (open: boolean) => void
  children: ReactNode
}

const WIDTH = 480
const MARGIN = 12
const WIDE = '(min-width: 640px)'

function subscribeWide(listener: () => void) {
  const query = window.matchMedia(WIDE)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}

/** Details beside the line they belong to; on phones a sheet from below. Load it lazily: it brings positioning code. */
export function Panel({ title, anchor, side = 'above', open, onOpenChange, children }: PanelProps) {
  const t = useTranslations('common')
  const titleId = useId()
  const isWide = useSyncExternalStore(
    subscribeWide,
    () => window.matchMedia(WIDE).matches,
    () => true,
  )
  if (!isWide) {
    return (
      <Dialog open={open} onClose={() => onOpenChange(false)} title={title}>
        {children}
      </Dialog>
    )
  }
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Anchor virtualRef={side === 'beside' ? besideRef(anchor) : (anchor as RefObject<HTMLElement>)} />
      <Popover.Portal>
        <Popover.Content
          side={side === 'beside' ? 'right' : 'top'}
          align={side === 'beside' ? 'center' : 'start'}
          sideOffset={6}
          collisionPadding={MARGIN}
          aria-labelledby={titleId}
          onInteractOutside={(event) => {
            // What opened it closes it as well.
            if (anchor.current?.contains(event.target as Node)) event.preventDefault()
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            anchor.current?.focus({ preventScroll: true })
          }}
          className="z-50 flex max-h-(--radix-popover-content-available-height) w-[min(30rem,calc(100vw-2rem))] animate-rise flex-col rounded-2xl border border-line bg-raised text-ink shadow-raised outline-none"
        >
          <header className="flex items-center justify-between gap-4 px-5 pt-3 pb-1">
            <h2 id={titleId} className="font-semibold text-base">
              {title}
            </h2>
            <Popover.Close asChild>
              <Button variant="quiet" size="icon" aria-label={t('close')} className="-me-2">
                <X className="size-4" aria-hidden="true" />
              </Button>
            </Popover.Close>
          </header>
          <div className="min-h-0 overflow-y-auto px-5 pb-5">{children}</div>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** The right end of an element, or as far left of it as a panel needs to stand within the window. */
function besideRef(anchor: RefObject<HTMLElement | null>): RefObject<{ getBoundingClientRect(): DOMRect }> {
  return {
    current: {
      getBoundingClientRect: () => {
        const { top, right, height } = anchor.current?.getBoundingClientRect() ?? new DOMRect()
        return new DOMRect(Math.min(right, window.innerWidth - WIDTH - 2 * MARGIN), top, 0, height)
      },
    },
  }
}
