import { sql } from 'drizzle-orm'

/**
 * Which lots paid for which transfers, for a FROM clause, with the columns of the table `lot_uses`: a transfer names the
 * one lot that paid it all, or its lots stand in that table.
 */
export const LOT_USES = sql`(
  SELECT wallet_id, transfer_id, lot_transfer_id, amount_micros FROM lot_uses
  UNION ALL
  SELECT debit_account_id, id, lot_transfer_id, amount_micros FROM transfers WHERE lot_transfer_id IS NOT NULL
)`
