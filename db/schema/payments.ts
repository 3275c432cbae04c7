import { sql } from 'drizzle-orm'
import { check, index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, createdAt, instant, micros } from './columns.ts'
import { transfers, wallets } from './ledger.ts'

/** An operator's change of a wallet. Above a limit it waits for a second admin before anything moves. */
export const adjustments = pgTable(
  'adjustments',
  {
    id: uuid().primaryKey(),
    kind: text({ enum: ['grant', 'adjustment'] }).notNull(),
    walletId: uuid('wallet_id')
      .notNull()
      .references(() => wallets.id),
    /** Added to the wallet, or taken from it when negative. */
    amountMicros: micros('amount_micros').notNull(),
    /** When the credits that are added expire. */
    lotExpiresAt: instant('lot_expires_at'),
    reason: text().notNull(),
    /** The same key again is the same adjustment, with another request it is an error. */
    idempotencyKey: text('idempotency_key').notNull(),
    requestHash: bytea('request_hash').notNull(),
    state: text({ enum: ['waiting', 'posted', 'rejected'] }).notNull(),
    requestedBy: text('requested_by').notNull(),
    requestedByUserId: uuid('requested_by_user_id'),
    /** Who let it pass or refused it; null for one that needed nobody. */
    decidedBy: text('decided_by'),
    decidedByUserId: uuid('decided_by_user_id'),
    decidedAt: instant('decided_at'),
    transferId: uuid('transfer_id').references(() => transfers.id),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('adjustments_idempotency_key').on(table.idempotencyKey),
    index('adjustments_state_idx').on(table.state, table.id),
    check('adjustments_kind_known', sql`${table.kind} in ('grant', 'adjustment')`),
    check(
      'adjustments_amount_sane',
      sql`${table.amountMicros} > 0 or (${table.amountMicros} < 0 and ${table.kind} = 'adjustment' and ${table.lotExpiresAt} is null)`,
    ),
    check(
      'adjustments_state_shape',
      sql`(${table.state} = 'waiting' and ${table.transferId} is null and ${table.decidedBy} is null) or (${table.state} = 'posted' and ${table.transferId} is not null) or (${table.state} = 'rejected' and ${table.transferId} is null and ${table.decidedBy} is not null)`,
    ),
    // Whoever asked cannot be the second.
    check(
      'adjustments_two_admins',
      sql`${table.state} <> 'posted' or ${table.decidedByUserId} is null or ${table.decidedByUserId} is distinct from ${table.requestedByUserId}`,
    ),
  ],
)
