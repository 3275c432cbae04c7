import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { idParam, type SearchParams } from '#app/admin/_parts/address.ts'
import { ExportButton } from '#app/admin/_parts/export-button.tsx'
import { FilterBar, SearchFilter, SelectFilter } from '#app/admin/_parts/filters.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { WindowFilter } from '#app/admin/_parts/window-filter.tsx'
import { askedOrders } from '#app/admin/orders/filter.ts'
import { OrdersTable } from '#app/admin/orders/orders-table.tsx'
import { ReconcileDialog } from '#app/admin/orders/reconcile-dialog.tsx'
import { isStripeConfigured, listOrdersForAdmin } from '#lib/payments/index.ts'
import { ORDER_STATES, PAYMENT_METHODS } from '#lib/payments/shared.ts'

const FILTERS = ['q', 'user', 'state', 'method', 'disputed', 'window', 'from', 'to'] as const

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('orders.title') }
}

export default async function OrdersPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const timeZone = await getTimeZone()
  const { filter, orderId, isUnknown } = await askedOrders(ctx, params, timeZone)
  if (orderId !== null) redirect(`/admin/orders/${orderId}`)
  const [t, admin, page] = await Promise.all([
    getTranslations('adminMoney'),
    getTranslations('admin'),
    isUnknown
      ? { items: [], nextBefore: null }
      : listOrdersForAdmin(ctx, { ...filter, before: idParam(params, 'after') }),
  ])
  const isNarrowed = FILTERS.some((name) => params[name] !== undefined)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <PageHead title={t('orders.title')} hint={t('orders.hint')}>
        <ExportButton href="/api/admin/orders/csv" />
        {isStripeConfigured() && <ReconcileDialog />}
      </PageHead>
      <FilterBar clear={FILTERS}>
        <SearchFilter label={t('orders.search')} placeholder={t('orders.searchHint')} />
        <SelectFilter
          name="state"
          label={t('column.state')}
          options={ORDER_STATES.map((state) => [state, t(`orderStates.${state}`)])}
        />
        <SelectFilter
          name="method"
          label={t('column.method')}
          options={PAYMENT_METHODS.map((method) => [method, t(`methods.${method}`)])}
        />
        <SelectFilter name="disputed" label={t('orders.dispute')} options={[['yes', t('orders.disputed')]]} />
        <WindowFilter usual="all" />
      </FilterBar>
      <div className="mt-4">
        <OrdersTable
          orders={page.items.map((order) => ({
            id: order.id,
            reference: order.reference,
            userId: order.userId,
            email: order.email,
            method: order.method,
            packageId: order.packageId,
            creditsMicros: order.creditsMicros,
            priceMinor: order.priceMinor,
            currency: order.currency,
            paidMinor: order.paidMinor,
            paidCurrency: order.paidCurrency,
            state: order.state,
            refundedMinor: order.refundedMinor,
            dispute: order.dispute,
            payerNote: order.payerNote,
            createdAt: order.createdAt,
            paidAt: order.paidAt,
          }))}
          timeZone={timeZone}
          empty={isUnknown ? t('orders.unknown') : isNarrowed ? admin('nothingFound') : t('orders.none')}
        />
      </div>
      <Pager path="/admin/orders" params={params} next={page.nextBefore}>
        {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
      </Pager>
    </>
  )
}
