import type { ReactNode } from 'react'

export function AuthHeading({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="mb-6">
      <h1 className="font-semibold text-2xl">{title}</h1>
      {children && <p className="mt-2 text-muted text-sm">{children}</p>}
    </div>
  )
}
