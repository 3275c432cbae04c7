import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** How each job of the service fared last, whichever process did it. */
export const jobRuns = pgTable('job_runs', {
  name: text().primaryKey(),
  succeededAt: instant('succeeded_at'),
  failedAt: instant('failed_at'),
  /** What the last failure said, for the operator; it stays when the job works again. */
  error: text(),
  /** Failures since it last worked. */
  failures: integer().notNull().default(0),
})
