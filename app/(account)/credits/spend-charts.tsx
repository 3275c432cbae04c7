import { getLocale, getTranslations } from 'next-intl/server'
import { Card } from '#app/_ui/card.tsx'
import { DayChart } from '#app/_ui/chart/day-chart.tsx'
import { ShareChart } from '#app/_ui/chart/share-chart.tsx'
import { chartDays, type Filter } from '#app/_ui/statement/filter.ts'
import type { Ctx } from '#lib/ctx.ts'
import { getSpending, SPEND_DAYS_MAX } from '#lib/inference/index.ts'
import { formatCredits } from '#lib/money.ts'

type SpendChartsProps = {
  ctx: Ctx
  filter: Filter
  today: string
  timeZone: string
  models: readonly { modelId: string; modelName: string }[]
}

/** Where the credits went: by day and by model, over the days of the filter or the last thirty. */
export async function SpendCharts({ ctx, filter, today, timeZone, models }: SpendChartsProps) {
  const period = { ...chartDays(filter, today, SPEND_DAYS_MAX), timeZone }
  const [t, locale, { byDay: days, byModel: parts }] = await Promise.all([
    getTranslations('credits.chart'),
    getLocale(),
    getSpending(ctx, { ...period, modelId: filter.modelId ?? undefined }),
  ])
  const total = days.reduce((sum, { micros }) => sum + micros, 0n)
  const dearest = days.reduce((most, one) => (one.micros > most.micros ? one : most), days[0]!)
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const span = date.formatRange(new Date(period.from), new Date(period.to))
  const amount = (micros: bigint) => formatCredits(micros, locale)
  const modelName = models.find(({ modelId }) => modelId === filter.modelId)?.modelName ?? filter.modelId
  const byDay = modelName === null ? t('byDay') : t('byDayOf', { model: modelName })

  if (total === 0n && parts.length === 0) {
    return (
      <Card title={t('byDay')} hint={span}>
        <p className="text-muted text-sm">{t('nothing')}</p>
      </Card>
    )
  }
  return (
    <div className="grid grid-cols-1 gap-4 md:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <Card title={byDay} hint={<span className="figures">{t('total', { span, amount: amount(total) })}</span>}>
        <DayChart
          days={days}
          title={`${byDay}, ${span}`}
          description={t('description', {
            amount: amount(total),
            most: amount(dearest.micros),
            day: date.format(new Date(dearest.day)),
          })}
          head={[t('day'), t('credits')]}
        />
      </Card>
      <Card title={t('byModel')} hint={span}>
        <ShareChart
          title={`${t('byModel')}, ${span}`}
          parts={parts.map(({ modelId, modelName, micros }) => ({ key: modelId, name: modelName, micros }))}
          head={[t('model'), t('credits')]}
        />
      </Card>
    </div>
  )
}
