import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { buttonClass } from '#app/_ui/button.tsx'
import { NoticePage } from '#app/_ui/notice-page.tsx'

export default async function NotFound() {
  const t = await getTranslations('common')
  return (
    <NoticePage title={t('notFoundTitle')} text={t('notFoundText')}>
      <Link href="/" className={buttonClass('primary')}>
        {t('backToStart')}
      </Link>
    </NoticePage>
  )
}
