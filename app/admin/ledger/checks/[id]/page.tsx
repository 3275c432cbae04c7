import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { CheckState } from '#app/admin/ledger/_ledger/check-state.tsx'
import { Offenders } from '#app/admin/ledger/_ledger/offenders.tsx'
import { VerifyNow } from '#app/admin/ledger/_ledger/verify-now.tsx'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { getVerification } from '#lib/jobs/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('ledger.places.checks') }
}

/** What one run of all checks looked at, and the first rows that differ. */
export default async function CheckPage({ params }: { params: Promise<{ id: string }> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const run = await load(ctx, (await params).id)
  const [t, locale, timeZone] = await Promise.all([getTranslations('adminMoney.ledger'), getLocale(), getTimeZone()])
  const number = new Intl.NumberFormat(locale)
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  const checks = run.checks.toSorted((a, b) => b.differences - a.differences)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link href="/admin/ledger/checks" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('check.all')}
      </Link>
      <PageHead title={t('check.title', { time: when.format(run.startedAt) })}>
        <VerifyNow isRunning={run.state === 'running'} />
      </PageHead>
      <div className="mt-5">
        <CheckState check={run} locale={locale} timeZone={timeZone} />
      </div>
      {checks.length > 0 && (
        <div className="mt-4">
          <Card title={t('check.promises')} hint={t('check.promisesHint')}>
            <ul className="figures text-sm">
              {checks.map(({ name, checked, differences, samples }) => (
                <li key={name} className="border-line border-t py-2.5 first:border-0 first:pt-0">
                  <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
                    <span className="min-w-0 break-words font-mono text-xs">{name}</span>
                    <span className="flex items-baseline gap-3">
                      <span className="text-muted text-xs">{t('check.rows', { count: number.format(checked) })}</span>
                      {differences > 0 ? (
                        <Badge tone="danger">{t('check.differences', { count: differences })}</Badge>
                      ) : (
                        <Badge tone="success">{t('check.holds')}</Badge>
                      )}
                    </span>
                  </div>
                  {samples.length > 0 && <Offenders samples={samples} />}
                </li>
              ))}
            </ul>
          </Card>
        </div>
      )}
    </>
  )
}

async function load(ctx: Ctx, runId: string) {
  if (!isId(runId)) notFound()
  try {
    return await getVerification(ctx, { runId })
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
}
