import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import { getTranslations } from 'next-intl/server'
import { requirePageUser } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { stageOf } from '#app/(account)/credits/orders/stage.ts'
import { isId } from '#lib/id.ts'
import { formatCredits, formatPrice } from '#lib/money.ts'
import { listOrders } from '#lib/payments/index.ts'
import type { OrderView } from '#lib/payments/shared.ts'

const PAGE = 30

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('orders'))('list.title') }
}

type PageProps = { searchParams: Promise<Record<string, string | string[] | undefined>> }

export default async function OrdersPage({ searchParams }: PageProps) {
  const { viewer: _viewer, ...ctx } = await requirePageUser()
  const asked = (await searchParams).before
  const before = isId(asked) ? asked : undefined
  const [t, timeZone, { items, nextBefore }] = await Promise.all([
    getTranslations('orders'),
    getTimeZone(),
    listOrders(ctx, { limit: PAGE, before }),
  ])
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link href="/credits" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('toCredits')}
      </Link>
      <h1 className="mt-2 mb-4 font-semibold text-2xl">{t('list.title')}</h1>
      {items.length === 0 && before === undefined ? (
        <Card>
          <p className="text-muted text-sm">{t('list.none')}</p>
          <Link href="/credits#buy" prefetch={false} className={buttonClass('primary', 'medium', 'mt-4')}>
            {t('list.buy')}
          </Link>
        </Card>
      ) : (
        <ul className="figures text-sm">
          {items.map((order) => (
            <OrderLine key={order.id} order={order} timeZone={timeZone} />
          ))}
        </ul>
      )}
      <div className="mt-4 flex flex-wrap gap-2">
        {nextBefore !== null && (
          <Link
            href={`/credits/orders?before=${nextBefore}`}
            prefetch={false}
            className={buttonClass('secondary', 'small')}
          >
            {t('list.earlier')}
          </Link>
        )}
        {before !== undefined && (
          <Link href="/credits/orders" prefetch={false} className={buttonClass('quiet', 'small')}>
            {t('list.latest')}
          </Link>
        )}
      </div>
    </>
  )
}

function OrderLine({ order, timeZone }: { order: OrderView; timeZone: string }) {
  const t = useTranslations('orders')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const bonus = order.bonusMicros > 0n ? ` + ${formatCredits(order.bonusMicros, locale)}` : ''
  return (
    <li className="relative grid grid-cols-[1fr_auto] gap-x-4 border-line border-b px-2 py-3 hover:bg-soft">
      <Link
        href={`/credits/orders/${order.id}`}
        prefetch={false}
        className="min-w-0 truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent"
      >
        {t('buy.credits', { amount: `${formatCredits(order.creditsMicros, locale)}${bonus}` })}
      </Link>
      <span className="text-end">{formatPrice(order.priceMinor, order.currency, locale)}</span>
      <span className="min-w-0 text-muted text-xs">
        <time dateTime={order.createdAt.toISOString()}>{when.format(order.createdAt)}</time> ·{' '}
        <span className="whitespace-nowrap">{order.reference}</span>
      </span>
      <span className="text-end text-muted text-xs">{t(`list.state.${stageOf(order)}`)}</span>
    </li>
  )
}
