import Link from 'next/link'
import type { ReactNode } from 'react'

/** The other door, below a form: a question and the way on for whoever says yes. */
export function OtherWay({ question, href, children }: { question?: ReactNode; href: string; children: ReactNode }) {
  return (
    <p className="mt-6 text-muted text-sm">
      {question && <>{question} </>}
      <Link
        href={href}
        className="inline-flex items-center font-medium text-accent underline-offset-4 hover:underline touch:min-h-11"
      >
        {children}
      </Link>
    </p>
  )
}

/** Keeps the page to return to while somebody goes from one form to the other. */
export function withNext(path: string, next: string): string {
  return next === '/' ? path : `${path}?next=${encodeURIComponent(next)}`
}
