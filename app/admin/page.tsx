import type { Metadata } from 'next'
import Link from 'next/link'
import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { ClientMessages } from '#app/_server/messages.tsx'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { FirstSteps } from '#app/admin/_first-steps/first-steps.tsx'
import { AttentionCard } from '#app/admin/_overview/attention-card.tsx'
import { OverviewCharts } from '#app/admin/_overview/charts.tsx'
import { FigureRow } from '#app/admin/_overview/figures.tsx'
import { Groups } from '#app/admin/_overview/groups.tsx'
import { Notes } from '#app/admin/_overview/notes.tsx'
import { readPeriod, USUAL_RANGE } from '#app/admin/_overview/period.ts'
import { PeriodPicker } from '#app/admin/_overview/period-picker.tsx'
import type { SearchParams } from '#app/admin/_parts/address.ts'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { getOverview, listAttention, type Overview } from '#lib/reports/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminOverview'))('title') }
}

export default async function OverviewPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const asked = readPeriod(await searchParams)
  const [t, locale, timeZone, overview, attention] = await Promise.all([
    getTranslations('adminOverview'),
    getLocale(),
    getTimeZone(),
    getOverview(ctx, asked),
    listAttention(ctx),
  ])
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const span = ({ from, to }: Overview['period']) => date.formatRange(new Date(from), new Date(to))
  return (
    <ClientMessages namespaces={['admin', 'adminOverview']}>
      <TimeZoneKeeper shown={timeZone} />
      <PageHead
        title={t('title')}
        hint={t('hint', {
          period: span(overview.period),
          before: span(overview.periodBefore),
          zone: overview.timeZone.replaceAll('_', ' '),
        })}
      >
        {!overview.isNew && <PeriodPicker usual={USUAL_RANGE} shown={overview.period} today={overview.today} />}
      </PageHead>
      <FirstSteps ctx={ctx} />
      {attention.length > 0 && <AttentionCard items={attention} currency={overview.currency} timeZone={timeZone} />}
      {overview.isNew ? (
        <div className="mt-6">
          <Card title={t('empty.title')} hint={t('empty.text')}>
            <Link href="/admin/people/new" prefetch={false} className={buttonClass('primary', 'small')}>
              {t('empty.action')}
            </Link>
          </Card>
        </div>
      ) : (
        <>
          {overview.counting && (
            <div className="mt-6">
              <Alert>
                {overview.counting.through
                  ? t('counting', {
                      through: new Intl.DateTimeFormat(locale, {
                        dateStyle: 'medium',
                        timeStyle: 'short',
                        timeZone: overview.timeZone,
                      }).format(overview.counting.through),
                    })
                  : t('countingFirst')}
              </Alert>
            </div>
          )}
          <FigureRow overview={overview} />
          <OverviewCharts overview={overview} />
          <Groups overview={overview} />
          <Notes overview={overview} />
        </>
      )}
    </ClientMessages>
  )
}
