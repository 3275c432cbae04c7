import { getTranslations } from 'next-intl/server'
import { buttonClass } from '#app/_ui/button.tsx'

/** A page that the operator has not written. */
export default async function PublicNotFound() {
  const t = await getTranslations('common')
  return (
    <>
      <h1 className="font-semibold text-2xl">{t('notFoundTitle')}</h1>
      <p className="mt-3 max-w-[38rem] text-muted">{t('notFoundText')}</p>
      <p className="mt-6">
        <a href="/" className={buttonClass('primary')}>
          {t('backToStart')}
        </a>
      </p>
    </>
  )
}
