import { systemCtx } from '#lib/ctx.ts'
import { listAllPackages, setPackage } from '#lib/payments/index.ts'
import { setSetting, setSiteFile } from '#lib/settings/index.ts'
import type { TestDatabase } from '#tests/support/cluster.ts'
import { drawCode } from './picture.ts'

/** What these stories sell: ten credits for ten dollars, and a hundred for eighty with ten on top. */
export async function sellCredits(database: TestDatabase): Promise<void> {
  const ctx = systemCtx('test', database.db)
  const each = { currency: 'USD', active: true }
  await setPackage(ctx, { ...each, id: 'small', priceMinor: 1_000n, creditsMicros: 10_000_000n, position: 1 })
  await setPackage(ctx, {
    ...each,
    id: 'large',
    priceMinor: 8_000n,
    creditsMicros: 100_000_000n,
    bonusMicros: 10_000_000n,
    position: 2,
  })
}

/** People may pay by a transfer that the operator confirms. */
export async function takeTransfers(database: TestDatabase, text: string): Promise<void> {
  const ctx = systemCtx('test', database.db)
  await setSetting(ctx, { key: 'manual_payment', value: 'on' })
  await setSetting(ctx, { key: 'manual_payment_text', value: text })
  await setSiteFile(ctx, { name: 'manual_payment_wechat', bytes: drawCode() })
}

/** Nothing is for sale, and nobody could pay by hand. */
export async function closeShop(database: TestDatabase): Promise<void> {
  const ctx = systemCtx('test', database.db)
  for (const { id } of await listAllPackages(ctx)) await setPackage(ctx, { id, active: false })
  await setSetting(ctx, { key: 'manual_payment', value: 'off' })
  await setSetting(ctx, { key: 'manual_payment_text', value: null })
  await setSetting(ctx, { key: 'payment_text', value: null })
}
