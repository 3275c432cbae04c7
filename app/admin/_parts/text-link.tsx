import Link from 'next/link'
import type { ReactNode } from 'react'

type TextLinkProps = { href: string; quiet?: boolean; children: ReactNode }

/** A link in a text or a cell. Quiet ones stand in tables, where many would shout. */
export function TextLink({ href, quiet = false, children }: TextLinkProps) {
  const look = quiet ? 'hover:underline' : 'text-accent underline hover:text-accent-hover'
  return (
    <Link
      href={href}
      prefetch={false}
      className={`max-w-full underline-offset-4 touch:inline-flex touch:min-h-11 touch:items-center ${look}`}
    >
      {children}
    </Link>
  )
}
