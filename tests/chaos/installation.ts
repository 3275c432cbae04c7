import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { databaseUrl } from '#scripts/embedded-postgres.ts'
import { findFreePort } from '#scripts/ports.ts'
import { type Cluster, SUPERUSER, startCluster } from '#scripts/postgres/cluster.ts'
import { asAdmin, cloneDatabase, startTestCluster, type TestDatabase } from '#tests/support/cluster.ts'
import { type Service, startService } from '#tests/support/service.ts'

/** The service on a PostgreSQL that keeps what it commits, both to be killed and started again where they were. */
export class Installation {
  readonly database: TestDatabase
  readonly url: string
  readonly #restartPostgres: () => Promise<Cluster>
  readonly #adminUrl: string
  readonly #servicePort: number
  readonly #remove: () => void
  #cluster: Cluster
  #service: Service | null = null
  #isExpectedToRun = false
  /** How often the service ended although nobody had killed it. */
  deathsByItself = 0

  private constructor(parts: {
    database: TestDatabase
    cluster: Cluster
    restartPostgres: () => Promise<Cluster>
    adminUrl: string
    servicePort: number
    remove: () => void
  }) {
    this.database = parts.database
    this.#cluster = parts.cluster
    this.#restartPostgres = parts.restartPostgres
    this.#adminUrl = parts.adminUrl
    this.#servicePort = parts.servicePort
    this.#remove = parts.remove
    this.url = `http://localhost:${parts.servicePort}`
  }

  static async create(): Promise<Installation> {
    const around = mkdtempSync(path.join(tmpdir(), 'ub-chaos-'))
    chmodSync(around, 0o711)
    const remove = () => rmSync(around, { recursive: true, force: true })
    const superuserPassword = randomBytes(12).toString('hex')
    const port = await findFreePort()
    const restartPostgres = () =>
      startCluster({
        folder: path.join(around, 'postgres'),
        logFile: path.join(around, 'postgres.log'),
        superuserPassword,
        port,
      })
    const cluster = await restartPostgres()
    const adminUrl = databaseUrl(SUPERUSER, superuserPassword, port, 'postgres')
    const prepared = await startTestCluster({ adminUrl })
    const database = await cloneDatabase(prepared)
    return new Installation({
      database,
      cluster,
      restartPostgres,
      adminUrl,
      servicePort: await findFreePort(),
      remove,
    })
  }

  async startService(env: Record<string, string> = {}): Promise<void> {
    const options = { port: this.#servicePort, detached: true }
    const service = await startService(this.database, { SERVER_WORKERS: '2', LOG_LEVEL: 'error', ...env }, options)
    this.#service = service
    this.#isExpectedToRun = true
    void service.gone.then((code) => {
      if (!this.#isExpectedToRun || this.#service !== service) return
      this.deathsByItself++
      process.stderr.write(`the service ended by itself with ${code}\n${service.output().slice(-4_000)}\n`)
    })
  }

  /** What the service that runs now has written. */
  get serviceOutput(): string {
    return this.#service?.output() ?? ''
  }

  /** Kills the service with all its processes and waits until it is gone. */
  async killService(): Promise<void> {
    this.#isExpectedToRun = false
    if (!this.#service) return
    killGroup(this.#service.pid)
    await this.#service.gone
    this.#service = null
  }

  /** Kills one of the service's processes; the others go on. */
  async killWorker(): Promise<void> {
    const { rows } = await this.database.db.$client.query<{ pid: number }>(
      'SELECT pid FROM workers WHERE stopped_at IS NULL ORDER BY heartbeat_at DESC LIMIT 1',
    )
    kill(rows[0]?.pid)
  }

  /** Kills PostgreSQL's first process; the others notice and leave. */
  async killPostgres(): Promise<void> {
    kill(this.#cluster.pid)
    await this.#cluster.gone
  }

  /** Asks PostgreSQL to end at once; `immediate` lets it replay its log at the next start. */
  async stopPostgres(how: 'fast' | 'immediate'): Promise<void> {
    await this.#cluster.stop(how)
  }

  /** Kills one connection's process: PostgreSQL ends all the others and recovers by itself. */
  async killBackend(): Promise<void> {
    const pid = await asAdmin(this.#adminUrl, async (client) => {
      const { rows } = await client.query<{ pid: number }>(`
        SELECT pid FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name = 'undefined-behavior'
        ORDER BY random() LIMIT 1`)
      return rows[0]?.pid
    })
    kill(pid)
  }

  async startPostgres(): Promise<void> {
    this.#cluster = await this.#restartPostgres()
  }

  async remove(): Promise<void> {
    await this.killService()
    await this.database.db.$client.end()
    await this.#cluster.stop('immediate')
    this.#remove()
  }
}

function killGroup(pid: number): void {
  kill(-pid)
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
