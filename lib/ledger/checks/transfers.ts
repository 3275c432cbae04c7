import { sql } from 'drizzle-orm'
import type { Check } from '#lib/verification.ts'
import { HOUSE } from '../accounts.ts'

const WALLET = 'wallet'

/** The chart of accounts: from where to where each kind of transfer goes. A reversal goes back on any of these ways. */
const WAYS = [
  ['top_up', HOUSE.clearing, WALLET],
  ['grant', HOUSE.promotions, WALLET],
  ['promotion', HOUSE.promotions, WALLET],
  ['redemption', HOUSE.promotions, WALLET],
  ['goodwill', HOUSE.goodwill, WALLET],
  ['usage', WALLET, HOUSE.revenue],
  ['bad_debt', HOUSE.badDebt, HOUSE.revenue],
  ['adjustment', HOUSE.adjustments, WALLET],
  ['adjustment', WALLET, HOUSE.adjustments],
  ['refund', WALLET, HOUSE.clearing],
  ['dispute', WALLET, HOUSE.clearing],
  // What was bought and spent before the money went back; and what of it turned up later after all.
  ['refund', HOUSE.badDebt, HOUSE.clearing],
  ['dispute', HOUSE.badDebt, HOUSE.clearing],
  ['refund', WALLET, HOUSE.badDebt],
  ['expiry', WALLET, HOUSE.expired],
] as const

const CHART = sql`(VALUES ${sql.join(
  WAYS.flatMap(([kind, from, to]) => [sql`(${kind}, ${from}, ${to})`, sql`('reversal', ${to}, ${from})`]),
  sql`, `,
)}) way (kind, debit, credit)`

export const TRANSFER_CHECKS: readonly Check[] = [
  {
    name: 'transfer_accounts',
    promise: 'Each transfer moves more than nothing from one account to another, and both exist.',
    population: sql`transfers`,
    offenders: sql`
      SELECT t.id AS transfer_id, t.kind, t.amount_micros, t.debit_account_id, d.id IS NOT NULL AS debit_exists,
        t.credit_account_id, c.id IS NOT NULL AS credit_exists
      FROM transfers t
      LEFT JOIN accounts d ON d.id = t.debit_account_id
      LEFT JOIN accounts c ON c.id = t.credit_account_id
      WHERE d.id IS NULL OR c.id IS NULL OR t.amount_micros <= 0 OR t.debit_account_id = t.credit_account_id`,
  },
  {
    name: 'transfer_sides',
    promise: 'A transfer has a number and a balance on the side of a wallet, and none on the side of the house.',
    population: sql`transfers`,
    offenders: sql`
      SELECT t.id AS transfer_id, t.debit_account_id, t.debit_seq, t.debit_balance_micros,
        t.credit_account_id, t.credit_seq, t.credit_balance_micros
      FROM transfers t
      LEFT JOIN wallets d ON d.id = t.debit_account_id
      LEFT JOIN wallets c ON c.id = t.credit_account_id
      WHERE num_nulls(t.debit_seq, t.debit_balance_micros) <> CASE WHEN d.id IS NULL THEN 2 ELSE 0 END
        OR num_nulls(t.credit_seq, t.credit_balance_micros) <> CASE WHEN c.id IS NULL THEN 2 ELSE 0 END`,
  },
  {
    name: 'transfer_chart',
    promise: 'Each kind of transfer goes between the accounts that the chart of accounts has for it.',
    population: sql`transfers`,
    offenders: sql`
      SELECT t.id AS transfer_id, t.kind, t.debit_account_id, coalesce(d.code, d.kind) AS debit,
        t.credit_account_id, coalesce(c.code, c.kind) AS credit
      FROM transfers t
      JOIN accounts d ON d.id = t.debit_account_id
      JOIN accounts c ON c.id = t.credit_account_id
      WHERE NOT EXISTS (
        SELECT 1 FROM ${CHART}
        WHERE way.kind = t.kind
          AND way.debit = CASE d.kind WHEN 'wallet' THEN 'wallet' ELSE d.id::text END
          AND way.credit = CASE c.kind WHEN 'wallet' THEN 'wallet' ELSE c.id::text END)`,
  },
  {
    name: 'books_balance',
    promise: 'What all wallets hold and what all accounts of the house stand at add up to zero.',
    population: sql`accounts`,
    offenders: sql`
      SELECT 'all accounts' AS total, walled.micros AS wallets_micros, housed.micros AS house_micros,
        walled.micros + housed.micros AS sum_micros
      FROM (SELECT coalesce(sum(posted_micros), 0) AS micros FROM wallets) walled,
        (SELECT coalesce(sum(CASE side WHEN 'credit' THEN amount ELSE -amount END), 0) AS micros FROM (
          SELECT 'debit' AS side, debit_account_id AS account_id, sum(amount_micros) AS amount FROM transfers GROUP BY 2
          UNION ALL
          SELECT 'credit', credit_account_id, sum(amount_micros) FROM transfers GROUP BY 2
        ) sums JOIN accounts ON accounts.id = sums.account_id AND accounts.kind = 'house') housed
      WHERE walled.micros + housed.micros <> 0`,
  },
]
