import { useLocale, useTranslations } from 'next-intl'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import type { TransferFacts } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

type TransferLotsProps = { transfer: Pick<TransferFacts, 'lot' | 'paidFrom'>; timeZone: string }

/** The credits that a transfer brought with what is left of them, or those that paid for it. */
export function TransferLots({ transfer: { lot, paidFrom }, timeZone }: TransferLotsProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  const lasts = (expiresAt: Date | null) =>
    expiresAt === null ? t('lots.lasts') : t('lots.expires', { date: day.format(expiresAt) })
  if (!lot && paidFrom.length === 0) return <p className="text-muted text-sm">{t('lots.none')}</p>
  return (
    <ul className="figures text-sm">
      {lot && (
        <li>
          <span className="flex items-baseline justify-between gap-4">
            <span>{t('lots.brought', { source: t(`lots.sources.${lot.source}`) })}</span>
            <span>{creditsToDecimal(lot.amountMicros)}</span>
          </span>
          <span className="mt-1 flex items-baseline justify-between gap-4 text-muted">
            <span>{t('lots.left')}</span>
            <span>{creditsToDecimal(lot.remainingMicros)}</span>
          </span>
          <span className="mt-1 block text-muted text-xs">{lasts(lot.expiresAt)}</span>
        </li>
      )}
      {paidFrom.map(({ transferId, source, amountMicros, expiresAt }) => (
        <li key={transferId} className="border-line border-t py-2 first:border-0 first:pt-0">
          <span className="flex items-baseline justify-between gap-4">
            <TextLink href={`/admin/ledger/transfers/${transferId}`}>
              {t('lots.from', { source: t(`lots.sources.${source}`) })}
            </TextLink>
            <span>{creditsToDecimal(amountMicros)}</span>
          </span>
          <span className="block text-muted text-xs">{lasts(expiresAt)}</span>
        </li>
      ))}
    </ul>
  )
}
