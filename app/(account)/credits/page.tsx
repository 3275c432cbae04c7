import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requirePageUser } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Card } from '#app/_ui/card.tsx'
import { CapBars } from '#app/_ui/statement/cap-bars.tsx'
import { daysOf, hrefOf, isNarrowed, readBefore, readFilter, type SearchParams } from '#app/_ui/statement/filter.ts'
import { FilterForm } from '#app/_ui/statement/filter-form.tsx'
import { Statement } from '#app/_ui/statement/statement.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { BalanceCard } from '#app/(account)/credits/balance-card.tsx'
import { BuyCard } from '#app/(account)/credits/buy-card.tsx'
import { CapsForm } from '#app/(account)/credits/caps-form.tsx'
import { RedeemForm } from '#app/(account)/credits/redeem-form.tsx'
import { SpendCharts } from '#app/(account)/credits/spend-charts.tsx'
import { StatementPanel } from '#app/(account)/credits/statement-panel.tsx'
import { getBalance, listOwnCaps, listPaidModels, listStatement } from '#lib/inference/index.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { listPackages, listPaymentMethods } from '#lib/payments/index.ts'
import { getSetting } from '#lib/settings/index.ts'
import { dateIn } from '#lib/time-zone.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('credits'))('title') }
}

export default async function CreditsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageUser()
  const params = await searchParams
  const filter = readFilter(params)
  const before = readBefore(params)
  const timeZone = await getTimeZone()
  const today = dateIn(timeZone, new Date())
  const { from, to } = daysOf(filter, today)
  const asked = {
    kind: filter.kind,
    modelId: filter.modelId ?? undefined,
    from: from ?? undefined,
    to: to ?? undefined,
    timeZone,
  }
  const [t, balance, caps, page, models, currency, packages, methods] = await Promise.all([
    getTranslations('credits'),
    getBalance(ctx),
    listOwnCaps(ctx),
    listStatement(ctx, { ...asked, before }),
    listPaidModels(ctx),
    getSetting(ctx, 'site_currency'),
    listPackages(ctx),
    listPaymentMethods(ctx),
  ])
  const limitOf = (period: 'day' | 'month') => {
    const cap = caps.find((one) => one.period === period)
    return cap ? creditsToDecimal(cap.limitMicros) : ''
  }
  const isUntouched = page.lines.length === 0 && before === undefined && !isNarrowed(filter)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <h1 className="font-semibold text-2xl">{t('title')}</h1>
      <div className="mt-6 grid grid-cols-1 gap-4">
        <BalanceCard
          balance={balance}
          isUntouched={isUntouched}
          canBuy={packages.length > 0 && methods.length > 0}
          currency={currency}
          timeZone={timeZone}
        />
        <BuyCard ctx={ctx} packages={packages} methods={methods} />
        {!isUntouched && <SpendCharts ctx={ctx} filter={filter} today={today} timeZone={timeZone} models={models} />}
        <Card title={t('redeem.title')}>
          <RedeemForm />
        </Card>
        <Card title={t('caps.title')} hint={t('caps.text')}>
          <CapBars caps={caps} timeZone={timeZone} />
          <CapsForm key={`${limitOf('day')} ${limitOf('month')}`} day={limitOf('day')} month={limitOf('month')} />
        </Card>
        <section id="statement" aria-labelledby="statement-title" className="mt-6 scroll-mt-4">
          <h2 id="statement-title" className="font-semibold text-lg">
            {t('statement')}
          </h2>
          {!isUntouched && (
            <FilterForm filter={filter} models={models} csvHref={hrefOf('/api/statement/csv', filter)} />
          )}
          <StatementPanel>
            <Statement
              page={page}
              filter={filter}
              isLater={before !== undefined}
              isNarrowed={isNarrowed(filter)}
              timeZone={timeZone}
              today={today}
            />
          </StatementPanel>
        </section>
      </div>
    </>
  )
}
