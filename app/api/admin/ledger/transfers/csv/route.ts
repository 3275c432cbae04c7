import { z } from 'zod'
import { csvResponse } from '#app/_server/csv.ts'
import { route } from '#app/_server/route.ts'
import { readTimeZone } from '#app/_server/time-zone.ts'
import { transferFilterOf } from '#app/admin/ledger/_ledger/filter.ts'
import { exportTransfers, type TransferLine, type TransferSide } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

const COLUMNS = [
  'id',
  'time',
  'kind',
  'amount',
  'from',
  'from_id',
  'from_entry',
  'from_balance',
  'to',
  'to_id',
  'to_entry',
  'to_balance',
  'reference',
  'reason',
  'hold_id',
  'actor',
] as const

/** The transfers that the list's filters show, whole. */
export const GET = route({ input: z.record(z.string(), z.string()), auth: 'admin' }, async (ctx, params, request) => {
  const batches = exportTransfers(ctx, transferFilterOf(params, await readTimeZone(request)))
  return csvResponse({ name: 'transfers', columns: COLUMNS, batches, cellsOf })
})

function cellsOf(transfer: TransferLine): (string | null)[] {
  return [
    transfer.id,
    transfer.at.toISOString(),
    transfer.kind,
    creditsToDecimal(transfer.amountMicros),
    ...sideOf(transfer.debit),
    ...sideOf(transfer.credit),
    transfer.reference,
    transfer.reason,
    transfer.holdId,
    transfer.actor,
  ]
}

function sideOf({ accountId, code, email, seq, balanceMicros }: TransferSide): (string | null)[] {
  return [
    code ?? email,
    accountId,
    seq === null ? null : String(seq),
    balanceMicros === null ? null : creditsToDecimal(balanceMicros),
  ]
}
