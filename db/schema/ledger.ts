import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  pgView,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { bytea, countNotNegative, createdAt, instant, micros, microsNotNegative, microsPositive } from './columns.ts'

/** Every place credits can be: people's and teams' wallets, and the house's own accounts. */
export const accounts = pgTable(
  'accounts',
  {
    id: uuid().primaryKey(),
    kind: text({ enum: ['wallet', 'house'] }).notNull(),
    /** Name of a house account (`revenue`, `clearing` …); null for wallets. */
    code: text(),
    ownerType: text('owner_type', { enum: ['user', 'team'] }),
    ownerId: uuid('owner_id'),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('accounts_code_key').on(table.code),
    uniqueIndex('accounts_owner_key').on(table.ownerType, table.ownerId),
    check(
      'accounts_kind_shape',
      sql`(${table.kind} = 'house' and ${table.code} is not null and ${table.ownerId} is null) or (${table.kind} = 'wallet' and ${table.code} is null and ${table.ownerType} in ('user', 'team') and ${table.ownerId} is not null)`,
    ),
  ],
)

/** The running balance of a wallet: the only maintained balance, and the lock of all that concerns it. */
export const wallets = pgTable(
  'wallets',
  {
    id: uuid()
      .primaryKey()
      .references(() => accounts.id),
    postedMicros: microsNotNegative('posted_micros').notNull().default(sql`0`),
    heldMicros: microsNotNegative('held_micros').notNull().default(sql`0`),
    openHolds: countNotNegative('open_holds').notNull().default(0),
    /** Number of the wallet's latest transfer. */
    seq: micros('seq').notNull().default(sql`0`),
    /** No lot that still holds something expires before; null when none ever does. */
    nextExpiryAt: instant('next_expiry_at'),
    /** How many spend caps are set on it: where there are none, no call looks for them. */
    caps: integer().notNull().default(0),
    /** Nothing new may be held while a payment into it is disputed. */
    suspended: boolean().notNull().default(false),
    /** The lot that calls are paid from, the first in order, and the balance at which it is used up; null when none is. */
    lotTransferId: uuid('lot_transfer_id'),
    lotFloorMicros: micros('lot_floor_micros'),
  },
  (table) => [
    index('wallets_next_expiry_idx').on(table.nextExpiryAt).where(sql`${table.nextExpiryAt} is not null`),
    check('wallets_never_overdrawn', sql`${table.heldMicros} <= ${table.postedMicros}`),
  ],
)

/** An immutable movement of credits between two accounts; zero-sum by construction. Append-only by trigger. */
export const transfers = pgTable(
  'transfers',
  {
    id: uuid().primaryKey(),
    kind: text({
      enum: [
        'top_up',
        'grant',
        'promotion',
        'redemption',
        'usage',
        'bad_debt',
        'adjustment',
        'refund',
        'dispute',
        'expiry',
        'reversal',
        'goodwill',
      ],
    }).notNull(),
    debitAccountId: uuid('debit_account_id').notNull(),
    creditAccountId: uuid('credit_account_id').notNull(),
    amountMicros: microsPositive('amount_micros').notNull(),
    /** A wallet's own numbering and its balance after this transfer; null on the side of a house account. */
    debitSeq: micros('debit_seq'),
    debitBalanceMicros: micros('debit_balance_micros'),
    creditSeq: micros('credit_seq'),
    creditBalanceMicros: micros('credit_balance_micros'),
    /** Unique for ever: the same key again is the same transfer, with another request it is an error. */
    idempotencyKey: text('idempotency_key').notNull(),
    requestHash: bytea('request_hash').notNull(),
    holdId: uuid('hold_id'),
    /** The lot that paid all of it; null where `lot_uses` says which did. Only what calls cost is written so. */
    lotTransferId: uuid('lot_transfer_id'),
    /** What outside the ledger this belongs to; several transfers of one movement share it. */
    externalRef: text('external_ref'),
    actor: text().notNull(),
    reason: text(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('transfers_idempotency_key').on(table.idempotencyKey),
    // Of wallets alone: a query must say that the number is not null, where it does not compare it.
    uniqueIndex('transfers_debit_seq_key')
      .on(table.debitAccountId, table.debitSeq)
      .where(sql`${table.debitSeq} is not null`),
    uniqueIndex('transfers_credit_seq_key')
      .on(table.creditAccountId, table.creditSeq)
      .where(sql`${table.creditSeq} is not null`),
    // Rows come in the order of time: this index is a few pages and costs a transfer nothing.
    index('transfers_created_idx').using('brin', table.createdAt).with({ autosummarize: true, pages_per_range: 32 }),
  ],
)

/** A reservation for a call in flight. It ends exactly once: captured or released. */
export const holds = pgTable(
  'holds',
  {
    id: uuid().primaryKey(),
    walletId: uuid('wallet_id').notNull(),
    amountMicros: microsPositive('amount_micros').notNull(),
    state: text({ enum: ['open', 'captured', 'released'] })
      .notNull()
      .default('open'),
    /** Charged to the wallet, and what the call cost beyond that (booked to bad debt). */
    capturedMicros: microsNotNegative('captured_micros').notNull().default(sql`0`),
    badDebtMicros: microsNotNegative('bad_debt_micros').notNull().default(sql`0`),
    requestHash: bytea('request_hash').notNull(),
    /** Who spends from the wallet: whose caps count. */
    spenderId: uuid('spender_id').notNull(),
    /** The process that runs the call; closing sets it to null, and the sweep looks here. */
    openWorkerId: uuid('open_worker_id'),
    /** The terms on which a call was let in, for who settles it; null where a hold is of no call. The ledger keeps them. */
    modelId: text('model_id'),
    priceVersionId: uuid('price_version_id'),
    promptTokens: countNotNegative('prompt_tokens'),
    /** Output tokens asked for at most; what was held may pay for fewer. */
    outputCap: countNotNegative('output_cap'),
    omittedTurns: countNotNegative('omitted_turns'),
    createdAt: createdAt(),
    closedAt: instant('closed_at'),
  },
  (table) => [
    index('holds_wallet_idx').on(table.walletId, table.id),
    index('holds_open_worker_idx').on(table.openWorkerId),
  ],
)

/** Credits that came in together. What is left of them is in `lotsLeft`. */
export const lots = pgTable(
  'lots',
  {
    walletId: uuid('wallet_id')
      .notNull()
      .references(() => wallets.id),
    /** The transfer that brought the credits. */
    transferId: uuid('transfer_id')
      .notNull()
      .references(() => transfers.id),
    source: text({ enum: ['paid', 'promotional', 'code'] }).notNull(),
    amountMicros: microsPositive('amount_micros').notNull(),
    /** What was left when this row was last written: while a wallet pays from the lot, only the wallet is. */
    notedMicros: microsNotNegative('noted_micros').notNull(),
    expiresAt: instant('expires_at'),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.walletId, table.transferId] })],
)

/** The lots, each with what is left of it now. */
export const lotsLeft = pgView('lots_left', {
  walletId: uuid('wallet_id').notNull(),
  transferId: uuid('transfer_id').notNull(),
  source: text({ enum: ['paid', 'promotional', 'code'] }).notNull(),
  amountMicros: micros('amount_micros').notNull(),
  remainingMicros: micros('remaining_micros').notNull(),
  expiresAt: instant('expires_at'),
  createdAt: instant('created_at').notNull(),
}).existing()

/** Which lots paid for a transfer that does not name its lot itself. Append-only by trigger. */
export const lotUses = pgTable(
  'lot_uses',
  {
    walletId: uuid('wallet_id').notNull(),
    transferId: uuid('transfer_id').notNull(),
    lotTransferId: uuid('lot_transfer_id').notNull(),
    amountMicros: microsPositive('amount_micros').notNull(),
  },
  (table) => [primaryKey({ columns: [table.walletId, table.transferId, table.lotTransferId] })],
)

/** What somebody allows themselves to spend from a wallet in a day or a month, and what of it is gone. */
export const spendCaps = pgTable(
  'spend_caps',
  {
    walletId: uuid('wallet_id')
      .notNull()
      .references(() => wallets.id),
    spenderId: uuid('spender_id').notNull(),
    period: text({ enum: ['day', 'month'] }).notNull(),
    limitMicros: micros('limit_micros').notNull(),
    /** Where the days begin at midnight. */
    timeZone: text('time_zone').notNull(),
    /** The day or month that `spent` is of; one that is over counts as spent nothing. */
    windowStart: instant('window_start').notNull(),
    windowEnd: instant('window_end').notNull(),
    spentMicros: micros('spent_micros').notNull(),
    /** What the spender's open holds reserve. */
    heldMicros: micros('held_micros').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.walletId, table.spenderId, table.period] }),
    check('spend_caps_period_known', sql`${table.period} in ('day', 'month')`),
    check('spend_caps_window_shape', sql`${table.windowStart} < ${table.windowEnd}`),
    check(
      'spend_caps_amounts_sane',
      sql`${table.limitMicros} > 0 and ${table.spentMicros} >= 0 and ${table.heldMicros} >= 0`,
    ),
  ],
)

/** What each run of verify-ledger found. */
export const ledgerChecks = pgTable(
  'ledger_checks',
  {
    id: uuid().primaryKey(),
    source: text({ enum: ['nightly', 'command'] }).notNull(),
    startedAt: instant('started_at').notNull().defaultNow(),
    /** Null while it runs, and for ever when its process died. */
    finishedAt: instant('finished_at'),
    /** How many rows each check looked at, and how many differ. */
    facts: jsonb().notNull().default({}),
    differences: integer(),
    /** The first rows that differ, by check. */
    details: jsonb(),
  },
  (table) => [
    index('ledger_checks_started_idx').on(table.startedAt),
    check('ledger_checks_source_known', sql`${table.source} in ('nightly', 'command')`),
    check(
      'ledger_checks_shape',
      sql`(${table.finishedAt} is null) = (${table.differences} is null) and ${table.differences} >= 0`,
    ),
  ],
)
