import { sql } from 'drizzle-orm'
import { bigint, boolean, check, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, createdAt, instant, micros, microsNotNegative } from './columns.ts'
import { wallets } from './ledger.ts'

/** An amount of a currency in its smallest unit: cents, fen, yen. */
const minor = (name: string) => bigint(name, { mode: 'bigint' })

/** What people can buy. An order copies its terms, so that a package may change at any time. */
export const packages = pgTable(
  'packages',
  {
    /** What the operator calls it; people see its price and its credits. */
    id: text().primaryKey(),
    priceMinor: minor('price_minor').notNull(),
    currency: text().notNull(),
    creditsMicros: micros('credits_micros').notNull(),
    /** Given on top, from promotions. */
    bonusMicros: microsNotNegative('bonus_micros').notNull().default(sql`0`),
    position: integer().notNull().default(0),
    active: boolean().notNull().default(true),
    createdAt: createdAt(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    check(
      'packages_terms_sane',
      sql`${table.priceMinor} > 0 and ${table.creditsMicros} > 0 and ${table.currency} ~ '^[A-Z]{3}$'`,
    ),
  ],
)

/**
 * Somebody's wish to buy, made before a payment provider is asked, and what has become of it. What is known of the
 * payment only ever grows (`lib/payments/facts.ts`), so that the same news late, twice or out of order changes nothing.
 */
export const orders = pgTable(
  'orders',
  {
    id: uuid().primaryKey(),
    /** What people and operators call it, such as in the text of a bank transfer. */
    reference: text().notNull(),
    userId: uuid('user_id').notNull(),
    walletId: uuid('wallet_id')
      .notNull()
      .references(() => wallets.id),
    /** Made by who orders: the same again is the same order. */
    requestId: uuid('request_id').notNull(),
    requestHash: bytea('request_hash').notNull(),
    provider: text({ enum: ['stripe', 'manual'] }).notNull(),
    /** How the person meant to pay, where the provider knows several ways. */
    method: text({ enum: ['card', 'alipay', 'wechat_pay'] }),
    /** The terms, as the package had them. */
    packageId: text('package_id').notNull(),
    priceMinor: minor('price_minor').notNull(),
    currency: text().notNull(),
    creditsMicros: micros('credits_micros').notNull(),
    bonusMicros: micros('bonus_micros').notNull(),
    state: text({ enum: ['open', 'pending', 'expired', 'failed', 'canceled', 'rejected', 'review', 'paid'] }).notNull(),
    /** Stripe's names for it; of these there is one order. */
    sessionId: text('session_id'),
    paymentIntentId: text('payment_intent_id'),
    /** Where the person pays, while it can be paid. */
    paymentUrl: text('payment_url'),
    /** What came in, by the provider's word, and in which currency. */
    paidMinor: minor('paid_minor').notNull().default(sql`0`),
    paidCurrency: text('paid_currency'),
    paidAt: instant('paid_at'),
    /** What the books say of it: credits issued for money that was kept, and what of the money given back was spent. */
    creditedMicros: microsNotNegative('credited_micros').notNull().default(sql`0`),
    shortfallMicros: microsNotNegative('shortfall_micros').notNull().default(sql`0`),
    bonusCreditedMicros: microsNotNegative('bonus_credited_micros').notNull().default(sql`0`),
    bonusShortfallMicros: microsNotNegative('bonus_shortfall_micros').notNull().default(sql`0`),
    /** What the person wrote to a transfer by hand, and what the operator answered. */
    payerNote: text('payer_note'),
    decisionNote: text('decision_note'),
    decidedBy: text('decided_by'),
    createdAt: createdAt(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    /** When the provider was last asked. */
    askedAt: instant('asked_at'),
  },
  (table) => [
    uniqueIndex('orders_reference_key').on(table.reference),
    uniqueIndex('orders_request_key').on(table.userId, table.requestId),
    uniqueIndex('orders_session_key').on(table.sessionId),
    uniqueIndex('orders_payment_key').on(table.paymentIntentId),
    index('orders_user_idx').on(table.userId, table.id),
    index('orders_waiting_idx').on(table.state, table.id).where(sql`${table.state} in ('open', 'pending', 'review')`),
    index('orders_state_idx').on(table.state, table.id),
    index('orders_paid_idx').on(table.paidAt).where(sql`${table.paidAt} is not null`),
    index('orders_shortfall_idx')
      .on(table.id)
      .where(sql`${table.shortfallMicros}::bigint + ${table.bonusShortfallMicros}::bigint > 0`),
    check('orders_provider_known', sql`${table.provider} in ('stripe', 'manual')`),
    check(
      'orders_state_known',
      sql`${table.state} in ('open', 'pending', 'expired', 'failed', 'canceled', 'rejected', 'review', 'paid')`,
    ),
    check(
      'orders_terms_sane',
      sql`${table.priceMinor} > 0 and ${table.creditsMicros} > 0 and ${table.bonusMicros} >= 0 and ${table.currency} ~ '^[A-Z]{3}$'`,
    ),
    check(
      'orders_paid_shape',
      sql`${table.paidMinor} >= 0 and (${table.paidMinor} > 0) = (${table.state} in ('review', 'paid')) and (${table.paidMinor} > 0) = (${table.paidCurrency} is not null) and (${table.paidMinor} > 0) = (${table.paidAt} is not null)`,
    ),
    // Only money in the order's own currency is worth what the order says.
    check('orders_currency_agreed', sql`${table.state} <> 'paid' or ${table.paidCurrency} = ${table.currency}`),
    check(
      'orders_credits_for_money',
      sql`${table.state} = 'paid' or ${table.creditedMicros}::bigint + ${table.bonusCreditedMicros}::bigint + ${table.shortfallMicros}::bigint + ${table.bonusShortfallMicros}::bigint = 0`,
    ),
  ],
)

/** Money given back for an order, or on its way. */
export const refunds = pgTable(
  'refunds',
  {
    /** The provider's name for it; one of ours where the operator gave the money back by hand. */
    id: text().primaryKey(),
    orderId: uuid('order_id')
      .notNull()
      .references(() => orders.id),
    amountMinor: minor('amount_minor').notNull(),
    state: text({ enum: ['pending', 'succeeded', 'failed', 'canceled'] }).notNull(),
    createdAt: createdAt(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    index('refunds_order_idx').on(table.orderId, table.id),
    index('refunds_created_idx').on(table.createdAt),
    check('refunds_amount_positive', sql`${table.amountMinor} > 0`),
    check('refunds_state_known', sql`${table.state} in ('pending', 'succeeded', 'failed', 'canceled')`),
  ],
)

/** A payment that its payer disputes at their bank. */
export const disputes = pgTable(
  'disputes',
  {
    id: text().primaryKey(),
    orderId: uuid('order_id')
      .notNull()
      .references(() => orders.id),
    amountMinor: minor('amount_minor').notNull(),
    /** An inquiry only asks; a dispute has taken the money, and ends won or lost; `closed` came to nothing. */
    state: text({ enum: ['inquiry', 'open', 'closed', 'won', 'lost'] }).notNull(),
    /** Of the payment's own currency: what the bank took, and what it gave back. */
    withdrawnMinor: minor('withdrawn_minor').notNull().default(sql`0`),
    reinstatedMinor: minor('reinstated_minor').notNull().default(sql`0`),
    /** An operator let the person go on all the same. */
    forgivenAt: instant('forgiven_at'),
    createdAt: createdAt(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    index('disputes_order_idx').on(table.orderId, table.id),
    index('disputes_created_idx').on(table.createdAt),
    check('disputes_state_known', sql`${table.state} in ('inquiry', 'open', 'closed', 'won', 'lost')`),
    check(
      'disputes_amounts_sane',
      sql`${table.amountMinor} > 0 and ${table.reinstatedMinor} >= 0 and ${table.withdrawnMinor} >= ${table.reinstatedMinor}`,
    ),
  ],
)

/** News from a payment provider that was taken in: each once, with what it did, in one commit. Append-only by trigger. */
export const paymentEvents = pgTable(
  'payment_events',
  {
    /** The provider's name for it. */
    id: text().primaryKey(),
    type: text().notNull(),
    /** Whose news it is; null when it is about nothing of ours. */
    orderId: uuid('order_id').references(() => orders.id),
    /** Whether a delivery or the reconciliation brought it. */
    source: text({ enum: ['webhook', 'reconcile'] }).notNull(),
    /** Whether it said anything that was not known before. */
    changed: boolean().notNull(),
    /** When it happened, by the provider's clock. */
    happenedAt: instant('happened_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('payment_events_order_idx').on(table.orderId, table.id),
    index('payment_events_created_idx').on(table.createdAt),
    check('payment_events_source_known', sql`${table.source} in ('webhook', 'reconcile')`),
  ],
)
