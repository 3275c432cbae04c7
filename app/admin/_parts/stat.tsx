import type { ReactNode } from 'react'

/** Figures that matter, in a row that wraps. */
export function StatRow({ children }: { children: ReactNode }) {
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-2xl border border-line bg-line sm:grid-cols-[repeat(auto-fit,minmax(9.5rem,1fr))]">
      {children}
    </dl>
  )
}

type StatProps = {
  label: ReactNode
  value: ReactNode
  /** What the figure was before, or what it is made of. */
  detail?: ReactNode
}

export function Stat({ label, value, detail }: StatProps) {
  return (
    <div className="bg-raised p-4">
      <dt className="text-muted text-xs">{label}</dt>
      <dd className="figures mt-1 truncate font-semibold text-lg">{value}</dd>
      {detail && <dd className="figures mt-0.5 text-muted text-xs">{detail}</dd>}
    </div>
  )
}
