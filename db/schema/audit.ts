import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { createdAt } from './columns.ts'

/** Who did what to what, before and after, from where. Append-only by trigger. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    id: uuid().primaryKey(),
    createdAt: createdAt(),
    actorType: text('actor_type').notNull(),
    actorId: text('actor_id').notNull(),
    action: text().notNull(),
    subjectType: text('subject_type').notNull(),
    subjectId: text('subject_id').notNull(),
    before: jsonb(),
    after: jsonb(),
    reason: text(),
    ip: text(),
    requestId: text('request_id'),
  },
  (table) => [
    index('audit_entries_subject_idx').on(table.subjectType, table.subjectId, table.id),
    index('audit_entries_actor_idx').on(table.actorType, table.actorId, table.id),
    index('audit_entries_action_idx').on(table.action, table.id),
  ],
)
