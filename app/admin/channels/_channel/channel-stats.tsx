import { useLocale, useTranslations } from 'next-intl'
import { Stat, StatRow } from '#app/admin/_parts/stat.tsx'
import { nameOfVendor } from '#lib/models/shared.ts'

type ChannelStatsProps = {
  channel: {
    vendor: string
    baseUrl: string
    calls: number
    failures: number
    priority: number
    weight: number
    hasProxy: boolean
    ownNetwork: boolean
  }
}

/** Where a channel leads, and how it did in the last seven days. */
export function ChannelStats({ channel }: ChannelStatsProps) {
  const t = useTranslations('adminModels.channel')
  const locale = useLocale()
  const number = new Intl.NumberFormat(locale)
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const notes = [channel.hasProxy && t('byProxy'), channel.ownNetwork && t('inOwnNetwork')].filter(Boolean)
  return (
    <StatRow>
      <Stat label={t('vendor')} value={nameOfVendor(channel.vendor)} detail={notes.join(' · ')} />
      <Stat label={t('address')} value={new URL(channel.baseUrl).host} detail={new URL(channel.baseUrl).pathname} />
      <Stat
        label={t('calls')}
        value={number.format(channel.calls)}
        detail={channel.calls > 0 && t('failed', { share: percent.format(channel.failures / channel.calls) })}
      />
      <Stat
        label={t('turn')}
        value={`${number.format(channel.priority)} / ${number.format(channel.weight)}`}
        detail={t('turnDetail')}
      />
    </StatRow>
  )
}
