import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Side } from '#app/admin/ledger/_ledger/side.tsx'
import type { TransferSide } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

/** One side of a transfer, with the wallet's own number for it and the balance after it. */
export function TransferSideCard({ title, side }: { title: ReactNode; side: TransferSide }) {
  const t = useTranslations('adminMoney')
  return (
    <section className="min-w-0 rounded-2xl border border-line bg-raised p-4 text-sm">
      <h2 className="text-muted text-xs">{title}</h2>
      <p className="mt-1 break-words font-medium text-base">
        <Side side={side} />
      </p>
      <p className="figures mt-1 text-muted text-xs">
        {side.seq !== null && side.balanceMicros !== null
          ? t('transfer.after', { seq: String(side.seq), balance: creditsToDecimal(side.balanceMicros) })
          : side.code && t(`accounts.${side.code}.holds`)}
      </p>
    </section>
  )
}
