import Link from 'next/link'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { buttonClass } from '#app/_ui/button.tsx'
import type { SearchParams } from '#app/admin/_parts/address.ts'
import { hrefWith } from '#app/admin/_parts/address.ts'

type PagerProps = {
  path: string
  /** The address as it is, with its filters. */
  params: SearchParams
  /** Where the next page begins; null on the last. */
  next: string | null
  children?: ReactNode
}

/** On to the next page of a list, and back to its beginning. */
export function Pager({ path, params, next, children }: PagerProps) {
  const t = useTranslations('admin')
  return (
    <div className="mt-4 flex flex-wrap items-center gap-2">
      {next !== null && (
        <Link
          href={hrefWith(path, params, { after: next })}
          prefetch={false}
          className={buttonClass('secondary', 'small')}
        >
          {t('showEarlier')}
        </Link>
      )}
      {params.after !== undefined && (
        <Link href={hrefWith(path, params, { after: null })} prefetch={false} className={buttonClass('quiet', 'small')}>
          {t('backToFirst')}
        </Link>
      )}
      {children && <div className="ms-auto text-muted text-xs">{children}</div>}
    </div>
  )
}
