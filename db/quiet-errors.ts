import { DrizzleQueryError } from 'drizzle-orm'
import pg from 'pg'

/**
 * Keeps the values of statements out of errors, because errors end up in logs: what people wrote, their addresses, the
 * hashes of their passwords. Drizzle writes every parameter into its message, PostgreSQL whole rows into its detail, and
 * Next logs what a page throws before any code of ours sees it; so the values are stopped where errors are made.
 */
export function quietErrors(): void {
  Object.defineProperty(DrizzleQueryError.prototype, 'params', {
    configurable: true,
    set(this: DrizzleQueryError) {
      this.message = this.message.replace(/\nparams: .*$/s, '')
    },
  })
  Object.defineProperty(pg.DatabaseError.prototype, 'detail', { configurable: true, set: () => undefined })
}
