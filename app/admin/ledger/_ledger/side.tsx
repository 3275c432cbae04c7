import { useTranslations } from 'next-intl'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import type { HouseCode } from '#lib/ledger/shared.ts'

type SideProps = { side: { accountId: string; code: HouseCode | null; email: string | null } }

/** An account of the house by its name, a wallet by whose it is. */
export function Side({ side: { accountId, code, email } }: SideProps) {
  const t = useTranslations('adminMoney')
  if (code !== null) return <span className="text-muted">{t(`accounts.${code}.name`)}</span>
  return (
    <TextLink quiet href={`/admin/ledger/wallets/${accountId}`}>
      {email ?? t('walletOfGone')}
    </TextLink>
  )
}
