import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import { Alert } from '#app/_ui/alert.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { creditsToDecimal, formatCredits } from '#lib/money.ts'
import type { Person } from '#lib/support/index.ts'

type WalletProps = { person: Person; waiting: number; timeZone: string; children: React.ReactNode }

/** What is in a person's wallet, and where it came from. */
export function Wallet({ person, waiting, timeZone, children }: WalletProps) {
  const t = useTranslations('adminPeople.wallet')
  const sources = useTranslations('credits.sources')
  const locale = useLocale()
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  const { wallet, lots } = person
  return (
    <Card title={t('title')}>
      <div className="grid gap-4">
        <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
          <div>
            <p className="figures flex flex-wrap items-baseline gap-x-2">
              <span className="font-semibold text-3xl leading-tight">
                {formatCredits(wallet.availableMicros, locale)}
              </span>
              <span className="text-muted text-sm">{t('available')}</span>
            </p>
            <p className="figures mt-1 text-muted text-sm">
              {[
                t('posted', { amount: creditsToDecimal(wallet.postedMicros) }),
                wallet.heldMicros > 0n &&
                  t('held', { amount: creditsToDecimal(wallet.heldMicros), count: wallet.openHolds }),
              ]
                .filter((part) => part !== false)
                .join(' · ')}
            </p>
          </div>
          <div className="flex flex-wrap gap-2">{children}</div>
        </div>
        {wallet.suspended && <Alert tone="danger">{t('suspended')}</Alert>}
        {waiting > 0 && (
          <Alert
            tone="warning"
            action={
              <Link
                href="/admin/people/adjustments"
                prefetch={false}
                className={buttonClass('secondary', 'small', '-my-1')}
              >
                {t('lookAtWaiting')}
              </Link>
            }
          >
            {t('waiting', { count: waiting })}
          </Alert>
        )}
        {lots.length > 0 && (
          <div className="overflow-x-auto">
            <table className="figures w-full text-sm">
              <caption className="pb-1 text-start text-muted text-xs">{t('lots')}</caption>
              <thead className="sr-only">
                <tr>
                  <th scope="col">{t('source')}</th>
                  <th scope="col">{t('left')}</th>
                  <th scope="col">{t('expiry')}</th>
                </tr>
              </thead>
              <tbody>
                {lots.map((lot) => (
                  <tr key={lot.transferId} className="border-line border-t">
                    <td className="py-2 pe-3">
                      {sources(lot.source)}
                      <span className="block text-muted text-xs">
                        {t('since', { date: day.format(lot.createdAt) })}
                      </span>
                    </td>
                    <td className="py-2 pe-3 text-end">
                      {formatCredits(lot.remainingMicros, locale)}
                      <span className="block text-muted text-xs">
                        {t('of', { amount: formatCredits(lot.amountMicros, locale) })}
                      </span>
                    </td>
                    <td className="py-2 text-end text-muted text-xs">
                      {lot.expiresAt ? t('expires', { date: day.format(lot.expiresAt) }) : t('lasts')}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
    </Card>
  )
}
