import { useTranslations } from 'next-intl'

type LookedBackProps = { to: Date | null; locale: string; timeZone: string }

/** Says of a page that is not full how far it has looked, so that nobody takes it for all there is. */
export function LookedBack({ to, locale, timeZone }: LookedBackProps) {
  const t = useTranslations('admin.window')
  if (to === null) return null
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  return <p className="mt-3 text-muted text-sm">{t('lookedBackTo', { time: when.format(to) })}</p>
}
