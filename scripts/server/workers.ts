import cluster, { type Worker } from 'node:cluster'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { log } from '#lib/log.ts'
import { PlainError } from '#scripts/run-main.ts'
import { stopAccepting, watchHandovers, watchListening } from '#scripts/server/handovers.ts'
import { onStopRequest } from '#scripts/signals.ts'

type WorkersOptions = {
  count: number
  /** Which signals ask all of them to stop. */
  signals: readonly NodeJS.Signals[]
  /** How long they may take to finish what they do; what they need beyond that is theirs to bound. */
  drainMs: number
  /** The program that each of them runs, which calls `serveAsWorker`. */
  program?: string
}

/** What workers say to the process that runs them. */
type WorkerMessage = { type: 'ready'; workerId: string } | { type: 'draining' }

const PROGRAM = path.join(import.meta.dirname, 'worker.ts')
const HEALTHY_MS = 60_000
const LONGEST_PAUSE_MS = 30_000
// Beyond the drain: what a worker does itself when its limit is reached, which takes it seven seconds at most.
const KILL_AFTER_MS = 7_500
// A worker takes a connection with its next turn.
const TAKEN_WITHIN_MS = 1_000

/** How long to wait before a worker is replaced that died for the nth time in a row. */
export function restartPauseMs(deathsInARow: number): number {
  return Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (deathsInARow - 1))
}

/**
 * Forks processes that share the port and replaces those that die, or that somebody asks to leave.
 * @returns when every one of them listens
 * @throws {PlainError} when one dies before it ever listened: the cause would only repeat itself
 */
export async function serveWithWorkers(options: WorkersOptions): Promise<void> {
  const workers = new Workers(options)
  onStopRequest((request) => (request === 'first' ? void workers.stop() : workers.kill()), options.signals)
  await workers.start()
}

class Workers {
  readonly #options: WorkersOptions
  /** Those that take nothing new any more, and need not be asked again. */
  readonly #draining = new WeakSet<Worker>()
  #stopping = false

  constructor(options: WorkersOptions) {
    this.#options = options
    watchListening()
    cluster.setupPrimary({ exec: options.program ?? PROGRAM })
  }

  async start(): Promise<void> {
    const { count } = this.#options
    await Promise.all(Array.from({ length: count }, () => this.#startFirst()))
  }

  /** Lets all of them end in good order, and ends this process. */
  async stop(): Promise<void> {
    this.#stopping = true
    await stopAccepting(TAKEN_WITHIN_MS)
    const all = living()
    for (const worker of all) if (!this.#draining.has(worker)) worker.process.kill('SIGTERM')
    await Promise.race([Promise.all(all.map(death)), wait(this.#options.drainMs + KILL_AFTER_MS)])
    for (const worker of living()) {
      log.error({ worker: worker.process.pid }, 'a worker did not end and is killed')
      worker.process.kill('SIGKILL')
    }
    process.exit(0)
  }

  /** Ends all of them and this process at once. */
  kill(): void {
    for (const worker of living()) worker.process.kill('SIGKILL')
    process.exit(130)
  }

  /** @returns when it listens; from then on it is replaced whenever it ends */
  async #startFirst(): Promise<void> {
    const worker = fork()
    const ended = death(worker)
    const outcome = await Promise.race([readiness(worker), ended.then((how) => ({ how }))])
    if (this.#stopping) return new Promise(() => undefined)
    if ('how' in outcome) throw new PlainError(`a worker ended (${outcome.how}) before it served`)
    void this.#keepReplacing(worker, outcome.workerId)
  }

  async #keepReplacing(first: Worker, firstId: string): Promise<void> {
    let worker = first
    let workerId: string | undefined = firstId
    let startedAt = performance.now()
    for (let deaths = 0; ; ) {
      const how = await Promise.race([death(worker), leave(worker)])
      const pid = worker.process.pid
      if (how === 'draining') this.#draining.add(worker)
      if (this.#stopping) return
      if (how === 'draining') {
        deaths = 0
        log.info({ worker: pid }, 'a worker was asked to leave and is replaced')
      } else {
        deaths = performance.now() - startedAt > HEALTHY_MS ? 1 : deaths + 1
        const pauseMs = restartPauseMs(deaths)
        log.error({ worker: pid, how, pauseMs }, 'a worker died and is replaced')
        if (workerId) tellOfDeath(workerId)
        await wait(pauseMs)
        if (this.#stopping) return
      }
      worker = fork()
      startedAt = performance.now()
      workerId = undefined
      const successor = worker
      void readiness(successor).then((ready) => {
        if (successor === worker) workerId = ready.workerId
        const startMs = Math.round(performance.now() - startedAt)
        log.info({ worker: successor.process.pid, replaces: pid, startMs }, 'a worker serves')
      })
    }
  }
}

function fork(): Worker {
  const worker = cluster.fork()
  watchHandovers(worker)
  // Something was sent to it while it died, which its death tells as well.
  worker.on('error', (error) => log.warn({ err: error, worker: worker.process.pid }, 'a worker cannot be reached'))
  return worker
}

function living(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined && !worker.isDead()) as Worker[]
}

function death(worker: Worker): Promise<string> {
  if (worker.isDead()) return Promise.resolve('gone')
  return new Promise((resolve) => worker.once('exit', (code, signal) => resolve(String(signal || code))))
}

function readiness(worker: Worker): Promise<{ workerId: string }> {
  return new Promise((resolve) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message?.type === 'ready') resolve({ workerId: message.workerId })
    })
  })
}

function leave(worker: Worker): Promise<'draining'> {
  return new Promise((resolve) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message?.type === 'draining') resolve('draining')
    })
  })
}

/** Who is known to be dead need not be waited for: the others take over what it did, see `lib/jobs`. */
function tellOfDeath(workerId: string): void {
  for (const worker of living()) if (worker.isConnected()) worker.send({ type: 'died', workerId })
}
