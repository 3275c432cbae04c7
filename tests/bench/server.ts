import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import pg from 'pg'
import { asAdmin, cloneDatabase, startTestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { WITHOUT_RULES } from '#tests/support/without-rules.ts'

export type BenchServer = {
  /** A migrated database of its own; the pool has as many connections as there are clients. */
  database: TestDatabase
  /** Another one whose tables take anything: without foreign keys, CHECKs and triggers. */
  unguarded: TestDatabase
  /** One line about server, settings and machine. */
  description: string
  /** CPU time of the server's processes so far, in milliseconds; null when they are not on this machine. */
  cpuMs(): number | null
  close(): Promise<void>
}

const SETTINGS = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size']

/**
 * Starts a throw-away PostgreSQL that keeps what it commits, with the service's own settings, or uses a server.
 * @param adminUrl a server for tests: a role that may create roles and databases
 */
export async function startBenchServer(clients: number, adminUrl?: string): Promise<BenchServer> {
  const cluster = await startTestCluster({ adminUrl, durable: true })
  try {
    const { settings, postmasterPid } = await asAdmin(cluster.adminUrl, async (client) => ({
      settings: await readSettings(client),
      postmasterPid: await findPostmaster(client),
    }))
    const database = await cloneDatabase(cluster, { poolMax: clients })
    const unguarded = await cloneDatabase(cluster, { poolMax: clients })
    await dropRules(unguarded.ownerUrl)
    const machine = `Node ${process.versions.node}, ${availableParallelism()} cores`
    return {
      database,
      unguarded,
      description: `PostgreSQL ${settings.join(', ')}; ${machine}`,
      cpuMs: () => (postmasterPid === null ? null : readCpuMs(postmasterPid)),
      close: async () => {
        await database.close()
        await unguarded.close()
        await cluster.stop()
      },
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

async function dropRules(ownerUrl: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl })
  await owner.connect()
  try {
    await owner.query(WITHOUT_RULES)
  } finally {
    await owner.end()
  }
}

async function readSettings(client: pg.Client): Promise<string[]> {
  const lines: string[] = []
  for (const name of SETTINGS) {
    const { rows } = await client.query(`SELECT current_setting($1) AS value`, [name])
    lines.push(name === 'server_version' ? rows[0].value : `${name}=${rows[0].value}`)
  }
  return lines
}

/** The backend's parent, when the backend is a process of this machine. */
async function findPostmaster(client: pg.Client): Promise<number | null> {
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  const stat = readStat(rows[0].pid)
  return stat?.name === 'postgres' ? stat.parent : null
}

// Linux counts in hundredths of a second, on every machine that we know of.
const TICK_MS = 10

function readCpuMs(postmasterPid: number): number {
  let ticks = 0
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? readStat(Number(entry)) : null
    if (stat && (stat.parent === postmasterPid || stat.pid === postmasterPid)) ticks += stat.ticks
    // A worker that has ended since counts too.
    if (stat?.pid === postmasterPid) ticks += stat.ticksOfEnded
  }
  return ticks * TICK_MS
}

type Stat = { pid: number; name: string; parent: number; ticks: number; ticksOfEnded: number }

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
    const sumOf = (first: number) => Number(fields[first]) + Number(fields[first + 1])
    return { pid, name, parent: Number(fields[1]), ticks: sumOf(11), ticksOfEnded: sumOf(13) }
  } catch {
    // Not Linux, or the process has ended meanwhile.
    return null
  }
}
