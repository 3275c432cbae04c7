'use client'

import { useEffect, useState } from 'react'
import type { Toast } from '#app/(chat)/_shell/shell-context.ts'

const SHOWN_MS = 8_000

/** The last thing that happened, for a while, with the way to take it back. Waits while it is pointed at or focused. */
export function ToastRegion({ toast, onDone }: { toast: Toast | null; onDone: () => void }) {
  const [held, setHeld] = useState(false)

  useEffect(() => {
    if (!toast || held) return
    const timer = setTimeout(onDone, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [toast, held, onDone])

  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-28 z-40 flex justify-center px-4">
      {toast && (
        // biome-ignore lint/a11y/noStaticElementInteractions: nothing to press; it only waits while somebody is at it.
        <div
          className="pointer-events-auto flex max-w-full animate-rise items-center gap-3 rounded-xl bg-ink py-1.5 ps-4 pe-1.5 text-canvas text-sm shadow-raised"
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        >
          <span className="min-w-0 truncate py-1.5">{toast.text}</span>
          {toast.action ? (
            <button
              type="button"
              className="shrink-0 rounded-lg px-2.5 py-1.5 font-medium underline underline-offset-4 hover:bg-canvas/15 focus-visible:outline-canvas touch:min-h-11"
              onClick={() => {
                toast.action?.run()
                onDone()
              }}
            >
              {toast.action.label}
            </button>
          ) : (
            <span className="w-1.5" />
          )}
        </div>
      )}
    </div>
  )
}
