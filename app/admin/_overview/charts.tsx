import { getLocale, getTranslations } from 'next-intl/server'
import { Card } from '#app/_ui/card.tsx'
import { SeriesChart } from '#app/_ui/chart/series-chart.tsx'
import { formatMoney, formatWait, microsOf } from '#app/admin/_overview/amounts.ts'
import { placesOf } from '#app/admin/_overview/places.ts'
import { ExportButton } from '#app/admin/_parts/export-button.tsx'
import { formatCredits, formatPrice, minorDigits } from '#lib/money.ts'
import type { Overview } from '#lib/reports/index.ts'

/** Money, calls and waiting over the days of the period; long periods by week, but for percentiles, which do not add up. */
export async function OverviewCharts({ overview }: { overview: Overview }) {
  const [t, locale] = await Promise.all([getTranslations('adminOverview'), getLocale()])
  const { byDay, now, currency } = overview
  const digits = minorDigits(currency)
  const money = (micros: bigint) => formatMoney(micros, currency, locale)
  const count = (value: number | bigint) => new Intl.NumberFormat(locale).format(value)
  const short = (value: number) => new Intl.NumberFormat(locale, { notation: 'compact' }).format(value)
  const { places, isWeeks, sum } = placesOf(byDay)
  const [title, placeName] = isWeeks ? [t('byWeek'), t('week')] : [t('byDay'), t('day')]
  const paid = sum((day) => day.paidMinor)
  const used = sum((day) => day.usedMicros)
  const calls = sum((day) => BigInt(day.calls))
  const errors = sum((day) => BigInt(day.errors))
  const days = byDay.map(({ day }) => day)
  return (
    <section aria-labelledby="over-time" className="mt-10">
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <h2 id="over-time" className="font-semibold text-lg">
          {t('days')}
        </h2>
        <ExportButton href="/api/admin/overview/day" label={t('byDay')} />
      </div>
      <div className="mt-3 grid grid-cols-1 gap-4 lg:grid-cols-2">
        <Card title={t('money.title')} hint={title}>
          <SeriesChart
            places={places}
            shape="grouped"
            title={`${t('money.title')}, ${title}`}
            description={t('money.text', {
              in: formatPrice(now.paidMinor, currency, locale),
              used: money(now.usedMicros),
            })}
            placeName={placeName}
            least={1_000_000}
            format={(value) => formatMoney(BigInt(Math.round(value)), currency, locale)}
            series={[
              {
                key: 'in',
                name: t('money.in'),
                tone: 'strong',
                values: paid.map((minor) => Number(microsOf(minor, digits))),
                texts: paid.map((minor) => formatPrice(minor, currency, locale)),
              },
              {
                key: 'used',
                name: t('money.used'),
                tone: 'faint',
                values: used.map(Number),
                texts: used.map((micros) => formatCredits(micros, locale)),
              },
            ]}
          />
        </Card>
        <Card title={t('calls.title')} hint={title}>
          <SeriesChart
            places={places}
            shape="stacked"
            title={`${t('calls.title')}, ${title}`}
            description={t('calls.text', { calls: now.calls, errors: now.errors })}
            placeName={placeName}
            least={10}
            whole
            format={short}
            series={[
              {
                key: 'errors',
                name: t('calls.errors'),
                tone: 'danger',
                values: errors.map(Number),
                texts: errors.map(count),
              },
              {
                key: 'good',
                name: t('calls.good'),
                tone: 'faint',
                values: calls.map((all, index) => Number(all - errors[index]!)),
                texts: calls.map((all, index) => count(all - errors[index]!)),
              },
            ]}
          />
        </Card>
        <div className="lg:col-span-2">
          <Card title={t('wait.title')} hint={t('byDay')}>
            <SeriesChart
              places={days}
              shape="lines"
              title={`${t('wait.title')}, ${t('byDay')}`}
              description={t('wait.text', {
                p50: formatWait(now.p50Ms, locale),
                p95: formatWait(now.p95Ms, locale),
              })}
              placeName={t('day')}
              least={1_000}
              format={(ms) => (ms === 0 ? '0' : formatWait(ms, locale))}
              series={(['p50', 'p95'] as const).map((name) => ({
                key: name,
                name: t(`wait.${name}`),
                tone: name === 'p50' ? 'strong' : 'faint',
                values: byDay.map((day) => day[`${name}Ms`]),
                texts: byDay.map((day) => formatWait(day[`${name}Ms`], locale)),
              }))}
            />
          </Card>
        </div>
      </div>
    </section>
  )
}
