'use client'

import { useTranslations } from 'next-intl'
import { useSite } from '#app/_ui/site.tsx'

/** Where to reach the operator, where they have said so: an address to write to, a link, or their words. */
export function Contact({ className = '' }: { className?: string }) {
  const t = useTranslations('common')
  const { contact } = useSite()
  if (contact === null) return null
  const href = hrefOf(contact)
  return (
    <p className={`break-words text-muted text-xs ${className}`}>
      {t.rich('contact', {
        contact: () =>
          href ? (
            <a
              href={href}
              className="inline-flex items-center underline underline-offset-4 hover:text-ink touch:min-h-11"
            >
              {contact.replace(/^https?:\/\//, '')}
            </a>
          ) : (
            contact
          ),
      })}
    </p>
  )
}

function hrefOf(contact: string): string | null {
  if (/^[^\s@<>"']+@[^\s@<>"']+\.[^\s@<>"']+$/.test(contact)) return `mailto:${contact}`
  return /^https?:\/\/\S+$/.test(contact) && URL.canParse(contact) ? contact : null
}
