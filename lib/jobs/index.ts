import { drainRuns, sweepAbandonedRuns, trimEvents } from '#lib/chat/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { countTokens, heartbeat, registerWorker, stopWorker } from '#lib/inference/index.ts'
import { singleton } from '#lib/singleton.ts'
import { type Job, startJob } from './schedule.ts'

const SWEEP_LOCK = 7_161_702_027n
const TRIM_LOCK = 7_161_702_028n

const JOBS: readonly Job[] = [
  { name: 'heartbeat', everyMs: 5_000, work: (ctx) => heartbeat(ctx).then(() => false) },
  {
    name: 'sweep',
    everyMs: 10_000,
    clusterLock: SWEEP_LOCK,
    work: (ctx) => sweepAbandonedRuns(ctx).then(({ hasMore }) => hasMore),
  },
  {
    name: 'trim-events',
    everyMs: 60_000,
    clusterLock: TRIM_LOCK,
    work: (ctx) => trimEvents(ctx).then(({ hasMore }) => hasMore),
  },
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
  getEnv()
  const ctx = systemCtx('jobs')
  await registerWorker(ctx)
  // The tokenizer blocks for most of a second while it loads: better now than under the first message.
  await countTokens('')
  const stops = JOBS.map((job) => startJob(ctx, job))
  const hooks = singleton('shutdown-hooks', () => new Set<() => Promise<void>>())
  hooks.add(async () => {
    await drainRuns(drainLimitMs())
    await Promise.all(stops.map((stop) => stop()))
    await stopWorker(ctx)
  })
}

/** How long running answers may take to finish once the process was asked to end; as the server does. */
function drainLimitMs(): number {
  return Number(process.env.UB_DRAIN_SECONDS || 30) * 1000
}
