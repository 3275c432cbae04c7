import { sql } from 'drizzle-orm'

/** Every transfer twice: as it changes the account it is taken from, and the one it goes to. Wallets only. */
export const ENTRIES = sql`(
  SELECT t.id AS transfer_id, t.debit_account_id AS account_id, t.debit_seq AS seq,
    -t.amount_micros AS change_micros, t.debit_balance_micros AS balance_micros
  FROM transfers t JOIN wallets ON wallets.id = t.debit_account_id
  UNION ALL
  SELECT t.id, t.credit_account_id, t.credit_seq, t.amount_micros, t.credit_balance_micros
  FROM transfers t JOIN wallets ON wallets.id = t.credit_account_id
) entries`
