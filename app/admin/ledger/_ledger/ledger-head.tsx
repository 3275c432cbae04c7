'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { PageHead } from '#app/admin/_parts/page-head.tsx'

const PLACES = [
  { name: 'accounts', href: '/admin/ledger' },
  { name: 'transfers', href: '/admin/ledger/transfers' },
  { name: 'holds', href: '/admin/ledger/holds' },
  { name: 'wallets', href: '/admin/ledger/wallets' },
  { name: 'checks', href: '/admin/ledger/checks' },
] as const

type Place = (typeof PLACES)[number]['name']

/** The head of the ledger's pages, with the ways between them. */
export function LedgerHead({ at, children }: { at: Place; children?: ReactNode }) {
  const t = useTranslations('adminMoney.ledger')
  const pathname = usePathname()
  return (
    <>
      <PageHead title={t('title')} hint={t(`hint.${at}`)}>
        {children}
      </PageHead>
      <nav aria-label={t('title')} className="mt-4 overflow-x-auto border-line border-b">
        <ul className="flex gap-1 text-sm">
          {PLACES.map(({ name, href }) => (
            <li key={name}>
              <Link
                href={href}
                prefetch={false}
                aria-current={pathname === href ? 'page' : undefined}
                className="-mb-px inline-flex h-10 items-center whitespace-nowrap border-transparent border-b-2 px-3 text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink touch:h-11"
              >
                {t(`places.${name}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </>
  )
}
