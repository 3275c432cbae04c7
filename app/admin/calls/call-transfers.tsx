import { useLocale, useTranslations } from 'next-intl'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import type { CallTransfer } from '#lib/inference/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

// As the wallet sees it; what the house bears is no matter of the wallet.
const SIGNS = { usage: '−', goodwill: '+', bad_debt: '' } as const

/** What moved for a call, the oldest first. */
export function CallTransfers({ transfers, timeZone }: { transfers: CallTransfer[]; timeZone: string }) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  return (
    <ul className="figures text-sm">
      {transfers.map(({ id, kind, amountMicros, seq, reason, at }) => (
        <li
          key={id}
          className="flex flex-wrap items-baseline justify-between gap-x-4 border-line border-t py-2 first:border-0"
        >
          <span className="min-w-0">
            <TextLink href={`/admin/ledger/transfers/${id}`}>{t(`kinds.${kind}`)}</TextLink>
            {reason && <span className="text-muted"> · {reason}</span>}
            <span className="block text-muted text-xs">
              <time dateTime={at.toISOString()}>{when.format(at)}</time>
              {seq !== null && ` · ${t('entry', { seq: String(seq) })}`}
            </span>
          </span>
          <span>
            {SIGNS[kind]}
            {creditsToDecimal(amountMicros)}
          </span>
        </li>
      ))}
    </ul>
  )
}
