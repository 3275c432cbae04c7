import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { CodesForm } from '#app/admin/codes/new/codes-form.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('codes.new') }
}

export default async function NewCodesPage() {
  await requirePageAdmin()
  const t = await getTranslations('adminMoney.codes')
  return (
    <div className="max-w-2xl">
      <Link href="/admin/codes" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('all')}
      </Link>
      <PageHead title={t('new')} hint={t('newHint')} />
      <div className="mt-5">
        <Card>
          <CodesForm />
        </Card>
      </div>
    </div>
  )
}
