import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { buttonClass } from '#app/_ui/button.tsx'
import { Badge } from '#app/admin/_parts/badge.tsx'
import type { Person } from '#lib/support/index.ts'

/** Who it is, at the top of their page. */
export function PersonHead({ person, isSelf }: { person: Person; isSelf: boolean }) {
  const t = useTranslations('adminPeople')
  return (
    <header>
      <Link href="/admin/people" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('title')}
      </Link>
      <h1 className="font-semibold text-2xl [overflow-wrap:anywhere]">{person.name}</h1>
      <p className="mt-1 text-muted text-sm [overflow-wrap:anywhere]">{person.email}</p>
      <p className="mt-2 flex flex-wrap gap-1.5">
        <Badge tone={person.role === 'admin' ? 'accent' : 'neutral'}>{t(`roles.${person.role}`)}</Badge>
        <Badge tone={person.status === 'disabled' ? 'danger' : 'success'}>{t(`statuses.${person.status}`)}</Badge>
        {person.wallet.suspended && <Badge tone="warning">{t('suspended')}</Badge>}
        {isSelf && <Badge>{t('you')}</Badge>}
      </p>
    </header>
  )
}
