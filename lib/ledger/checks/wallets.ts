import { sql } from 'drizzle-orm'
import type { Check } from '#lib/verification.ts'
import { ENTRIES } from './entries.ts'

export const WALLET_CHECKS: readonly Check[] = [
  {
    name: 'wallet_account',
    promise: 'Each wallet has an account of kind wallet, and each such account has a wallet.',
    population: sql`wallets FULL JOIN (SELECT id FROM accounts WHERE kind = 'wallet') a USING (id)`,
    offenders: sql`
      SELECT coalesce(w.id, a.id) AS wallet_id, w.id IS NOT NULL AS has_wallet, a.kind AS account_kind
      FROM wallets w FULL JOIN accounts a USING (id)
      WHERE (w.id IS NOT NULL OR a.kind = 'wallet') AND (w.id IS NULL OR a.kind IS DISTINCT FROM 'wallet')`,
  },
  {
    name: 'wallet_balance',
    promise: 'A wallet’s balance is the sum of its credits less the sum of its debits.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.posted_micros, coalesce(e.sum_micros, 0) AS transfers_micros
      FROM wallets w
      LEFT JOIN (SELECT account_id, sum(change_micros) AS sum_micros FROM ${ENTRIES} GROUP BY account_id) e
        ON e.account_id = w.id
      WHERE w.posted_micros <> coalesce(e.sum_micros, 0)`,
  },
  {
    name: 'wallet_numbering',
    promise: 'A wallet’s transfers are numbered from 1 without a gap, up to the number the wallet stands at.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.seq, coalesce(e.transfers, 0) AS transfers, e.first_seq, e.last_seq
      FROM wallets w
      LEFT JOIN (
        SELECT account_id, count(*) AS transfers, count(DISTINCT seq) AS numbers, min(seq) AS first_seq, max(seq) AS last_seq
        FROM ${ENTRIES} GROUP BY account_id
      ) e ON e.account_id = w.id
      WHERE w.seq <> coalesce(e.transfers, 0)
        OR (e.transfers > 0 AND (e.numbers <> e.transfers OR e.first_seq <> 1 OR e.last_seq <> e.transfers))`,
  },
  {
    name: 'wallet_running_balance',
    promise: 'The balance noted with each transfer of a wallet is the one noted before it, changed by the amount.',
    population: sql`${ENTRIES}`,
    offenders: sql`
      SELECT transfer_id, account_id AS wallet_id, seq, before_micros, change_micros, balance_micros
      FROM (
        SELECT *, lag(balance_micros, 1, 0::bigint) OVER (PARTITION BY account_id ORDER BY seq) AS before_micros
        FROM ${ENTRIES} WHERE seq IS NOT NULL
      ) chain
      WHERE balance_micros IS DISTINCT FROM before_micros + change_micros`,
  },
  {
    name: 'wallet_held',
    promise: 'What a wallet holds back is the sum of its open holds, and their number is as noted.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.held_micros, coalesce(h.sum_micros, 0) AS open_holds_micros,
        w.open_holds, coalesce(h.holds, 0) AS counted_holds
      FROM wallets w
      LEFT JOIN (
        SELECT wallet_id, sum(amount_micros) AS sum_micros, count(*) AS holds
        FROM holds WHERE state = 'open' GROUP BY wallet_id
      ) h ON h.wallet_id = w.id
      WHERE w.held_micros <> coalesce(h.sum_micros, 0) OR w.open_holds <> coalesce(h.holds, 0)`,
  },
  {
    name: 'wallet_never_overdrawn',
    promise: 'No wallet holds back more than it has, and none ever stood below zero.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.posted_micros, w.held_micros, low.seq AS below_zero_at_seq
      FROM wallets w
      LEFT JOIN (
        SELECT account_id, min(seq) AS seq FROM ${ENTRIES} WHERE balance_micros < 0 GROUP BY account_id
      ) low ON low.account_id = w.id
      WHERE w.posted_micros - w.held_micros < 0 OR w.held_micros < 0 OR low.seq IS NOT NULL`,
  },
]
