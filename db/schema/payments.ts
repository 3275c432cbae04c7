import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
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

/** Redemption codes that an operator made together, on the same terms. */
export const codeBatches = pgTable(
  'code_batches',
  {
    id: uuid().primaryKey(),
    /** What the operator calls it; nobody else sees it. */
    name: text().notNull(),
    /** What a code gives each time it is redeemed. */
    creditsMicros: micros('credits_micros').notNull(),
    /** How many people may redeem one code, and how many codes of the batch one person may redeem. */
    usesPerCode: integer('uses_per_code').notNull(),
    codesPerPerson: integer('codes_per_person').notNull(),
    /** No code is redeemed from then on; null for no end. */
    redeemBefore: instant('redeem_before'),
    /** Days from the redemption until its credits expire; null for never. */
    creditsLastDays: integer('credits_last_days'),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    check(
      'code_batches_terms_sane',
      sql`${table.creditsMicros} > 0 and ${table.usesPerCode} > 0 and ${table.codesPerPerson} > 0 and ${table.creditsLastDays} > 0`,
    ),
  ],
)

/** A redemption code. It is kept as its hash: who reads the database cannot redeem it. */
export const redemptionCodes = pgTable(
  'redemption_codes',
  {
    hash: bytea().primaryKey(),
    batchId: uuid('batch_id')
      .notNull()
      .references(() => codeBatches.id),
    /** The code's number in its batch, from 1: how an operator names one without its text. */
    number: integer().notNull(),
    uses: integer().notNull().default(0),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    uniqueIndex('redemption_codes_number_key').on(table.batchId, table.number),
    check('redemption_codes_counts_sane', sql`${table.number} > 0 and ${table.uses} >= 0`),
  ],
)

/** Who has redeemed which code. Append-only by trigger. */
export const redemptions = pgTable(
  'redemptions',
  {
    batchId: uuid('batch_id')
      .notNull()
      .references(() => codeBatches.id),
    userId: uuid('user_id').notNull(),
    /** Counts the person's codes of the batch, from 1. */
    ordinal: integer().notNull(),
    codeHash: bytea('code_hash')
      .notNull()
      .references(() => redemptionCodes.hash),
    transferId: uuid('transfer_id')
      .notNull()
      .references(() => transfers.id),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.batchId, table.userId, table.ordinal] }),
    uniqueIndex('redemptions_once_key').on(table.codeHash, table.userId),
    uniqueIndex('redemptions_transfer_key').on(table.transferId),
    check('redemptions_ordinal_positive', sql`${table.ordinal} > 0`),
  ],
)
