import type { ReactNode } from 'react'

type PageHeadProps = {
  title: ReactNode
  /** A sentence on what the page is for, where its name does not say it. */
  hint?: ReactNode
  /** The page's actions, at its right. */
  children?: ReactNode
}

/** The title of one of the operator's pages. */
export function PageHead({ title, hint, children }: PageHeadProps) {
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
      <div className="min-w-0">
        <h1 className="wrap-anywhere font-semibold text-2xl">{title}</h1>
        {hint && <p className="mt-1 max-w-column text-muted text-sm">{hint}</p>}
      </div>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </header>
  )
}
