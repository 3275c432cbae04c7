import { parseArgs } from 'node:util'
import pg from 'pg'
import { systemCtx } from '#lib/ctx.ts'
import { runVerification } from '#lib/jobs/index.ts'
import { setSpendCap } from '#lib/ledger/index.ts'
import type { TestDatabase } from '#tests/support/cluster.ts'
import { TEST_SECRETS } from '#tests/support/service.ts'
import { anyOf, createBenchModel, openPayers, type Payer, recordStatements, runVerbs } from './calls.ts'
import { measureLoad, medianOf, medianSample, type Sample } from './load.ts'
import { type BenchServer, startBenchServer } from './server.ts'
import { formatTable } from './table.ts'
import { fillTpcb, findPgbench, runPgbench, runTpcb, tidyTpcb } from './tpcb.ts'

const CLIENTS = 16
/** Pairs on many wallets for each transaction of TPC-B through the same client. */
const BUDGET = 0.7
/** Pairs before the first round: the planner must know these tables as a service of some age has them. */
const PAIRS_BEFORE = 8_000

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '8' },
  wallets: { type: 'string', default: '10000' },
  scale: { type: 'string', default: '20' },
  url: { type: 'string' },
} as const

type Settings = { rounds: number; seconds: number; wallets: number; scale: number; url: string | undefined }
type Row = { name: string; budget?: number; before?(): Promise<void>; work(): Promise<void> }

/**
 * Measures pairs of hold and capture beside TPC-B on the same server and prints the table.
 * @returns whether the budget is kept and the ledger adds up
 */
export async function benchLedger(args: string[]): Promise<boolean> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const settings: Settings = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    wallets: Number(values.wallets),
    scale: Number(values.scale),
    url: values.url,
  }
  const server = await startBenchServer(CLIENTS, settings.url)
  try {
    return await measureLedger(server, settings)
  } finally {
    await server.close()
  }
}

async function measureLedger(server: BenchServer, settings: Settings): Promise<boolean> {
  const { database } = server
  const { rounds, seconds, wallets, scale } = settings
  const ctx = systemCtx('bench', database.db)
  // Verbs read the environment of a service: a channel's key is encrypted here too.
  Object.assign(process.env, TEST_SECRETS, { DATABASE_URL: database.url })
  say(server.description)
  say(`${CLIENTS} connections, median of ${rounds} rounds of ${seconds} s, ${wallets} wallets, TPC-B scale ${scale}`)
  const { floor, rows } = await prepareRows(server, settings)

  const all = [floor, ...rows]
  const samples = new Map<Row, Sample[]>(all.map((row) => [row, []]))
  const pgbench = findPgbench()
  const pgbenchTps: number[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const row of all) {
      await row.before?.()
      const sample = await measureLoad(row.work, { clients: CLIENTS, seconds, serverCpu: server.cpuMs })
      samples.get(row)!.push(sample)
      note(`round ${round}: ${row.name} ${sample.perSecond.toFixed(0)}/s`)
    }
    if (!pgbench) continue
    await floor.before?.()
    pgbenchTps.push(await runPgbench(pgbench, { url: database.url, clients: CLIENTS, seconds }))
    note(`round ${round}: pgbench ${pgbenchTps.at(-1)!.toFixed(0)}/s`)
  }

  const median = new Map(all.map((row) => [row, medianSample(samples.get(row)!)]))
  const floorSpeed = median.get(floor)!.perSecond
  const verdicts = rows.map((row) => judge(row, median.get(row)!.perSecond / floorSpeed))
  say('')
  say(
    formatTable([
      ['', 'per second', 'of TPC-B', 'budget', 'p50 ms', 'p99 ms', 'CPU ms client', 'CPU ms server'],
      [pgbench ? 'TPC-B, pgbench itself' : 'TPC-B, pgbench itself: not installed', ...speedOf(pgbenchTps)],
      [floor.name, ...cellsOf(median.get(floor)!, 1, '')],
      ...rows.map((row, index) => [
        row.name,
        ...cellsOf(median.get(row)!, median.get(row)!.perSecond / floorSpeed, verdicts[index]!.text),
      ]),
    ]),
  )
  say(await countCrossings(database))
  const { checks, differences } = await runVerification(ctx, { source: 'command' })
  const checked = checks.reduce((sum, check) => sum + check.checked, 0)
  say('')
  say(`verify-ledger: ${checks.length} checks of ${checked} rows, ${differences} differences`)
  return differences === 0 && verdicts.every(({ ok }) => ok)
}

async function prepareRows(server: BenchServer, settings: Settings): Promise<{ floor: Row; rows: Row[] }> {
  const { database } = server
  const pool = database.db.$client
  const ctx = systemCtx('bench', database.db)
  note('filling the tables …')
  await fillTpcb(database.ownerUrl, settings.scale)
  const modelId = await createBenchModel(ctx)
  const many = await openPayers(ctx, settings.wallets)
  const capped = await openPayers(ctx, settings.wallets)
  for (const payer of capped) await setCaps(ctx, payer)
  const [hot] = await openPayers(ctx, 1)
  const { runPair } = await recordStatements(database, hot!, modelId)
  const unguarded = await prepareUnguarded(server.unguarded, settings.wallets)
  for (let done = 0; done < PAIRS_BEFORE; done += CLIENTS) {
    const payers = done % 2 === 0 ? many : capped
    await Promise.all(Array.from({ length: CLIENTS }, () => runPair(pool, anyOf(payers))))
    await Promise.all(Array.from({ length: CLIENTS }, unguarded))
  }
  await vacuum(database.ownerUrl)
  await vacuum(server.unguarded.ownerUrl)

  const inConnection = async (work: (client: pg.PoolClient) => Promise<void>) => {
    const client = await pool.connect()
    try {
      await work(client)
    } finally {
      client.release()
    }
  }
  const floor: Row = {
    name: 'TPC-B, this client',
    before: () => tidyTpcb(database.ownerUrl),
    work: () => inConnection((client) => runTpcb(client, settings.scale)),
  }
  const rows: Row[] = [
    { name: 'hold + capture, many wallets', budget: BUDGET, work: () => runPair(pool, anyOf(many)) },
    { name: 'hold + capture, tables without rules', work: unguarded },
    { name: 'hold + capture, many wallets with caps', work: () => runPair(pool, anyOf(capped)) },
    { name: 'hold + capture, one wallet', work: () => runPair(pool, hot!) },
    { name: 'whole admit + settle, many wallets', work: () => runVerbs(ctx, anyOf(many), modelId) },
  ]
  return { floor, rows }
}

/** How many captures went from one lot to the next, which costs more than one that stays in its lot. */
async function countCrossings(database: TestDatabase): Promise<string> {
  const { rows } = await database.db.$client.query(
    `SELECT count(*) AS all, count(*) FILTER (WHERE lot_transfer_id IS NULL) AS crossing FROM transfers WHERE kind = 'usage'`,
  )
  const { all, crossing } = rows[0]
  return `${crossing} of ${all} captures (${((100 * Number(crossing)) / Number(all)).toFixed(1)} %) went from one lot to the next`
}

/** @returns a pair of hold and capture of any wallet, where no table refuses anything: what the rules cost */
async function prepareUnguarded(database: TestDatabase, wallets: number): Promise<() => Promise<void>> {
  const ctx = systemCtx('bench', database.db)
  const modelId = await createBenchModel(ctx)
  const payers = await openPayers(ctx, wallets)
  const { runPair } = await recordStatements(database, payers[0]!, modelId)
  return () => runPair(database.db.$client, anyOf(payers))
}

async function setCaps(ctx: ReturnType<typeof systemCtx>, { walletId, userId }: Payer): Promise<void> {
  for (const period of ['day', 'month'] as const) {
    await setSpendCap(ctx, {
      walletId,
      spenderId: userId,
      period,
      limitMicros: 900_000_000n,
      timeZone: 'Asia/Shanghai',
    })
  }
}

async function vacuum(ownerUrl: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl })
  await owner.connect()
  await owner.query('VACUUM ANALYZE')
  await owner.end()
}

function judge({ budget }: Row, ratio: number): { ok: boolean; text: string } {
  if (budget === undefined) return { ok: true, text: '' }
  const ok = ratio >= budget
  return { ok, text: `${ok ? 'PASS' : 'BELOW'} >= ${budget}` }
}

function cellsOf(sample: Sample, ratio: number, verdict: string): string[] {
  const { perSecond, p50Ms, p99Ms, clientCpuMs, serverCpuMs } = sample
  const cpu = [clientCpuMs.toFixed(2), serverCpuMs === null ? '?' : serverCpuMs.toFixed(2)]
  return [perSecond.toFixed(0), ratio.toFixed(2), verdict, p50Ms.toFixed(1), p99Ms.toFixed(1), ...cpu]
}

function speedOf(perSecond: readonly number[]): string[] {
  return perSecond.length === 0 ? [] : [medianOf(perSecond).toFixed(0)]
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** How far it is, for who waits; not part of the result. */
function note(line: string): void {
  process.stderr.write(`  ${line}\n`)
}
