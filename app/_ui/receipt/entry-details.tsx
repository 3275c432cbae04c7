import { useLocale, useTranslations } from 'next-intl'
import { orderEntryOf } from '#app/_ui/receipt/order-entry.ts'
import { ReceiptDetails, Row, WayOn } from '#app/_ui/receipt/receipt-details.tsx'
import type { StatementEntry } from '#lib/inference/shared.ts'
import { creditsToDecimal, decodeMicros } from '#lib/money.ts'

type EntryDetailsProps = {
  entry: StatementEntry
  /** Where the reader's days are; the browser's own place without it. */
  timeZone?: string
  /** Where its reader finds another entry and an order. */
  paths?: { entries: string; orders: string }
}

const OWN_PATHS = { entries: '/credits', orders: '/credits/orders' }

/** All there is to know of one entry of a statement: why it is there, what it moved, and which credits those were. */
export function EntryDetails({ entry, timeZone, paths = OWN_PATHS }: EntryDetailsProps) {
  const t = useTranslations('credits')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  const exact = (micros: string) => creditsToDecimal(decodeMicros(micros))
  const ofOrder = orderEntryOf(entry)
  const sign = entry.direction === 'in' ? '+' : '−'
  const expiry = (at: string | null) =>
    at === null ? t('entry.lasts') : t('entry.expires', { date: day.format(new Date(at)) })
  return (
    <div className="figures text-sm">
      {entry.receipt ? (
        <ReceiptDetails receipt={entry.receipt} timeZone={timeZone} beside="statement" />
      ) : (
        <>
          <p className="font-semibold">{ofOrder ? t(`ofOrder.${ofOrder.is}.name`) : t(`kinds.${entry.kind}`)}</p>
          <p className="text-muted text-xs">
            <time dateTime={entry.at}>{when.format(new Date(entry.at))}</time>
          </p>
          {entry.reason && <p className="mt-2 break-words">{entry.reason}</p>}
          {entry.forCall && (
            <p className="mt-2">
              {t('entry.forCall')}{' '}
              <WayOn href={`${paths.entries}/${entry.forCall.seq}`}>
                {`${entry.forCall.modelName}, ${when.format(new Date(entry.forCall.at))}`}
              </WayOn>
            </p>
          )}
          {ofOrder && (
            <p className="mt-2">
              {t(`ofOrder.${ofOrder.is}.text`)}{' '}
              <WayOn href={`${paths.orders}/${ofOrder.orderId}`}>{t('entry.order')}</WayOn>
            </p>
          )}
        </>
      )}
      <dl className="mt-3 grid gap-y-1 border-line border-t pt-3">
        {/* A receipt has said it. */}
        {!entry.receipt && (
          <Row label={t(`entry.moved.${entry.direction}`)} strong>
            {t('entry.credits', { amount: `${sign}${exact(entry.amountMicros)}` })}
          </Row>
        )}
        <Row label={t('entry.balanceAfter')}>{exact(entry.balanceMicros)}</Row>
        {entry.lot && (
          <Row label={t('entry.lotLeft')} note={`${t(`sources.${entry.lot.source}`)} · ${expiry(entry.lot.expiresAt)}`}>
            {exact(entry.lot.remainingMicros)}
          </Row>
        )}
        {entry.paidFrom.map(({ seq, source, amountMicros, expiresAt }) => (
          <Row
            key={seq}
            label={t('entry.paidFrom', { source: t(`sources.${source}`) })}
            note={
              <>
                <WayOn href={`${paths.entries}/${seq}`}>{t('entry.title', { seq })}</WayOn> · {expiry(expiresAt)}
              </>
            }
          >
            {exact(amountMicros)}
          </Row>
        ))}
        {!entry.receipt && entry.reference && !ofOrder && !entry.forCall && (
          <Row label={t('entry.reference')}>{entry.reference}</Row>
        )}
      </dl>
    </div>
  )
}
