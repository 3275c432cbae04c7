import { sql } from 'drizzle-orm'
import { boolean, check, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { createdAt, instant } from './columns.ts'

/** A prompt that the operator offers to everybody: it stands on the empty page, and pressing it fills the composer. */
export const sitePrompts = pgTable(
  'site_prompts',
  {
    id: uuid().primaryKey(),
    title: text().notNull(),
    text: text().notNull(),
    /** Language of those who see it; null shows it to all. */
    locale: text(),
    position: integer().notNull().default(0),
    visible: boolean().notNull().default(true),
    /** Counts changes, so that a stale form is noticed. */
    version: integer().notNull().default(1),
    createdAt: createdAt(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    check(
      'site_prompts_lengths',
      sql`char_length(${table.title}) between 1 and 80 and char_length(${table.text}) between 1 and 8000`,
    ),
  ],
)
