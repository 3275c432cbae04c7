import { sql } from 'drizzle-orm'
import type { Ctx } from '#lib/ctx.ts'
import { type Check, type CheckResult, runChecks } from '#lib/verification.ts'

const CHECKS: readonly Check[] = [
  {
    name: 'adjustment_transfer',
    promise:
      'An operator’s change of a wallet moved its amount once when it was let pass, and nothing before or otherwise.',
    population: sql`adjustments`,
    offenders: sql`
      SELECT a.id AS adjustment_id, a.state, a.kind, a.wallet_id, a.amount_micros, a.transfer_id, t.kind AS transfer_kind,
        t.debit_account_id, t.credit_account_id, t.amount_micros AS transfer_micros
      FROM (SELECT *, count(*) OVER (PARTITION BY transfer_id) AS sharing FROM adjustments) a
      LEFT JOIN transfers t ON t.id = a.transfer_id
      WHERE (a.state = 'posted') <> (t.id IS NOT NULL)
        OR (t.id IS NOT NULL AND (t.kind <> a.kind OR t.amount_micros <> abs(a.amount_micros) OR a.sharing > 1
          OR a.wallet_id <> CASE WHEN a.amount_micros > 0 THEN t.credit_account_id ELSE t.debit_account_id END))`,
  },
  {
    name: 'adjustment_asked',
    promise: 'Nothing was adjusted that no operator asked for.',
    population: sql`transfers WHERE kind = 'adjustment'`,
    offenders: sql`
      SELECT t.id AS transfer_id, t.debit_account_id, t.credit_account_id, t.amount_micros, t.actor
      FROM transfers t
      WHERE t.kind = 'adjustment' AND NOT EXISTS (SELECT 1 FROM adjustments a WHERE a.transfer_id = t.id)`,
  },
]

/** Compares operators' changes with what was moved for them. Run it in a snapshot (`inSnapshot`). */
export function verifyAdjustments(ctx: Ctx): Promise<CheckResult[]> {
  return runChecks(ctx, CHECKS)
}
