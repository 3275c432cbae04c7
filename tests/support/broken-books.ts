import { type SQL, sql } from 'drizzle-orm'
import { createDatabase, runTransaction } from '#db/client.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import type { CheckResult, Offender } from '#lib/verification.ts'
import type { TestDatabase } from '#tests/support/database.ts'
import { WITHOUT_RULES } from '#tests/support/without-rules.ts'

class RollBack extends Error {}

/** What checks found: the rows each of them names. Checks that found nothing are left out. */
export type Found = Record<string, Offender[]>

/**
 * Breaks stored rows as nobody may, past every trigger, CHECK and foreign key, looks what the checks say of it, and
 * puts everything back.
 */
export async function breakBooks(
  database: TestDatabase,
  change: SQL | SQL[],
  verify: (ctx: Ctx) => Promise<CheckResult[]>,
): Promise<Found> {
  const owner = createDatabase(database.ownerUrl, 1)
  let found: Found | undefined
  try {
    await runTransaction(owner, async (tx) => {
      await tx.execute(sql.raw(WITHOUT_RULES))
      await tx.execute(sql`DROP INDEX transfers_debit_seq_key, transfers_credit_seq_key, usage_records_hold_key`)
      for (const statement of [change].flat()) {
        const { rowCount } = await tx.execute(statement)
        if (rowCount === 0) throw new Error('a break that changes nothing shows nothing')
      }
      found = foundIn(await verify(systemCtx('test', tx)))
      throw new RollBack()
    })
  } catch (error) {
    if (!(error instanceof RollBack)) throw error
  } finally {
    await owner.$client.end()
  }
  return found!
}

/** The rows that checks name. */
export function foundIn(checks: readonly CheckResult[]): Found {
  return Object.fromEntries(checks.filter((check) => check.differences > 0).map(({ name, samples }) => [name, samples]))
}
