import { useLocale, useTranslations } from 'next-intl'
import { Card } from '#app/_ui/card.tsx'
import { Row } from '#app/_ui/receipt/receipt-details.tsx'
import { creditsToDecimal, priceToDecimal } from '#lib/money.ts'
import type { OrderView } from '#lib/payments/shared.ts'

type OrderReceiptProps = {
  order: OrderView
  timeZone: string
  siteName: string
  person: { name: string; email: string }
}

/** The terms of an order and all that was paid and given back, exactly; of a paid one, who paid whom. */
export function OrderReceipt({ order, timeZone, siteName, person }: OrderReceiptProps) {
  const t = useTranslations('orders')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  // All to the last digit. What came in another currency is told in that one.
  const price = (minor: bigint, currency = order.currency) =>
    new Intl.NumberFormat(locale, { style: 'currency', currency }).format(
      priceToDecimal(minor, currency) as `${number}`,
    )
  const { paidAt } = order
  return (
    <Card title={paidAt ? t('facts.title') : t('facts.terms')}>
      <dl className="figures grid gap-y-1.5 text-sm">
        {paidAt && <Row label={t('facts.from')}>{siteName}</Row>}
        {paidAt && (
          <Row label={<span className="whitespace-nowrap">{t('facts.for')}</span>}>
            {person.name}
            <span className="block text-muted">{person.email}</span>
          </Row>
        )}
        <Row label={t('facts.reference')}>{order.reference}</Row>
        <Row label={t('facts.ordered')}>
          <time dateTime={order.createdAt.toISOString()}>{when.format(order.createdAt)}</time>
        </Row>
        {paidAt && (
          <Row label={t('facts.paidAt')}>
            <time dateTime={paidAt.toISOString()}>{when.format(paidAt)}</time>
          </Row>
        )}
        <Row label={t('facts.method')}>{t(`methods.${order.method}`)}</Row>
        {order.payerNote && (
          <div>
            <dt className="text-muted">{t('facts.yourNote')}</dt>
            <dd className="break-words">{order.payerNote}</dd>
          </div>
        )}
      </dl>
      <dl className="figures mt-3 grid gap-y-1.5 border-line border-t pt-3 text-sm">
        <Row label={t('facts.package')}>{creditsToDecimal(order.creditsMicros)}</Row>
        {order.bonusMicros > 0n && <Row label={t('facts.bonus')}>{creditsToDecimal(order.bonusMicros)}</Row>}
        <Row label={t('facts.price')} strong={order.paidMinor === 0n}>
          {price(order.priceMinor)}
        </Row>
        {order.paidMinor > 0n && (
          <Row label={t('facts.paid')} strong>
            {price(order.paidMinor, order.paidCurrency ?? undefined)}
          </Row>
        )}
        {order.refundedMinor > 0n && <Row label={t('facts.refunded')}>−{price(order.refundedMinor)}</Row>}
        {order.disputedMinor > 0n && <Row label={t('facts.disputed')}>−{price(order.disputedMinor)}</Row>}
        {order.state === 'paid' && (
          <Row label={t('facts.credited')} strong>
            {creditsToDecimal(order.creditedMicros + order.bonusCreditedMicros)}
          </Row>
        )}
        {order.shortfallMicros > 0n && <Row label={t('facts.spent')}>{creditsToDecimal(order.shortfallMicros)}</Row>}
      </dl>
      {order.refunds.length > 0 && (
        <>
          <h3 className="mt-4 font-semibold text-sm">{t('refunds.title')}</h3>
          <ul className="figures mt-2 grid gap-y-1.5 text-sm">
            {order.refunds.map(({ id, amountMinor, state, createdAt }) => (
              <li key={id} className="flex items-baseline justify-between gap-4">
                <span className="text-muted">
                  <time dateTime={createdAt.toISOString()}>{when.format(createdAt)}</time>
                  <span className="block text-xs">{t(`refunds.state.${state}`)}</span>
                </span>
                <span>{price(amountMinor)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  )
}
