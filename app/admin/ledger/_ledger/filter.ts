import { choiceParam, idParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { windowParam } from '#app/admin/_parts/window.ts'
import type { TransferFilter } from '#lib/ledger/index.ts'
import { HOUSE_CODES, TRANSFER_KINDS } from '#lib/ledger/shared.ts'

/** What transfers are narrowed to, as the address says it. */
export function transferFilterOf(params: SearchParams, timeZone: string): TransferFilter {
  const walletId = idParam(params, 'wallet')
  return {
    walletId,
    kind: choiceParam(params, 'kind', TRANSFER_KINDS),
    account: choiceParam(params, 'account', HOUSE_CODES),
    reference: textParam(params, 'reference')?.trim(),
    window: windowParam(params, walletId ? 'all' : '24h', timeZone),
  }
}
