'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { buttonClass } from '#app/_ui/button.tsx'

const PAGES = ['credits', 'account'] as const

/**
 * The pages about the person and their money, with the one that is shown marked.
 * @param isAdmin shows who runs the service the way to its pages
 */
export function AccountNav({ isAdmin }: { isAdmin: boolean }) {
  const t = useTranslations('account')
  const pathname = usePathname()
  return (
    <nav aria-label={t('pages')} className="flex gap-1">
      {PAGES.map((page) => {
        const isHere = pathname === `/${page}` || pathname.startsWith(`/${page}/`)
        return (
          <Link
            key={page}
            href={`/${page}`}
            prefetch={false}
            aria-current={isHere ? 'page' : undefined}
            className={buttonClass('quiet', 'small', 'aria-[current=page]:bg-soft aria-[current=page]:text-ink')}
          >
            {t(page === 'account' ? 'title' : 'credits')}
          </Link>
        )
      })}
      {isAdmin && (
        <Link href="/admin" prefetch={false} className={buttonClass('quiet', 'small')}>
          {t('adminPage')}
        </Link>
      )}
    </nav>
  )
}
