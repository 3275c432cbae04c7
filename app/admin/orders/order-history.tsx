import { useLocale, useTranslations } from 'next-intl'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { Id } from '#app/admin/_parts/facts.tsx'
import { formatPrice } from '#lib/money.ts'
import type { AdminOrder, OrderHistory } from '#lib/payments/index.ts'

type OrderHistoryProps = { order: AdminOrder; history: OrderHistory; timeZone: string }

/** Refunds, disputes and news of an order, the oldest first. */
export function OrderHistoryList({ order, history, timeZone }: OrderHistoryProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const currency = order.paidCurrency ?? order.currency
  const money = (minor: bigint) => formatPrice(minor, currency, locale)
  const steps = [
    ...order.refunds.map(({ id, amountMinor, state, createdAt }) => ({
      id,
      at: createdAt,
      text: t('order.refund', { amount: money(amountMinor), state }),
      detail: null,
      isNews: true,
    })),
    ...history.disputes.map((dispute) => ({
      id: dispute.id,
      at: dispute.createdAt,
      text: t('order.dispute', { amount: money(dispute.amountMinor), state: t(`disputes.${dispute.state}`) }),
      detail: [
        dispute.withdrawnMinor > 0n && t('order.withdrawn', { amount: money(dispute.withdrawnMinor) }),
        dispute.reinstatedMinor > 0n && t('order.reinstated', { amount: money(dispute.reinstatedMinor) }),
        dispute.forgivenAt && t('order.forgiven', { time: when.format(dispute.forgivenAt) }),
      ]
        .filter(Boolean)
        .join(' · '),
      isNews: true,
    })),
    ...history.events.map(({ id, type, source, happenedAt, changed }) => ({
      id,
      at: happenedAt,
      text: type,
      detail: t(`order.source.${source}`),
      isNews: changed,
    })),
  ].sort((a, b) => a.at.getTime() - b.at.getTime())
  if (steps.length === 0) return <p className="text-muted text-sm">{t('order.noHistory')}</p>
  return (
    <ol className="figures text-sm">
      {steps.map(({ id, at, text, detail, isNews }) => (
        <li key={id} className="border-line border-t py-2 first:border-0">
          <span className="flex flex-wrap items-center gap-x-2">
            <span className="break-all">{text}</span>
            {!isNews && <Badge>{t('order.nothingNew')}</Badge>}
          </span>
          <span className="block text-muted text-xs">
            {[when.format(at), detail].filter(Boolean).join(' · ')} · <Id>{id}</Id>
          </span>
        </li>
      ))}
    </ol>
  )
}
