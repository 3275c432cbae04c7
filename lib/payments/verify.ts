import { sql } from 'drizzle-orm'
import type { Ctx } from '#lib/ctx.ts'
import { HOUSE } from '#lib/ledger/index.ts'
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

/** What of an order's money stays with us, as its refunds and disputes say. */
const KEPT = sql`(
  SELECT o.*, greatest(0, o.paid_minor
    - coalesce((SELECT sum(amount_minor) FROM refunds r WHERE r.order_id = o.id AND r.state IN ('pending', 'succeeded')), 0)
    - coalesce((SELECT sum(withdrawn_minor - reinstated_minor) FROM disputes d WHERE d.order_id = o.id), 0)) AS kept_minor
  FROM orders o)`

/** What each account gave for an order, less what it got back. */
const MOVED = sql`(
  SELECT substr(t.external_ref, 7)::uuid AS order_id,
    sum(CASE ${HOUSE.clearing}::uuid WHEN t.debit_account_id THEN t.amount_micros WHEN t.credit_account_id THEN -t.amount_micros ELSE 0 END) AS issued,
    sum(CASE ${HOUSE.promotions}::uuid WHEN t.debit_account_id THEN t.amount_micros WHEN t.credit_account_id THEN -t.amount_micros ELSE 0 END) AS bonus,
    sum(CASE ${HOUSE.badDebt}::uuid WHEN t.debit_account_id THEN t.amount_micros WHEN t.credit_account_id THEN -t.amount_micros ELSE 0 END) AS lost,
    sum(CASE o.wallet_id WHEN t.credit_account_id THEN t.amount_micros WHEN t.debit_account_id THEN -t.amount_micros ELSE 0 END) AS received
  FROM transfers t JOIN orders o ON t.external_ref = 'order:' || o.id
  GROUP BY 1)`

const ORDER_CHECKS: readonly Check[] = [
  {
    name: 'order_credits',
    promise: 'An order has the credits that the money kept for it buys, and none when no money came.',
    population: sql`orders`,
    offenders: sql`
      SELECT id AS order_id, state, paid_minor, kept_minor, price_minor, credits_micros, credited_micros, bonus_micros,
        bonus_credited_micros
      FROM ${KEPT} o
      WHERE credited_micros <> CASE WHEN state = 'paid' THEN div(credits_micros::numeric * kept_minor, price_minor) ELSE 0 END
        OR bonus_credited_micros <> CASE WHEN state = 'paid' THEN div(bonus_micros::numeric * kept_minor, price_minor) ELSE 0 END`,
  },
  {
    name: 'order_transfers',
    promise:
      'What was moved for an order is what it says: credits for money kept, what the house bears, and its bonus.',
    population: sql`orders`,
    offenders: sql`
      SELECT o.id AS order_id, o.credited_micros, m.issued, o.shortfall_micros, m.lost, o.bonus_credited_micros,
        o.bonus_shortfall_micros, m.bonus, m.received
      FROM orders o LEFT JOIN ${MOVED} m ON m.order_id = o.id
      WHERE coalesce(m.issued, 0) <> o.credited_micros OR coalesce(m.lost, 0) <> o.shortfall_micros
        OR coalesce(m.bonus, 0) <> o.bonus_credited_micros + o.bonus_shortfall_micros
        OR coalesce(m.received, 0) <> coalesce(m.issued + m.lost + m.bonus, 0)`,
  },
  {
    name: 'payment_asked',
    promise: 'Nothing was moved to or from payment providers but for an order.',
    population: sql`transfers WHERE ${HOUSE.clearing}::uuid IN (debit_account_id, credit_account_id)`,
    offenders: sql`
      SELECT t.id AS transfer_id, t.kind, t.amount_micros, t.external_ref, t.actor
      FROM transfers t
      WHERE ${HOUSE.clearing}::uuid IN (t.debit_account_id, t.credit_account_id)
        AND NOT EXISTS (SELECT 1 FROM orders o WHERE t.external_ref = 'order:' || o.id)`,
  },
  {
    name: 'wallet_suspended',
    promise: 'A wallet is suspended while a dispute about it goes on or was lost, and nobody forgave it; and else not.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.suspended
      FROM wallets w
      WHERE w.suspended <> EXISTS (
        SELECT 1 FROM disputes d JOIN orders o ON o.id = d.order_id
        WHERE o.wallet_id = w.id AND d.state IN ('open', 'lost') AND d.forgiven_at IS NULL)`,
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

/** Compares orders with the money kept for them and with what was moved. Run it in a snapshot (`inSnapshot`). */
export function verifyOrders(ctx: Ctx): Promise<CheckResult[]> {
  return runChecks(ctx, ORDER_CHECKS)
}
