import { sql } from 'drizzle-orm'
import { check, foreignKey, index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, createdAt, instant } from './columns.ts'
import { users } from './users.ts'

export const conversations = pgTable(
  'conversations',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    id: uuid().notNull(),
    title: text().notNull(),
    /** Leaf of the path that is shown. */
    headMessageId: uuid('head_message_id'),
    /** Model chosen last in this conversation. */
    modelId: text('model_id'),
    createdAt: createdAt(),
    /** Last message; the sidebar's order. */
    activeAt: instant('active_at').notNull().defaultNow(),
    /** In the bin since; undo clears it. */
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    index('conversations_active_idx')
      .on(table.userId, table.activeAt.desc(), table.id)
      .where(sql`${table.deletedAt} is null`),
    // Only what lies in the bin, which a job empties.
    index('conversations_deleted_idx').on(table.deletedAt).where(sql`${table.deletedAt} is not null`),
    check('conversations_title_length', sql`char_length(${table.title}) between 1 and 200`),
  ],
)

/** A conversation is a tree: a message has a parent, and the reader sees one path through it. */
export const messages = pgTable(
  'messages',
  {
    userId: uuid('user_id').notNull(),
    id: uuid().notNull(),
    conversationId: uuid('conversation_id').notNull(),
    parentId: uuid('parent_id'),
    role: text({ enum: ['user', 'assistant'] }).notNull(),
    text: text().notNull(),
    reasoning: text().notNull().default(''),
    /** Tokens of the text by our own count, made once when the message is written. */
    tokens: integer(),
    modelId: text('model_id'),
    /** The run that filled it last; null for what a person wrote. */
    generationId: uuid('generation_id'),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    foreignKey({
      columns: [table.userId, table.conversationId],
      foreignColumns: [conversations.userId, conversations.id],
    }).onDelete('cascade'),
    foreignKey({ columns: [table.userId, table.parentId], foreignColumns: [table.userId, table.id] }).onDelete(
      'cascade',
    ),
    index('messages_conversation_idx').on(table.userId, table.conversationId, table.id),
    index('messages_parent_idx').on(table.userId, table.parentId),
    check('messages_role_known', sql`${table.role} in ('user', 'assistant')`),
  ],
)

/** One run of a model that fills (or continues) one assistant message. */
export const generations = pgTable(
  'generations',
  {
    userId: uuid('user_id').notNull(),
    id: uuid().notNull(),
    /** Made by the client: the same id again is the same generation. */
    requestId: uuid('request_id').notNull(),
    requestHash: bytea('request_hash').notNull(),
    conversationId: uuid('conversation_id').notNull(),
    messageId: uuid('message_id').notNull(),
    modelId: text('model_id').notNull(),
    holdId: uuid('hold_id').notNull(),
    status: text({ enum: ['running', 'completed', 'stopped', 'interrupted', 'failed'] })
      .notNull()
      .default('running'),
    errorCode: text('error_code'),
    /** Raised by every takeover: whoever writes with an older one is fenced off. */
    epoch: integer().notNull().default(1),
    /** Number of the last event in the log. */
    seq: integer().notNull().default(0),
    /** The process that runs it; ending sets it to null, and the sweep looks here. */
    runningWorkerId: uuid('running_worker_id'),
    stopRequestedAt: instant('stop_requested_at'),
    createdAt: createdAt(),
    endedAt: instant('ended_at'),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    uniqueIndex('generations_request_key').on(table.userId, table.requestId),
    foreignKey({ columns: [table.userId, table.messageId], foreignColumns: [messages.userId, messages.id] }).onDelete(
      'cascade',
    ),
    index('generations_message_idx').on(table.userId, table.messageId),
    index('generations_running_worker_idx').on(table.runningWorkerId),
    // Small, for it holds only what runs. The statements of a run name the key and the status, which do not imply the
    // predicate: the planner cannot prefer this index to the key for them.
    index('generations_running_user_idx').on(table.userId, table.id).where(sql`${table.runningWorkerId} is not null`),
    check('generations_status_shape', sql`(${table.status} = 'running') = (${table.endedAt} is null)`),
  ],
)

/** What a running generation said, in order; deleted an hour after its end. */
export const generationEvents = pgTable(
  'generation_events',
  {
    userId: uuid('user_id').notNull(),
    generationId: uuid('generation_id').notNull(),
    seq: integer().notNull(),
    epoch: integer().notNull(),
    kind: text({ enum: ['text', 'reasoning', 'end'] }).notNull(),
    /** The delta's text; for `end` the final status. */
    data: text().notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.generationId, table.seq] }),
    foreignKey({
      columns: [table.userId, table.generationId],
      foreignColumns: [generations.userId, generations.id],
    }).onDelete('cascade'),
    uniqueIndex('generation_events_one_end').on(table.userId, table.generationId).where(sql`${table.kind} = 'end'`),
    index('generation_events_created_idx').on(table.createdAt),
  ],
)
