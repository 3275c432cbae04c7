import { useTranslations } from 'next-intl'
import { PageHead } from '#app/admin/_parts/page-head.tsx'

export default function OverviewPage() {
  const t = useTranslations('adminOverview')
  return <PageHead title={t('title')} />
}
