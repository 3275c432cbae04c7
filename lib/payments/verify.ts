import { sql } from 'drizzle-orm'
import type { Ctx } from '#lib/ctx.ts'
import { type Check, type CheckResult, runChecks } from '#lib/verification.ts'

const ADJUSTMENT_CHECKS: readonly Check[] = [
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

const CODE_CHECKS: readonly Check[] = [
  {
    name: 'redemption_transfer',
    promise: 'Each redemption moved what its code is worth to who redeemed it, and no code paid otherwise.',
    population: sql`redemptions`,
    offenders: sql`
      SELECT r.batch_id, r.user_id, t.id AS transfer_id, t.kind, t.amount_micros, b.credits_micros,
        t.credit_account_id, a.id AS wallet_id
      FROM redemptions r
      JOIN code_batches b ON b.id = r.batch_id
      LEFT JOIN accounts a ON a.owner_type = 'user' AND a.owner_id = r.user_id
      FULL JOIN (SELECT * FROM transfers WHERE kind = 'redemption') t ON t.id = r.transfer_id
      WHERE r.batch_id IS NULL OR t.id IS NULL OR t.amount_micros <> b.credits_micros
        OR t.credit_account_id IS DISTINCT FROM a.id`,
  },
  {
    name: 'code_uses',
    promise: 'A code was redeemed as often as it says, and neither it nor anybody beyond the terms of its batch.',
    population: sql`redemption_codes`,
    offenders: sql`
      SELECT c.batch_id, c.number, c.uses, b.uses_per_code, coalesce(r.redemptions, 0) AS redemptions, r.ordinal,
        b.codes_per_person
      FROM redemption_codes c
      JOIN code_batches b ON b.id = c.batch_id
      LEFT JOIN (
        SELECT code_hash, count(*) AS redemptions, max(ordinal) AS ordinal FROM redemptions GROUP BY code_hash
      ) r ON r.code_hash = c.hash
      WHERE c.uses <> coalesce(r.redemptions, 0) OR c.uses > b.uses_per_code OR r.ordinal > b.codes_per_person`,
  },
]

/** Compares operators' changes with what was moved for them. Run it in a snapshot (`inSnapshot`). */
export function verifyAdjustments(ctx: Ctx): Promise<CheckResult[]> {
  return runChecks(ctx, ADJUSTMENT_CHECKS)
}

/** Compares codes with what was redeemed and moved for them. Run it in a snapshot (`inSnapshot`). */
export function verifyCodes(ctx: Ctx): Promise<CheckResult[]> {
  return runChecks(ctx, CODE_CHECKS)
}
