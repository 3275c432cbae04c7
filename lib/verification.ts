import { type SQL, sql } from 'drizzle-orm'
import { type Database, runTransaction, type Transaction } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'

/** A promise about stored rows that a statement can put to the test. */
export type Check = {
  /** Stable: stored runs and alarms go by it. */
  name: string
  /** What holds for every row, in one sentence. */
  promise: string
  /** What was looked at, as it stands behind FROM. */
  population: SQL
  /** A SELECT of the rows that break the promise; its first column tells them apart. */
  offenders: SQL
}

/** A row that breaks a promise: its id and the figures that contradict each other, all as text. */
export type Offender = Record<string, string | null>

export type CheckResult = {
  name: string
  promise: string
  /** Rows looked at, rows that break the promise, and the first of those. */
  checked: number
  differences: number
  samples: Offender[]
}

export const MAX_SAMPLES = 100

/**
 * Reads in one snapshot: what is written meanwhile neither waits nor is seen, so that sums over several tables agree on
 * a live service. Takes as long as it needs.
 */
export function inSnapshot<C extends Ctx & { db: Database }, T>(
  ctx: C,
  work: (ctx: C & { db: Transaction }) => Promise<T>,
): Promise<T> {
  return runTransaction(ctx.db, async (tx) => {
    await tx.execute(sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`)
    // The pool's limit is for requests; this one reads everything. Compiling such a plan costs more than it saves.
    await tx.execute(sql`SET LOCAL statement_timeout = '2h'`)
    await tx.execute(sql`SET LOCAL idle_in_transaction_session_timeout = '5min'`)
    await tx.execute(sql`SET LOCAL work_mem = '64MB'`)
    await tx.execute(sql`SET LOCAL jit = off`)
    return work({ ...ctx, db: tx })
  })
}

/** @returns how many rows break a promise, and at most 100 of them */
async function runCheck(ctx: Ctx, check: Check): Promise<CheckResult> {
  const { rows } = await ctx.db.execute<{ checked: bigint; differences: bigint; samples: Offender[] | null }>(sql`
    WITH offenders AS MATERIALIZED (${check.offenders})
    SELECT
      (SELECT count(*) FROM ${check.population}) AS checked,
      (SELECT count(*) FROM offenders) AS differences,
      (SELECT json_agg(sample) FROM (
        SELECT (SELECT json_object_agg(key, value) FROM json_each_text(row_to_json(o))) AS sample
        FROM (SELECT * FROM offenders ORDER BY 1 LIMIT ${MAX_SAMPLES}) o
      ) s) AS samples`)
  const row = rows[0]!
  return {
    name: check.name,
    promise: check.promise,
    checked: Number(row.checked),
    differences: Number(row.differences),
    samples: row.samples ?? [],
  }
}

/** Puts promises to the test, one after the other. */
export async function runChecks(ctx: Ctx, checks: readonly Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of checks) results.push(await runCheck(ctx, check))
  return results
}
