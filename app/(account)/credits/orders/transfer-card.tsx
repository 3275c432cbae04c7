import { ChevronDown } from 'lucide-react'
import { getLocale, getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { Card } from '#app/_ui/card.tsx'
import { CopyButton } from '#app/(account)/credits/orders/copy-button.tsx'
import { ReportForm } from '#app/(account)/credits/orders/report-form.tsx'
import type { Ctx } from '#lib/ctx.ts'
import { formatPrice, priceToDecimal } from '#lib/money.ts'
import type { OrderView } from '#lib/payments/shared.ts'
import { getSetting, listPaymentCodes } from '#lib/settings/index.ts'

/** Where to transfer how much, under which reference; and where to say that it was done. */
export async function TransferCard({ ctx, order }: { ctx: Ctx; order: OrderView }) {
  const [t, locale, text, pictures] = await Promise.all([
    getTranslations('orders.transfer'),
    getLocale(),
    getSetting(ctx, 'manual_payment_text'),
    listPaymentCodes(ctx),
  ])
  const isReported = order.state !== 'open'
  return (
    <div className="print:hidden">
      <Card title={isReported ? undefined : t('title')}>
        <Folded title={isReported && t('title')}>
          {text === null && pictures.length === 0 && <p className="text-sm">{t('noText')}</p>}
          {text !== null && <p className="whitespace-pre-line break-words text-sm">{text}</p>}
          {pictures.length > 0 && (
            <ul className="mt-4 grid gap-4 sm:grid-cols-2">
              {pictures.map(({ name, updatedAt }) => (
                <li key={name}>
                  <figure>
                    {/* biome-ignore lint/performance/noImgElement: of unknown size, and not for the optimizer's public cache */}
                    <img
                      src={`/api/payment-codes/${name}?${updatedAt.getTime().toString(36)}`}
                      alt={t(`codes.${name}`)}
                      className="max-h-72 w-full rounded-lg border border-line bg-white object-contain p-2"
                    />
                    <figcaption className="mt-1 text-center text-muted text-xs">{t(`codes.${name}`)}</figcaption>
                  </figure>
                </li>
              ))}
            </ul>
          )}
          <dl className="figures mt-4 grid gap-4 rounded-xl bg-soft p-4 sm:grid-cols-2">
            <div>
              <dt className="text-muted text-xs">{t('amount')}</dt>
              <dd className="mt-0.5 flex flex-wrap items-center gap-x-3 gap-y-1">
                <span className="font-semibold text-lg">{formatPrice(order.priceMinor, order.currency, locale)}</span>
                <CopyButton text={priceToDecimal(order.priceMinor, order.currency)} label={t('copyAmount')} />
              </dd>
            </div>
            <div>
              <dt className="text-muted text-xs">{t('reference')}</dt>
              <dd className="mt-0.5 flex flex-wrap items-center gap-x-3 gap-y-1">
                <span className="select-all font-semibold text-lg">{order.reference}</span>
                <CopyButton text={order.reference} label={t('copyReference')} />
              </dd>
            </div>
          </dl>
        </Folded>
        {!isReported && (
          <div className="mt-5 border-line border-t pt-5">
            <h3 className="mb-3 font-semibold text-sm">{t('reportTitle')}</h3>
            <ReportForm orderId={order.id} />
          </div>
        )}
      </Card>
    </div>
  )
}

/** Out of the way of who is done with it, as far as it has a title of its own. */
function Folded({ title, children }: { title: string | false; children: ReactNode }) {
  if (!title) return children
  return (
    <details className="group">
      <summary className="flex items-center justify-between gap-4 text-muted text-sm hover:text-ink touch:min-h-11">
        {title}
        <ChevronDown className="size-4 group-open:rotate-180" aria-hidden="true" />
      </summary>
      <div className="mt-4">{children}</div>
    </details>
  )
}
