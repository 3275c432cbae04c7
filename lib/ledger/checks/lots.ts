import { sql } from 'drizzle-orm'
import type { Check } from '#lib/verification.ts'
import { LOT_USES } from '../lot-uses.ts'

export const LOT_CHECKS: readonly Check[] = [
  {
    name: 'lot_of_credit',
    promise: 'Each transfer to a wallet brought one lot of its amount, and each lot came with such a transfer.',
    population: sql`transfers JOIN wallets ON wallets.id = credit_account_id`,
    offenders: sql`
      SELECT coalesce(t.id, l.transfer_id) AS transfer_id, coalesce(t.wallet_id, l.wallet_id) AS wallet_id,
        t.amount_micros AS credit_micros, l.amount_micros AS lot_micros
      FROM (
        SELECT t.id, t.credit_account_id AS wallet_id, t.amount_micros
        FROM transfers t JOIN wallets w ON w.id = t.credit_account_id
      ) t
      FULL JOIN lots l ON l.transfer_id = t.id AND l.wallet_id = t.wallet_id
      WHERE t.amount_micros IS DISTINCT FROM l.amount_micros`,
  },
  {
    name: 'lot_uses_of_debit',
    promise:
      'Each transfer from a wallet is paid by lots of that wallet with exactly its amount, and nothing else uses lots.',
    population: sql`transfers JOIN wallets ON wallets.id = debit_account_id`,
    offenders: sql`
      SELECT coalesce(t.id, u.transfer_id) AS transfer_id, coalesce(t.wallet_id, u.wallet_id) AS wallet_id,
        t.amount_micros AS debit_micros, u.used_micros
      FROM (
        SELECT t.id, t.debit_account_id AS wallet_id, t.amount_micros
        FROM transfers t JOIN wallets w ON w.id = t.debit_account_id
      ) t
      FULL JOIN (
        SELECT transfer_id, wallet_id, sum(amount_micros) AS used_micros FROM ${LOT_USES} x GROUP BY transfer_id, wallet_id
      ) u ON u.transfer_id = t.id AND u.wallet_id = t.wallet_id
      WHERE t.amount_micros IS DISTINCT FROM u.used_micros`,
  },
  {
    name: 'lot_remaining',
    promise: 'What is left of a lot is its amount less what transfers used of it; what is used is a lot of the wallet.',
    population: sql`lots`,
    offenders: sql`
      SELECT coalesce(l.transfer_id, u.lot_transfer_id) AS lot_id, coalesce(l.wallet_id, u.wallet_id) AS wallet_id,
        l.amount_micros, coalesce(u.used_micros, 0) AS used_micros, l.remaining_micros
      FROM lots_left l
      FULL JOIN (
        SELECT lot_transfer_id, wallet_id, sum(amount_micros) AS used_micros
        FROM ${LOT_USES} x GROUP BY lot_transfer_id, wallet_id
      ) u ON u.lot_transfer_id = l.transfer_id AND u.wallet_id = l.wallet_id
      WHERE l.transfer_id IS NULL OR l.remaining_micros < 0
        OR l.remaining_micros <> l.amount_micros - coalesce(u.used_micros, 0)`,
  },
  {
    name: 'wallet_lots',
    promise: 'What is left of a wallet’s lots is its balance.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.posted_micros, coalesce(l.left_micros, 0) AS lots_micros
      FROM wallets w
      LEFT JOIN (SELECT wallet_id, sum(remaining_micros) AS left_micros FROM lots_left GROUP BY wallet_id) l
        ON l.wallet_id = w.id
      WHERE w.posted_micros <> coalesce(l.left_micros, 0)`,
  },
  {
    name: 'wallet_lot',
    promise: 'The lot that a wallet pays calls from is the first of which something is left, or has just been used up.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.lot_transfer_id AS lot_id, w.lot_floor_micros, first.transfer_id AS first_lot_id
      FROM wallets w
      LEFT JOIN LATERAL (
        SELECT l.transfer_id FROM lots_left l WHERE l.wallet_id = w.id AND l.remaining_micros > 0
        ORDER BY l.expires_at NULLS LAST, array_position(ARRAY['promotional', 'code', 'paid'], l.source), l.transfer_id
        LIMIT 1
      ) first ON true
      LEFT JOIN lots_left paying ON paying.wallet_id = w.id AND paying.transfer_id = w.lot_transfer_id
      WHERE num_nulls(w.lot_transfer_id, w.lot_floor_micros) = 1
        OR (w.lot_transfer_id IS DISTINCT FROM first.transfer_id AND paying.remaining_micros IS DISTINCT FROM 0)`,
  },
  {
    name: 'lot_expiry',
    promise: 'Nothing expires that does not expire, or before its time.',
    population: sql`${LOT_USES} u JOIN transfers t ON t.id = u.transfer_id AND t.kind = 'expiry'`,
    offenders: sql`
      SELECT t.id AS transfer_id, u.wallet_id, u.lot_transfer_id AS lot_id, u.amount_micros, l.expires_at,
        t.created_at AS expired_at
      FROM ${LOT_USES} u
      JOIN transfers t ON t.id = u.transfer_id AND t.kind = 'expiry'
      JOIN lots l ON l.wallet_id = u.wallet_id AND l.transfer_id = u.lot_transfer_id
      WHERE l.expires_at IS NULL OR l.expires_at > t.created_at`,
  },
  {
    name: 'wallet_next_expiry',
    promise: 'No lot with something left expires before the moment its wallet notes as the next one.',
    population: sql`wallets`,
    offenders: sql`
      SELECT w.id AS wallet_id, w.next_expiry_at, l.expires_at
      FROM wallets w
      JOIN (
        SELECT wallet_id, min(expires_at) AS expires_at FROM lots_left
        WHERE remaining_micros > 0 AND expires_at IS NOT NULL GROUP BY wallet_id
      ) l ON l.wallet_id = w.id
      WHERE w.next_expiry_at IS NULL OR w.next_expiry_at > l.expires_at`,
  },
]
