import type { ReactNode } from 'react'

/** A titled group of settings or figures. */
export function Card({ title, hint, children }: { title?: ReactNode; hint?: ReactNode; children: ReactNode }) {
  return (
    <section className="rounded-2xl border border-line bg-raised p-5 sm:p-6">
      {title && <h2 className="font-semibold text-base">{title}</h2>}
      {hint && <p className="mt-1 text-muted text-sm">{hint}</p>}
      <div className={title ? 'mt-4' : ''}>{children}</div>
    </section>
  )
}
