import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { NewPersonForm } from '#app/admin/people/new/new-person-form.tsx'
import { getStartingCredit } from '#lib/auth/index.ts'
import { formatCredits } from '#lib/money.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminPeople'))('new.title') }
}

export default async function NewPersonPage() {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const [t, locale, creditMicros] = await Promise.all([
    getTranslations('adminPeople'),
    getLocale(),
    getStartingCredit(ctx),
  ])
  const credit =
    creditMicros > 0n ? t('new.credit', { amount: formatCredits(creditMicros, locale) }) : t('new.noCredit')
  return (
    <div className="max-w-lg">
      <Link href="/admin/people" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('title')}
      </Link>
      <PageHead title={t('new.title')} hint={`${t('new.hint')} ${credit}`} />
      <div className="mt-5">
        <Card>
          <NewPersonForm />
        </Card>
      </div>
    </div>
  )
}
