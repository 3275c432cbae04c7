import Link from 'next/link'
import { getLocale, getTranslations } from 'next-intl/server'
import { aboutCount } from '#app/_ui/about-count.ts'
import { Card } from '#app/_ui/card.tsx'
import { BuyForm } from '#app/(account)/credits/buy-form.tsx'
import type { Ctx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { estimateMessages } from '#lib/inference/index.ts'
import { formatCredits, formatPrice } from '#lib/money.ts'
import type { Package } from '#lib/payments/index.ts'
import type { PaymentMethod } from '#lib/payments/shared.ts'
import { getSetting } from '#lib/settings/index.ts'

type BuyCardProps = { ctx: Ctx; packages: readonly Package[]; methods: PaymentMethod[] }

/** What can be bought and how; where nothing can, what the operator says instead. */
export async function BuyCard({ ctx, packages, methods }: BuyCardProps) {
  const [t, locale] = await Promise.all([getTranslations('orders.buy'), getLocale()])
  const canBuy = packages.length > 0 && methods.length > 0
  return (
    <div id="buy" className="scroll-mt-4">
      <Card title={t('title')} hint={canBuy && t('hint')}>
        {canBuy ? (
          <>
            <BuyForm offers={await makeOffers(ctx, packages, locale)} methods={methods} requestId={newId()} />
            <noscript>
              <p className="text-sm">{t('noScript')}</p>
            </noscript>
          </>
        ) : (
          <p className="whitespace-pre-line break-words text-sm">
            {(await getSetting(ctx, 'payment_text')) ?? t('off')}
          </p>
        )}
        <p className="mt-4 text-sm">
          <Link
            href="/credits/orders"
            prefetch={false}
            className="inline-flex items-center text-muted underline underline-offset-4 hover:text-ink touch:min-h-11"
          >
            {t('orders')}
          </Link>
        </p>
      </Card>
    </div>
  )
}

async function makeOffers(ctx: Ctx, packages: readonly Package[], locale: string) {
  const amountsMicros = packages.map(({ creditsMicros, bonusMicros }) => creditsMicros + bonusMicros)
  const messages = await estimateMessages(ctx, { amountsMicros })
  return packages.map(({ id, priceMinor, currency, creditsMicros, bonusMicros }, index) => ({
    packageId: id,
    price: formatPrice(priceMinor, currency, locale),
    credits: formatCredits(creditsMicros, locale),
    bonus: bonusMicros > 0n ? formatCredits(bonusMicros, locale) : null,
    messages: messages && aboutCount(messages[index]!),
  }))
}
