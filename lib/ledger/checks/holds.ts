import { sql } from 'drizzle-orm'
import type { Check } from '#lib/verification.ts'

export const HOLD_CHECKS: readonly Check[] = [
  {
    name: 'hold_state',
    promise:
      'An open hold has a process that runs its call; one that ended has none, and only a captured one cost something.',
    population: sql`holds`,
    offenders: sql`
      SELECT id AS hold_id, wallet_id, state, open_worker_id, closed_at, captured_micros, bad_debt_micros
      FROM holds
      WHERE state NOT IN ('open', 'captured', 'released')
        OR (state = 'open') <> (open_worker_id IS NOT NULL)
        OR (state = 'open') <> (closed_at IS NULL)
        OR (state = 'captured') <> (captured_micros + bad_debt_micros > 0)
        OR amount_micros <= 0 OR captured_micros < 0 OR bad_debt_micros < 0`,
  },
  {
    name: 'hold_transfers',
    promise:
      'What a hold captured is one transfer of usage, what it could not is one of bad debt; there are no others.',
    population: sql`holds`,
    offenders: sql`
      SELECT h.id AS hold_id, h.wallet_id, h.state, h.captured_micros, coalesce(t.usage_micros, 0) AS usage_micros,
        coalesce(t.usages, 0) AS usages, h.bad_debt_micros, coalesce(t.debt_micros, 0) AS debt_micros,
        coalesce(t.debts, 0) AS debts
      FROM holds h
      LEFT JOIN (
        SELECT hold_id,
          sum(amount_micros) FILTER (WHERE kind = 'usage') AS usage_micros, count(*) FILTER (WHERE kind = 'usage') AS usages,
          sum(amount_micros) FILTER (WHERE kind = 'bad_debt') AS debt_micros, count(*) FILTER (WHERE kind = 'bad_debt') AS debts
        FROM transfers WHERE hold_id IS NOT NULL GROUP BY hold_id
      ) t ON t.hold_id = h.id
      WHERE h.captured_micros <> coalesce(t.usage_micros, 0) OR h.bad_debt_micros <> coalesce(t.debt_micros, 0)
        OR t.usages > 1 OR t.debts > 1`,
  },
  {
    name: 'transfer_hold',
    promise: 'Usage and bad debt, and nothing else, name a hold; usage is taken from the wallet of that hold.',
    population: sql`transfers WHERE hold_id IS NOT NULL OR kind IN ('usage', 'bad_debt')`,
    offenders: sql`
      SELECT t.id AS transfer_id, t.kind, t.hold_id, t.debit_account_id, h.wallet_id AS hold_wallet_id
      FROM transfers t
      LEFT JOIN holds h ON h.id = t.hold_id
      WHERE (t.hold_id IS NOT NULL OR t.kind IN ('usage', 'bad_debt'))
        AND (h.id IS NULL OR t.kind NOT IN ('usage', 'bad_debt') OR (t.kind = 'usage' AND t.debit_account_id <> h.wallet_id))`,
  },
]
