import cluster, { type Worker } from 'node:cluster'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { getEnv } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { onStopRequest } from '#scripts/signals.ts'

const HEALTHY_MS = 60_000
const LONGEST_PAUSE_MS = 30_000
const KILL_AFTER_MS = 10_000

/** How long to wait before a worker is replaced that died for the nth time in a row. */
export function restartPauseMs(deathsInARow: number): number {
  return Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (deathsInARow - 1))
}

/**
 * Forks processes that share the port and replaces those that die.
 * @param signals which ones ask all of them to stop
 * @returns when every one of them listens
 * @throws {Error} when one dies before it ever listened: the cause would only repeat itself
 */
export async function serveWithWorkers(count: number, signals: readonly NodeJS.Signals[]): Promise<void> {
  cluster.setupPrimary({ exec: path.join(import.meta.dirname, 'worker.ts') })
  let stopping = false
  const keepAlive = async () => {
    for (let deaths = 0; !stopping; ) {
      const startedAt = performance.now()
      const code = await death(cluster.fork())
      if (stopping) return
      deaths = performance.now() - startedAt > HEALTHY_MS ? 1 : deaths + 1
      const pauseMs = restartPauseMs(deaths)
      log.error({ code, pauseMs }, 'a worker died and is replaced')
      await wait(pauseMs)
    }
  }
  onStopRequest((request) => {
    stopping = true
    if (request === 'again') process.exit(130)
    void stopAll().finally(() => process.exit(0))
  }, signals)
  const ready = everyoneReady(count)
  for (let i = 0; i < count; i++) void keepAlive()
  await ready
}

function everyoneReady(count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Worker>()
    let ready = 0
    const onFork = (worker: Worker) => waiting.add(worker)
    const onExit = (worker: Worker, code: number) => {
      if (waiting.has(worker)) finish(new Error(`a worker ended with ${code} before it served`))
    }
    const onMessage = (worker: Worker, message: { type?: string }) => {
      if (message?.type !== 'ready') return
      waiting.delete(worker)
      ready += 1
      if (ready === count) finish()
    }
    const finish = (error?: Error) => {
      cluster.off('fork', onFork).off('exit', onExit).off('message', onMessage)
      if (error) reject(error)
      else resolve()
    }
    cluster.on('fork', onFork).on('exit', onExit).on('message', onMessage)
  })
}

function death(worker: Worker): Promise<number | string> {
  return new Promise((resolve) => worker.once('exit', (code, signal) => resolve(signal || code)))
}

async function stopAll(): Promise<void> {
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
  const deaths = workers.map(death)
  for (const worker of workers) worker.process.kill('SIGTERM')
  await Promise.race([Promise.all(deaths), wait(getEnv().UB_DRAIN_SECONDS * 1000 + KILL_AFTER_MS)])
  for (const worker of workers) if (!worker.isDead()) worker.process.kill('SIGKILL')
}
