import { sql } from 'drizzle-orm'
import { check, index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, createdAt, instant } from './columns.ts'

export const users = pgTable(
  'users',
  {
    id: uuid().primaryKey(),
    email: text().notNull(),
    name: text().notNull(),
    /** Argon2id in PHC text form; null until a password is set through a link. */
    passwordHash: text('password_hash'),
    passwordChangedAt: instant('password_changed_at'),
    role: text({ enum: ['user', 'admin'] })
      .notNull()
      .default('user'),
    status: text({ enum: ['active', 'disabled'] })
      .notNull()
      .default('active'),
    /** Chosen interface language; null follows the browser. */
    locale: text(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('users_email_key').on(sql`lower(${table.email})`),
    // What an operator types is the beginning of an address or of a name.
    index('users_email_prefix_idx').on(sql`lower(${table.email}) text_pattern_ops`),
    index('users_name_prefix_idx').on(sql`lower(${table.name}) text_pattern_ops`),
    index('users_role_idx').on(table.role, table.id),
    index('users_status_idx').on(table.status, table.id),
    check('users_role_known', sql`${table.role} in ('user', 'admin')`),
    check('users_status_known', sql`${table.status} in ('active', 'disabled')`),
  ],
)

export const sessions = pgTable(
  'sessions',
  {
    id: uuid().primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    ip: text().notNull(),
    userAgent: text('user_agent').notNull(),
    createdAt: createdAt(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    revokedAt: instant('revoked_at'),
  },
  (table) => [index('sessions_user_idx').on(table.userId, table.createdAt)],
)

/** A secret mailed or printed once; only its hash is kept. `user_id` is null for the first admin, who does not exist yet. */
export const oneTimeLinks = pgTable(
  'one_time_links',
  {
    id: uuid().primaryKey(),
    tokenHash: bytea('token_hash').notNull(),
    purpose: text({ enum: ['first_admin', 'sign_in'] }).notNull(),
    userId: uuid('user_id').references(() => users.id, { onDelete: 'cascade' }),
    createdAt: createdAt(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
  },
  (table) => [uniqueIndex('one_time_links_token_key').on(table.tokenHash)],
)
