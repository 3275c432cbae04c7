import { type SQL, sql } from 'drizzle-orm'
import { createDatabase, runTransaction } from '#db/client.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import type { CheckResult, Offender } from '#lib/verification.ts'
import type { TestDatabase } from '#tests/support/database.ts'

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
      await tx.execute(WITHOUT_RULES)
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

const WITHOUT_RULES = sql`
  DO $$
  DECLARE rule record;
  BEGIN
    FOR rule IN
      SELECT format(CASE contypid WHEN 0 THEN 'TABLE %s' ELSE 'DOMAIN %2$s' END, conrelid::regclass, contypid::regtype)
        AS place, conname AS name
      FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f')
      ORDER BY contype DESC
    LOOP
      EXECUTE format('ALTER %s DROP CONSTRAINT %I', rule.place, rule.name);
    END LOOP;
    FOR rule IN SELECT DISTINCT tgrelid::regclass AS of_table FROM pg_trigger WHERE NOT tgisinternal LOOP
      EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', rule.of_table);
    END LOOP;
    DROP INDEX transfers_debit_seq_key, transfers_credit_seq_key, usage_records_hold_key;
  END $$`
