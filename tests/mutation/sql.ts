import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { OWNER_ROLE } from '#scripts/embedded-postgres.ts'
import { PlainError, runMain } from '#scripts/run-main.ts'
import { onStopRequest } from '#scripts/signals.ts'
import { startTestCluster, type TestCluster, urlOf } from '#tests/support/cluster.ts'
import { findMutants, type Mutant } from './mutants.ts'
import { Order } from './order.ts'
import { Tally } from './tally.ts'
import { WorkerProcess } from './worker-process.ts'

// Breaks every rule that the database keeps for the ledger, one at a time, and runs the tests that should notice.
// A mutant that they let pass is printed and fails the run, unless explained.ts says why nobody can notice it.

/** Tests that move credits, record calls or guard what is kept of them. */
const SUITE = [
  'lib/ledger/*.test.ts',
  'lib/payments/{adjustments,codes,fulfil,order-rules,verify}.test.ts',
  'lib/models/prices.test.ts',
  'lib/inference/{admit,caps,receipts,statement,verify}.test.ts',
  'lib/jobs/abandoned-holds.test.ts',
]

/** Crowds and random stories: what they notice, others notice sooner. */
const SLOW = /\/(crowds|model)[^/]*$/

const UNCHANGED_MS = 600_000

const root = path.resolve(import.meta.dirname, '..', '..')

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      list: { type: 'boolean' },
      workers: { type: 'string' },
      kills: { type: 'boolean' },
    },
  })
  const cluster = await startTestCluster()
  onStopRequest(() => {
    process.stdout.write('stopped before the end\n')
    void cluster.stop().then(() => process.exit(130))
  })
  try {
    const mutants = (await readMutants(cluster)).filter(({ id }) => !values.only || id.includes(values.only))
    if (values.list) {
      process.stdout.write(`${mutants.map(({ id }) => id).join('\n')}\n${mutants.length} mutants\n`)
      return
    }
    const count = Math.min(Number(values.workers ?? availableParallelism()), mutants.length)
    const isComplete = !values.only
    process.exitCode = (await judgeAll(cluster, { mutants, count, isComplete, printKills: values.kills ?? false }))
      ? 0
      : 1
  } finally {
    await cluster.stop()
  }
})

async function readMutants(cluster: TestCluster): Promise<Mutant[]> {
  const client = new pg.Client({ connectionString: urlOf(cluster, OWNER_ROLE, cluster.template) })
  await client.connect()
  try {
    return await findMutants(client)
  } finally {
    await client.end()
  }
}

type Run = { mutants: Mutant[]; count: number; isComplete: boolean; printKills: boolean }

/** Runs the tests on every mutant. @returns whether all were noticed or are explained, and no explanation is stale */
async function judgeAll(cluster: TestCluster, { mutants, count, isComplete, printKills }: Run): Promise<boolean> {
  const startedAt = performance.now()
  const say = (line: string) => process.stdout.write(`${line}\n`)
  const files = SUITE.flatMap((pattern) => globSync(pattern, { cwd: root })).filter((file) => !SLOW.test(file))
  const workers = await Promise.all(
    Array.from({ length: count }, (_, index) => WorkerProcess.start(cluster, files, `${cluster.template}_${index}`)),
  )
  try {
    const durations = await runUnchanged(workers[0]!, files)
    const order = new Order(files, durations)
    const tally = new Tally(say, printKills)
    // Others may need the machine meanwhile; what ends at all ends sooner than this.
    const limitMs = 120_000 + 10 * Object.values(durations).reduce((sum, duration) => sum + duration, 0)
    const left = [...mutants]
    const judge = async (worker: WorkerProcess) => {
      for (let mutant = left.shift(); mutant; mutant = left.shift()) {
        const verdict = await worker.run({ sql: mutant.sql, files: order.of(mutant.object) }, limitMs)
        tally.note(mutant, verdict)
        if (verdict.type === 'ran' && verdict.failure) order.note(mutant.object, verdict.failure.file)
        const done = mutants.length - left.length
        if (done % 50 === 0) say(`… ${done} of ${mutants.length}, ${minutesSince(startedAt)}`)
      }
    }
    await Promise.all(workers.map(judge))
    // What a process had run before must not have been what failed.
    for (const worker of workers) await runUnchanged(worker, files)
    if (isComplete) tally.noteAll(mutants)
    say(`mutation: ${mutants.length} mutants: ${tally.describe()}; ${minutesSince(startedAt)}`)
    return tally.isClean
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()))
  }
}

/** @returns how long each file took @throws {PlainError} when a test fails although nothing was changed */
async function runUnchanged(worker: WorkerProcess, files: string[]): Promise<Record<string, number>> {
  const verdict = await worker.run({ sql: null, files }, UNCHANGED_MS)
  if (verdict.type === 'refused') throw new PlainError(verdict.reason)
  if (!verdict.failure) return verdict.durations
  const { file, test, reason } = verdict.failure
  throw new PlainError(`the tests fail without any mutant: ${file} › ${test}: ${reason}`)
}

function minutesSince(startedAt: number): string {
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
