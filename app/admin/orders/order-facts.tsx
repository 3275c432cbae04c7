import { useLocale, useTranslations } from 'next-intl'
import { Actor } from '#app/admin/_parts/actor.tsx'
import { Fact, Facts, Id } from '#app/admin/_parts/facts.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { creditsToDecimal, priceToDecimal } from '#lib/money.ts'
import type { AdminOrder, OrderHistory } from '#lib/payments/index.ts'

type OrderFactsProps = { order: AdminOrder; history: OrderHistory; timeZone: string }

/** The terms of an order, what came in and went back, and under which names its provider knows it. */
export function OrderFacts({ order, history, timeZone }: OrderFactsProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const paidCurrency = order.paidCurrency ?? order.currency
  const paid = (minor: bigint) => minor > 0n && `${priceToDecimal(minor, paidCurrency)} ${paidCurrency}`
  const credits = (micros: bigint) => micros > 0n && creditsToDecimal(micros)
  return (
    <Facts>
      <Fact label={t('column.person')}>
        <TextLink href={`/admin/people/${order.userId}`}>{order.email ?? t('gone')}</TextLink>
      </Fact>
      <Fact label={t('column.method')}>{t(`methods.${order.method}`)}</Fact>
      <Fact label={t('column.ordered')}>{when.format(order.createdAt)}</Fact>
      <Fact label={t('column.package')}>{order.packageId}</Fact>
      <Fact label={t('column.price')}>{`${priceToDecimal(order.priceMinor, order.currency)} ${order.currency}`}</Fact>
      <Fact label={t('order.credits')}>{creditsToDecimal(order.creditsMicros)}</Fact>
      <Fact label={t('column.bonus')}>{credits(order.bonusMicros)}</Fact>
      <Fact label={t('column.paid')}>{paid(order.paidMinor)}</Fact>
      <Fact label={t('column.paidAt')}>{order.paidAt && when.format(order.paidAt)}</Fact>
      <Fact label={t('order.refunded')}>{paid(order.refundedMinor)}</Fact>
      <Fact label={t('order.disputed')}>{paid(order.disputedMinor)}</Fact>
      <Fact label={t('order.credited')}>{credits(order.creditedMicros)}</Fact>
      <Fact label={t('order.bonusCredited')}>{credits(order.bonusCreditedMicros)}</Fact>
      <Fact label={t('order.shortfall')}>{credits(order.shortfallMicros)}</Fact>
      <Fact label={t('order.payerNote')}>{order.payerNote}</Fact>
      <Fact label={t('order.decisionNote')}>{order.decisionNote}</Fact>
      <Fact label={t('order.decidedBy')}>{history.decidedBy && <Actor>{history.decidedBy}</Actor>}</Fact>
      <Fact label={t('order.session')}>{history.sessionId && <Id>{history.sessionId}</Id>}</Fact>
      <Fact label={t('order.payment')}>{history.paymentIntentId && <Id>{history.paymentIntentId}</Id>}</Fact>
      <Fact label={t('order.id')}>
        <Id>{order.id}</Id>
      </Fact>
    </Facts>
  )
}
