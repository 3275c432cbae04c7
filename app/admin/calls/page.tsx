import type { Metadata } from 'next'
import Link from 'next/link'
import { redirect } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { hrefWith, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { ExportButton } from '#app/admin/_parts/export-button.tsx'
import { FilterBar, SearchFilter, SelectFilter } from '#app/admin/_parts/filters.tsx'
import { LookedBack } from '#app/admin/_parts/looked-back.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { WindowFilter } from '#app/admin/_parts/window-filter.tsx'
import { CallsTable } from '#app/admin/calls/calls-table.tsx'
import { askedCalls, PAID } from '#app/admin/calls/filter.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { type CallFilter, type CallPage, getCall, listCallSources, listCalls } from '#lib/inference/index.ts'
import { OUTCOMES } from '#lib/inference/shared.ts'

const FILTERS = ['q', 'user', 'outcome', 'paid', 'model', 'channel', 'window', 'from', 'to'] as const

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('calls.title') }
}

/** Every call of the service: where "I was charged for nothing" is looked up. */
export default async function CallsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const timeZone = await getTimeZone()
  const { filter, caller, id, isUnknown } = await askedCalls(ctx, params, timeZone)
  if (id !== null && (await isCall(ctx, id))) redirect(`/admin/calls/${id}`)
  if (id !== null && caller === null) redirect(hrefWith('/admin/calls', params, { q: null, user: id, after: null }))
  const [t, admin, locale, sources, page] = await Promise.all([
    getTranslations('adminMoney'),
    getTranslations('admin'),
    getLocale(),
    listCallSources(ctx),
    isUnknown ? NOTHING : readPage(ctx, filter, textParam(params, 'after')),
  ])
  const isNarrowed = FILTERS.some((name) => params[name] !== undefined)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <PageHead title={t('calls.title')} hint={t('calls.hint')}>
        <ExportButton href="/api/admin/calls/csv" />
      </PageHead>
      <FilterBar clear={FILTERS}>
        <SearchFilter label={t('calls.search')} placeholder={t('calls.searchHint')} />
        <WindowFilter usual={caller ? 'all' : '24h'} />
        <SelectFilter
          name="outcome"
          label={t('column.outcome')}
          options={OUTCOMES.map((outcome) => [outcome, t(`outcomes.${outcome}`)])}
        />
        <SelectFilter name="paid" label={t('paid.label')} options={PAID.map((paid) => [paid, t(`paid.${paid}`)])} />
        <SelectFilter
          name="model"
          label={t('column.model')}
          options={sources.models.map(({ id: modelId, name }) => [modelId, name])}
        />
        <SelectFilter
          name="channel"
          label={t('column.channel')}
          options={sources.channels.map(({ id: channelId, name }) => [channelId, name])}
        />
      </FilterBar>
      {caller && (
        <p className="mt-4 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <span>
            {t.rich('calls.of', {
              person: () => <TextLink href={`/admin/people/${caller.userId}`}>{caller.email ?? t('gone')}</TextLink>,
            })}
          </span>
          <Link
            href={hrefWith('/admin/calls', params, { user: null, q: null, after: null })}
            prefetch={false}
            className={buttonClass('quiet', 'small')}
          >
            {t('everybody')}
          </Link>
        </p>
      )}
      <div className="mt-4">
        <CallsTable
          calls={page.items.map(({ usage, ...call }) => ({
            id: call.id,
            at: call.at,
            userId: call.userId,
            email: call.email,
            modelName: call.modelName,
            channelName: call.channelName,
            outcome: call.outcome,
            inTokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
            outTokens: usage.outputTokens + usage.reasoningTokens,
            heldMicros: call.heldMicros,
            chargedMicros: call.chargedMicros,
            vendorCostMicros: call.vendorCostMicros,
            firstTokenMs: call.firstTokenMs,
            durationMs: call.durationMs,
          }))}
          timeZone={timeZone}
          isOfOne={caller !== null}
          empty={isUnknown ? t('calls.unknown') : isNarrowed ? admin('nothingFound') : t('calls.none')}
        />
      </div>
      <LookedBack to={page.lookedBackTo} locale={locale} timeZone={timeZone} />
      <Pager path="/admin/calls" params={params} next={page.next}>
        {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
      </Pager>
    </>
  )
}

const NOTHING: CallPage = { items: [], next: null, lookedBackTo: null }

/** A place that this list did not make is its beginning, so that an old link still opens. */
async function readPage(ctx: Ctx, filter: CallFilter, after: string | undefined): Promise<CallPage> {
  try {
    return await listCalls(ctx, { ...filter, after })
  } catch (error) {
    if (after === undefined || !(error instanceof Error) || error.name !== 'ZodError') throw error
    return listCalls(ctx, filter)
  }
}

async function isCall(ctx: Ctx, callId: string): Promise<boolean> {
  try {
    await getCall(ctx, { callId })
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return false
    throw error
  }
}
