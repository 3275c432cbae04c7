import { useLocale, useTranslations } from 'next-intl'
import { Fact, Facts, Id } from '#app/admin/_parts/facts.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import type { CallFacts } from '#lib/inference/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

/** What the operator alone sees of a call: who answered, under which name, what it cost us, and how its hold ended. */
export function BehindCall({ call, timeZone }: { call: CallFacts; timeZone: string }) {
  const t = useTranslations('adminMoney')
  const errors = useTranslations('errors')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  const number = new Intl.NumberFormat(locale)
  const { hold, lateUsage, receipt } = call
  const costMicros = call.vendorCostMicros + (lateUsage?.vendorCostMicros ?? 0n)
  return (
    <>
      <Facts>
        <Fact label={t('column.person')}>
          <TextLink href={`/admin/people/${call.userId}`}>{call.person?.email ?? t('gone')}</TextLink>
        </Fact>
        <Fact label={t('column.model')}>
          <Id>{receipt.modelId}</Id>
        </Fact>
        <Fact label={t('column.channel')}>
          {call.channel ? (
            <TextLink href={`/admin/channels/${call.channel.id}`}>
              {call.channel.name ?? t('call.channelGone')}
            </TextLink>
          ) : (
            t('call.noChannel')
          )}
        </Fact>
        <Fact label={t('call.vendorRequest')}>{call.vendorRequestId && <Id>{call.vendorRequestId}</Id>}</Fact>
        <Fact label={t('call.error')}>
          {receipt.errorCode && (
            <>
              {errors.has(receipt.errorCode as 'internal') && <>{errors(receipt.errorCode as 'internal')} </>}
              <Id>{receipt.errorCode}</Id>
            </>
          )}
        </Fact>
        <Fact label={t('call.recomputed')}>{creditsToDecimal(call.recomputedMicros)}</Fact>
        <Fact label={t('column.cost')}>{creditsToDecimal(costMicros)}</Fact>
        <Fact label={t('call.margin')}>{creditsToDecimal(call.chargedMicros - call.givenBackMicros - costMicros)}</Fact>
        <Fact label={t('call.givenBack')}>{call.givenBackMicros > 0n && creditsToDecimal(call.givenBackMicros)}</Fact>
        <Fact label={t('call.held')}>{when.format(hold.createdAt)}</Fact>
        <Fact label={t(`call.holdEnd.${hold.state}`)}>{hold.closedAt && when.format(hold.closedAt)}</Fact>
        <Fact label={t('call.hold')}>
          <Id>{hold.id}</Id>
        </Fact>
        <Fact label={t('call.wallet')}>
          <TextLink href={`/admin/ledger/wallets/${call.walletId}`}>
            <Id>{call.walletId}</Id>
          </TextLink>
        </Fact>
      </Facts>
      {lateUsage && (
        <div className="mt-4 border-line border-t pt-4 text-sm">
          <p className="font-medium">{t('call.late')}</p>
          <p className="mt-1 text-muted">
            {t('call.lateText', {
              time: when.format(lateUsage.at),
              in: number.format(
                lateUsage.usage.inputTokens + lateUsage.usage.cacheReadTokens + lateUsage.usage.cacheWriteTokens,
              ),
              out: number.format(lateUsage.usage.outputTokens + lateUsage.usage.reasoningTokens),
              cost: creditsToDecimal(lateUsage.vendorCostMicros),
            })}
          </p>
        </div>
      )}
      {call.quarantinedUsage !== null && (
        <div className="mt-4 border-line border-t pt-4 text-sm">
          <p className="font-medium">{t('call.quarantined')}</p>
          <pre className="mt-2 overflow-x-auto rounded-lg bg-soft p-3 font-mono text-xs">
            {JSON.stringify(call.quarantinedUsage, null, 2)}
          </pre>
        </div>
      )}
    </>
  )
}
