'use client'

import { lazy, type MouseEvent, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'

const EntryPanel = lazy(() => import('#app/(account)/credits/entry-panel.tsx'))

/** Opens entries of the statement in a panel. Without a script, or with a modified press, each is a page of its own. */
export function StatementPanel({ children }: { children: ReactNode }) {
  const anchor = useRef<HTMLElement>(null)
  const [seq, setSeq] = useState<string | null>(null)
  const [isOpen, setOpen] = useState(false)

  useEffect(() => {
    const link = anchor.current
    if (!isOpen || seq === null || !link) return
    link.setAttribute('aria-expanded', 'true')
    return () => link.removeAttribute('aria-expanded')
  }, [isOpen, seq])

  function press(event: MouseEvent) {
    const link = (event.target as Element).closest<HTMLElement>('a[data-entry]')
    if (!link || event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    const isSame = anchor.current === link
    anchor.current = link
    setSeq(link.dataset.entry ?? null)
    setOpen(!isSame || !isOpen)
  }

  return (
    <>
      <div onClickCapture={press}>{children}</div>
      {seq !== null && (
        <Suspense>
          <EntryPanel seq={seq} anchor={anchor} open={isOpen} onOpenChange={setOpen} />
        </Suspense>
      )}
    </>
  )
}
