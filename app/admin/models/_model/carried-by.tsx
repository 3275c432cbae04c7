import { useTranslations } from 'next-intl'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'

type CarriedByProps = {
  channels: readonly { id: string; name: string; status: 'active' | 'disabled'; vendorModel: string }[]
}

/** The channels that can answer for a model. */
export function CarriedBy({ channels }: CarriedByProps) {
  const t = useTranslations('adminModels.model')
  if (channels.length === 0) {
    return (
      <p className="text-muted text-sm">
        {t('noChannel')} <TextLink href="/admin/channels">{t('toChannels')}</TextLink>
      </p>
    )
  }
  return (
    <ul className="divide-y divide-line text-sm">
      {channels.map((channel) => (
        <li key={channel.id} className="flex flex-wrap items-center gap-x-3 py-1.5">
          <TextLink href={`/admin/channels/${channel.id}`}>{channel.name}</TextLink>
          <span className="break-all text-muted text-xs">{channel.vendorModel}</span>
          {channel.status === 'disabled' && <Badge>{t('channelDisabled')}</Badge>}
        </li>
      ))}
    </ul>
  )
}
