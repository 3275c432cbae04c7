import type { ReactNode } from 'react'

/** What is known of one thing, each with its name. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="figures grid gap-y-2.5 text-sm">{children}</dl>
}

type FactProps = { label: ReactNode; children: ReactNode }

/** Left out where there is nothing to say. */
export function Fact({ label, children }: FactProps) {
  if (children === null || children === undefined || children === false || children === '') return null
  return (
    <div className="flex items-baseline justify-between gap-x-4">
      <dt className="max-w-[45%] shrink-0 text-muted">{label}</dt>
      <dd className="min-w-0 text-end [overflow-wrap:anywhere]">{children}</dd>
    </div>
  )
}

/** A name that only machines know; pressed, all of it is selected. */
export function Id({ children }: { children: string }) {
  return <span className="select-all break-all font-mono text-xs">{children}</span>
}
