import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import { drainRuns, endStrayRuns, purgeBin, sweepAbandonedRuns, trimEvents } from '#lib/chat/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { countTokens, forgetWorkers, heartbeat, registerWorker, stopWorker } from '#lib/inference/index.ts'
import { expireLots } from '#lib/ledger/index.ts'
import { log } from '#lib/log.ts'
import { collectShortfalls } from '#lib/payments/index.ts'
import { sumReports } from '#lib/reports/index.ts'
import { singleton } from '#lib/singleton.ts'
import { sweepAbandonedHolds } from './abandoned-holds.ts'
import { startHourlyReconciliation } from './reconcile-payments.ts'
import { type ClusterJob, type Job, startJob } from './schedule.ts'
import { startNightlyVerification } from './verify-ledger.ts'

export {
  findLastVerification,
  getVerification,
  type LedgerCheckSource,
  listVerifications,
  runVerification,
  type StoredVerification,
  startVerification,
  type Verification,
  type VerificationState,
} from './verify-ledger.ts'

const SHORTFALLS = 100

const JOBS: readonly (Job | ClusterJob)[] = [
  { name: 'heartbeat', everyMs: 5_000, work: (ctx) => heartbeat(ctx).then(() => false) },
  // Every process sweeps: what one has claimed the others pass over.
  {
    name: 'sweep-runs',
    everyMs: 10_000,
    work: (ctx) => sweepAbandonedRuns(ctx).then(({ hasMore }) => hasMore),
  },
  {
    name: 'sweep-holds',
    everyMs: 10_000,
    work: (ctx) => sweepAbandonedHolds(ctx).then(({ hasMore }) => hasMore),
  },
  { name: 'end-stray-runs', everyMs: 30_000, work: (ctx) => endStrayRuns(ctx).then(() => false) },
  { name: 'expire-lots', everyMs: 60_000, work: (ctx) => expireLots(ctx).then(({ hasMore }) => hasMore) },
  {
    name: 'collect-shortfalls',
    everyMs: 60_000,
    work: (ctx) => collectShortfalls(ctx, { limit: SHORTFALLS }).then((collected) => collected === SHORTFALLS),
  },
  {
    name: 'trim-events',
    everyMs: 60_000,
    clusterLock: ADVISORY_LOCKS.trimEvents,
    work: (ctx) => trimEvents(ctx).then(({ hasMore }) => hasMore),
  },
  {
    name: 'empty-bin',
    everyMs: 600_000,
    clusterLock: ADVISORY_LOCKS.emptyBin,
    work: (ctx) => purgeBin(ctx).then(({ hasMore }) => hasMore),
  },
  {
    name: 'tidy-workers',
    everyMs: 3_600_000,
    clusterLock: ADVISORY_LOCKS.tidyWorkers,
    work: (ctx) => forgetWorkers(ctx).then(() => false),
  },
  { name: 'sum-reports', everyMs: 15_000, work: (ctx) => sumReports(ctx) },
  { name: 'verify-ledger', everyMs: 600_000, work: (ctx) => startNightlyVerification(ctx) },
  { name: 'reconcile-payments', everyMs: 600_000, work: (ctx) => startHourlyReconciliation(ctx) },
]

/**
 * Makes this process one of the service's workers: checks the environment, announces it in the database, starts its
 * jobs and lets its end drain what runs here. Once per process, however often it is called.
 * @throws {EnvError} when the environment is not that of a serving process
 */
export function startJobs(): Promise<void> {
  return singleton('jobs', () => start())
}

async function start(): Promise<void> {
  const ctx = systemCtx('jobs')
  await registerWorker(ctx)
  // The tokenizer blocks for most of a second while it loads: better now than under the first message.
  await countTokens('')
  const stops = JOBS.map((job) => startJob(ctx, job))
  process.on('message', (message: { type?: string; workerId?: string }) => {
    if (message?.type === 'died' && message.workerId) void takeOver(ctx, message.workerId)
  })
  const hooks = singleton('shutdown-hooks', () => new Set<(limitMs: number) => Promise<void>>())
  hooks.add(async (limitMs) => {
    await drainRuns(limitMs)
    await Promise.all(stops.map((stop) => stop()))
    await stopWorker(ctx)
  })
}

/**
 * Ends what a process was doing that is known to be dead: the one that runs us has seen it die. Of one that dies
 * elsewhere only its missing heartbeat tells, half a minute later.
 */
async function takeOver(ctx: Ctx, workerId: string): Promise<void> {
  try {
    await stopWorker(ctx, workerId)
    while ((await sweepAbandonedRuns(ctx)).hasMore);
    while ((await sweepAbandonedHolds(ctx)).hasMore);
  } catch (error) {
    log.warn({ err: error, workerId }, 'what a dead process did is left to the next sweep')
  }
}
