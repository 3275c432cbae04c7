import { desc, eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import type { Database } from '#db/client.ts'
import { ledgerChecks } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { verifyReceipts } from '#lib/inference/index.ts'
import { verifyLedger } from '#lib/ledger/index.ts'
import { log } from '#lib/log.ts'
import { pageOf } from '#lib/page.ts'
import { verifyAdjustments, verifyCodes, verifyOrders } from '#lib/payments/index.ts'
import { verifyReports } from '#lib/reports/index.ts'
import { type CheckResult, inSnapshot, type Offender } from '#lib/verification.ts'
import { noteRun } from './job-runs.ts'

/** What a run of all checks found; `differences` is the sum over them. */
export type Verification = { checks: CheckResult[]; differences: number }

/** What the job only begins, by a name of its own. */
const NIGHTLY_JOB = 'verify-ledger-nightly'

export type LedgerCheckSource = 'nightly' | 'command'

/** A stored run; without its results while it runs, and for ever when its process died. */
export type StoredVerification = {
  id: string
  source: LedgerCheckSource
  startedAt: Date
  finishedAt: Date | null
  differences: number | null
  checks: { name: string; checked: number; differences: number; samples: Offender[] }[]
}

/** `died`: its process ended before it did, so nobody knows what it would have found. */
export type VerificationState = 'running' | 'died' | 'finished'

/** Names the locks that runs hold, beside their ids. */
const RUN_LOCK = 1_702_033
/** It has begun a moment ago, or the lock of its snapshot is held. */
const RUNS = sql`${ledgerChecks.finishedAt} IS NULL AND (
    ${ledgerChecks.startedAt} > now() - interval '20 seconds'
    OR EXISTS (
      SELECT 1 FROM pg_locks l
      WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid = ${RUN_LOCK}::oid AND l.objid = (hashtext(${ledgerChecks.id}::text)::bigint & 4294967295)::oid))`
const STATE = sql<VerificationState>`CASE
    WHEN ${ledgerChecks.finishedAt} IS NOT NULL THEN 'finished' WHEN ${RUNS} THEN 'running' ELSE 'died' END`

/** Three in the morning in Shanghai, and for an ordinary day past the busiest hours of Europe. By the database's clock. */
const NIGHT_BEGINS = sql`date_trunc('day', now(), 'UTC') + interval '19 hours'`
const NIGHT = sql`interval '4 hours'`
/** A service that only ever runs by day is checked by day. */
const LONGEST_WITHOUT = sql`interval '36 hours'`
/** A run that has not ended by then has died with its process; no statement of one lasts as long. */
const GIVEN_UP = sql`interval '3 hours'`

/**
 * Recomputes every balance, lot, hold, cap and receipt, and the reports' sums of the last days, and puts the outcome on
 * record. Reads in one snapshot, so it may run on a live service. Admins and the service only.
 */
export async function runVerification(
  ctx: Ctx & { db: Database },
  { source }: { source: LedgerCheckSource },
): Promise<Verification & { id: string }> {
  requireAdmin(ctx)
  const id = newId()
  await ctx.db.insert(ledgerChecks).values({ id, source })
  return { id, ...(await verifyAndRecord(ctx, id)) }
}

/**
 * Begins a run and does not wait for its end: what it finds is on its row. While one is under way it is that one.
 * Admins and the service only.
 * @returns the run's id, and whether this call began it
 */
export async function startVerification(ctx: Ctx & { db: Database }): Promise<{ id: string; started: boolean }> {
  requireAdmin(ctx)
  const begun = await inTransaction(ctx, async (tx) => {
    await tx.db.execute(sql`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.verifyLedger}::bigint)`)
    const [running] = await tx.db
      .select({ id: ledgerChecks.id })
      .from(ledgerChecks)
      .where(sql`${ledgerChecks.startedAt} > now() - ${GIVEN_UP} AND ${RUNS}`)
      .limit(1)
    if (running) return { id: running.id, started: false }
    const id = newId()
    await tx.db.insert(ledgerChecks).values({ id, source: 'command' })
    await recordAudit(tx, { action: 'ledger.verify', subjectType: 'service', subjectId: 'ledger', after: { run: id } })
    return { id, started: true }
  })
  if (begun.started) {
    void verifyAndRecord(ctx, begun.id).catch((error: unknown) =>
      log.error({ err: error, ledgerCheckId: begun.id }, 'a check of the ledger failed'),
    )
  }
  return begun
}

const listVerificationsInput = z.object({
  limit: z.number().int().min(1).max(200).default(50),
  /** Id of the last one of the page before. */
  after: z.uuid().optional(),
})

/** A page of stored runs, the latest first; `next` begins the next page. Admins and the service only. */
export async function listVerifications(
  ctx: Ctx,
  input: z.input<typeof listVerificationsInput> = {},
): Promise<{ items: (StoredVerification & { state: VerificationState })[]; next: string | null }> {
  requireAdmin(ctx)
  const { limit, after } = listVerificationsInput.parse(input)
  const rows = await readRuns(ctx, after === undefined ? sql`true` : sql`${ledgerChecks.id} < ${after}`, limit + 1)
  return pageOf(rows, limit, ({ id }) => id)
}

const getVerificationInput = z.object({ runId: z.uuid() })

/** One stored run with the first rows that differ. Admins and the service only. @throws {AppError} `not_found` */
export async function getVerification(
  ctx: Ctx,
  input: z.input<typeof getVerificationInput>,
): Promise<StoredVerification & { state: VerificationState }> {
  requireAdmin(ctx)
  const { runId } = getVerificationInput.parse(input)
  const [run] = await readRuns(ctx, sql`${ledgerChecks.id} = ${runId}`, 1)
  if (!run) throw new AppError('not_found', { message: `there is no run ${runId}` })
  return run
}

async function readRuns(ctx: Ctx, which: SQL, limit: number) {
  const rows = await ctx.db
    .select({ ...getTableColumns(ledgerChecks), state: STATE })
    .from(ledgerChecks)
    .where(which)
    .orderBy(desc(ledgerChecks.id))
    .limit(limit)
  return rows.map(({ state, ...row }) => ({ ...storedOf(row), state }))
}

/** The latest run that has ended, or null. Admins and the service only. */
export async function findLastVerification(
  ctx: Ctx,
  { source }: { source?: LedgerCheckSource } = {},
): Promise<StoredVerification | null> {
  requireAdmin(ctx)
  const [row] = await ctx.db
    .select()
    .from(ledgerChecks)
    .where(sql`${ledgerChecks.finishedAt} IS NOT NULL ${source ? sql`AND ${ledgerChecks.source} = ${source}` : sql``}`)
    .orderBy(desc(ledgerChecks.startedAt))
    .limit(1)
  return row ? storedOf(row) : null
}

function storedOf(row: typeof ledgerChecks.$inferSelect): StoredVerification {
  const facts = row.facts as Facts
  const details = (row.details ?? {}) as Details
  const checks = (facts.checks ?? []).map((check) => ({ ...check, samples: details[check.name] ?? [] }))
  return { ...row, checks }
}

/**
 * Begins the nightly run unless this night's was begun, here or in another process, and does not wait for its end: a
 * process that stops need not finish it, since it only reads.
 */
export async function startNightlyVerification(ctx: Ctx & { db: Database }): Promise<boolean> {
  const id = await claimNight(ctx)
  if (id) {
    void verifyNight(ctx, id).then(
      () => noteRun(ctx, { name: NIGHTLY_JOB }),
      (error: unknown) => {
        log.error({ err: error }, 'the nightly check of the ledger failed')
        return noteRun(ctx, { name: NIGHTLY_JOB, error })
      },
    )
  }
  return false
}

/** Does a nightly run that was claimed; what differs is logged as an error. */
export async function verifyNight(ctx: Ctx & { db: Database }, id: string): Promise<Verification> {
  const verification = await verifyAndRecord(ctx, id)
  if (verification.differences > 0) {
    const broken = verification.checks.filter((check) => check.differences > 0)
    const counts = Object.fromEntries(broken.map(({ name, differences }) => [name, differences]))
    log.error(
      { ledgerCheckId: id, differences: verification.differences, checks: counts },
      'the ledger does not add up',
    )
  }
  return verification
}

/**
 * Takes this night's run for this process: one in the cluster, and one a night.
 * @returns the run's id, or null when it is not night or the run is taken
 */
export function claimNight(ctx: Ctx & { db: Database }): Promise<string | null> {
  return inTransaction(ctx, async (tx) => {
    // Whoever waits for the lock sees afterwards what the one before has claimed.
    await tx.db.execute(sql`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.verifyLedger}::bigint)`)
    const { rows } = await tx.db.execute<{ id: string }>(sql`
      INSERT INTO ${ledgerChecks} (id, source)
      SELECT ${newId()}::uuid, 'nightly'
      FROM (SELECT ${NIGHT_BEGINS} AS begins) night
      WHERE NOT EXISTS (
        SELECT 1 FROM ${ledgerChecks} c
        WHERE c.source = 'nightly' AND (c.finished_at IS NOT NULL OR c.started_at > now() - ${GIVEN_UP})
          AND c.started_at >= CASE
            WHEN now() >= night.begins AND now() < night.begins + ${NIGHT} THEN night.begins
            ELSE now() - ${LONGEST_WITHOUT} END)
      RETURNING id`)
    return rows[0]?.id ?? null
  })
}

/** A list, in the order of the checks, which the keys of an object would not keep. */
type Facts = { checks?: { name: string; checked: number; differences: number }[] }
type Details = Record<string, Offender[]>

/** Runs every check in one snapshot, then writes the outcome to the run's row. */
async function verifyAndRecord(ctx: Ctx & { db: Database }, id: string): Promise<Verification> {
  const checks = await inSnapshot(ctx, async (snapshot) => {
    // Held as long as its snapshot: so it can be told from one whose process died.
    await snapshot.db.execute(sql`SELECT pg_advisory_xact_lock(${RUN_LOCK}, hashtext(${id}::text))`)
    return [
      ...(await verifyLedger(snapshot)),
      ...(await verifyReceipts(snapshot)),
      ...(await verifyAdjustments(snapshot)),
      ...(await verifyCodes(snapshot)),
      ...(await verifyOrders(snapshot)),
      ...(await verifyReports(snapshot)),
    ]
  })
  const differences = checks.reduce((sum, check) => sum + check.differences, 0)
  const facts: Facts = {
    checks: checks.map((check) => ({ name: check.name, checked: check.checked, differences: check.differences })),
  }
  const broken = checks.filter((check) => check.differences > 0)
  const details: Details = Object.fromEntries(broken.map(({ name, samples }) => [name, samples]))
  await ctx.db
    .update(ledgerChecks)
    .set({
      finishedAt: sql`clock_timestamp()`,
      differences: Math.min(differences, 2_147_483_647),
      facts,
      details: broken.length > 0 ? details : null,
    })
    .where(eq(ledgerChecks.id, id))
  return { checks, differences }
}
