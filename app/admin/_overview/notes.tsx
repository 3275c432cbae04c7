import { useLocale, useTranslations } from 'next-intl'
import { formatPrice } from '#lib/money.ts'
import type { Overview } from '#lib/reports/index.ts'

/** What stands behind the figures: exchange rates with their days, and money that is in none of them. */
export function Notes({ overview: { rates, otherMoney, currency } }: { overview: Overview }) {
  const t = useTranslations('adminOverview')
  const locale = useLocale()
  const list = new Intl.ListFormat(locale, { type: 'unit', style: 'short' })
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  if (rates.length === 0 && otherMoney.length === 0) return null
  const rateText = rates.map((rate) => {
    const values = { currency: rate.currency, rate: rate.rate, site: currency }
    return rate.date === null ? t('rate', values) : t('rateOf', { ...values, date: date.format(new Date(rate.date)) })
  })
  const money = otherMoney.map((other) => formatPrice(other.minor, other.currency, locale))
  return (
    <div className="figures mt-6 grid gap-1 text-muted text-xs">
      {rates.length > 0 && <p>{t('rates', { rates: list.format(rateText) })}</p>}
      {otherMoney.length > 0 && <p>{t('otherMoney', { money: list.format(money) })}</p>}
    </div>
  )
}
