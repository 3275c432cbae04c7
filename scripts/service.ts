import { type ChildProcess, spawn } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseEnv, parseServerEnv } from '#lib/env.ts'
import {
  type OrderOrigins,
  readOrderOrigins,
  refuseRealOrders,
  refuseRealPayments,
  warnOfTestOrders,
} from '#scripts/demo-pay/refusals.ts'
import { type DemoPay, startDemoPay } from '#scripts/demo-pay/start.ts'
import { type OpenDatabase, openDatabase, refuseTakenDataDir } from '#scripts/embedded-postgres.ts'
import { migrateFromEnv } from '#scripts/migrating.ts'
import { buildWhenStale } from '#scripts/next-build.ts'
import { findFreePort, isPortTaken } from '#scripts/ports.ts'
import { startProgress } from '#scripts/progress.mjs'
import { PlainError } from '#scripts/run-main.ts'
import { type Seeded, seedFromEnv } from '#scripts/seeding.ts'
import { parseTrustedProxies } from '#scripts/server/addresses.ts'
import { isPrivateHost } from '#scripts/server/hosts.ts'
import { onStopRequest } from '#scripts/signals.ts'

type ServiceMode = 'production' | 'development'

type ServiceOptions = {
  /** What a person typed: others who find the folder taken are told. */
  command: string
  /** Takes a stand-in for Stripe as its payment provider. */
  demoPay: boolean
}

const root = path.dirname(import.meta.dirname)
const DRAIN_SECONDS = 5
// Beyond the drain: what the server does itself when the limit is reached.
const KILL_AFTER_MS = 8_000

/**
 * Starts everything a service needs, in order, and serves until it is asked to stop; then stops it in reverse order.
 * @throws {PlainError} when something is in its way, or the server ends by itself
 */
export async function runService(mode: ServiceMode, options: ServiceOptions): Promise<void> {
  const service = new Service(mode, options)
  onStopRequest((request) => (request === 'first' ? service.stop() : void service.kill()))
  await service.run()
}

class Service {
  private readonly mode: ServiceMode
  private readonly options: ServiceOptions
  private readonly stopping = new AbortController()
  private database: OpenDatabase | undefined
  private demo: { url: string; close(): Promise<void> } | undefined
  private demoPay: DemoPay | undefined
  private server: ChildProcess | undefined

  constructor(mode: ServiceMode, options: ServiceOptions) {
    this.mode = mode
    this.options = options
  }

  async run(): Promise<void> {
    try {
      await this.start()
    } catch (error) {
      if (!this.stopping.signal.aborted) throw error
    } finally {
      await this.release()
    }
  }

  stop(): void {
    process.stdout.write('\nStopping (once more stops at once) …\n')
    this.stopping.abort()
    this.server?.kill('SIGTERM')
  }

  /** Ends at once, leaving nothing behind: the database recovers from its log at the next start. */
  async kill(): Promise<void> {
    this.server?.kill('SIGKILL')
    await this.database?.close('immediate')
    process.exit(130)
  }

  private async start(): Promise<void> {
    await this.checkEnvironment()
    if (this.mode === 'production') await buildWhenStale(root, { signal: this.stopping.signal })
    this.goOn()
    await this.openDatabase()
    this.goOn()
    const origins = await readOrderOrigins(parseServerEnv(process.env).DATABASE_URL)
    if (this.options.demoPay) refuseRealOrders(origins)
    await migrateFromEnv()
    const seeded = await seedFromEnv()
    this.goOn()
    if (!seeded.hasChannel) await this.startDemo()
    if (this.options.demoPay) await this.startDemoPay(origins)
    this.goOn()
    const ended = this.serve()
    await Promise.race([this.untilReady(), ended])
    this.goOn()
    this.database?.announce({ address: parseServerEnv(process.env).APP_URL, demoPayUrl: this.demoPay?.url })
    this.greet(seeded, origins)
    await ended
  }

  /** Leaves between two steps when a stop was asked for meanwhile. */
  private goOn(): void {
    this.stopping.signal.throwIfAborted()
  }

  private async checkEnvironment(): Promise<void> {
    if (this.options.demoPay) refuseRealPayments(process.env, root)
    const env = parseEnv(process.env)
    parseTrustedProxies(env.TRUSTED_PROXIES)
    if (env.DATABASE_URL) parseServerEnv(process.env)
    else refuseTakenDataDir(env.DATA_DIR)
    if (env.PORT === 0) process.env.PORT = String(await findFreePort())
    else if (await isPortTaken(env.PORT)) {
      throw new PlainError(`port ${env.PORT} is in use: stop what uses it, or set another PORT`)
    }
  }

  private async openDatabase(): Promise<void> {
    const done = startProgress('Opening the database')
    try {
      const onWait = (reason: string) => process.stdout.write(`  ${reason}\n`)
      this.database = await openDatabase({ command: this.options.command, kind: 'service', onWait })
      done('done')
    } catch (error) {
      done('failed')
      throw error
    }
    void this.database.gone.then(() => {
      if (this.stopping.signal.aborted) return
      process.stderr.write('The database ended by itself; see postgres.log in DATA_DIR.\n')
      this.server?.kill('SIGTERM')
    })
  }

  private async startDemo(): Promise<void> {
    const { startDemoVendor } = await import('#scripts/demo-vendor.ts')
    this.demo = await startDemoVendor()
    process.env.UB_DEMO_URL = this.demo.url
  }

  private async startDemoPay({ test }: OrderOrigins): Promise<void> {
    const { PORT: port, APP_URL: appUrl, DATA_DIR: dataDir, AUTH_SECRET: authSecret } = parseServerEnv(process.env)
    this.demoPay = await startDemoPay({ port, appUrl, dataDir, authSecret, remembers: test > 0 })
  }

  private serve(): Promise<void> {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      ...this.demoPay?.environment,
      NODE_ENV: this.mode,
      UB_SUPERVISED: '1',
      UB_DRAIN_SECONDS: String(DRAIN_SECONDS),
    }
    // What serves never needs the role that may change the schema.
    delete env.DATABASE_OWNER_URL
    const flags = ['--disable-warning=ExperimentalWarning']
    this.server = spawn(process.execPath, [...flags, path.join(root, 'scripts', 'serve.ts')], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env,
    })
    return new Promise((resolve, reject) => {
      this.server?.once('error', reject)
      this.server?.once('exit', (code, signal) => {
        if (this.stopping.signal.aborted) resolve()
        else reject(new PlainError(`the server ended by itself (${signal ?? code})`))
      })
    })
  }

  private untilReady(): Promise<void> {
    return new Promise((resolve) => {
      this.server?.on('message', (message: { type?: string }) => {
        if (message.type === 'ready') resolve()
      })
    })
  }

  private async release(): Promise<void> {
    this.stopping.abort()
    await this.endServer()
    await this.demo?.close()
    await this.demoPay?.close()
    await this.database?.close()
  }

  private async endServer(): Promise<void> {
    const { server } = this
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
    server.kill('SIGTERM')
    await Promise.race([ended, wait(DRAIN_SECONDS * 1000 + KILL_AFTER_MS, undefined, { ref: false })])
    server.kill('SIGKILL')
    await ended
  }

  private greet(seeded: Seeded, origins: OrderOrigins): void {
    const env = parseServerEnv(process.env)
    const lines = ['', `Undefined Behavior serves ${env.APP_URL}`]
    if (env.UB_DATABASE === 'embedded' || this.mode === 'development') {
      const addresses = lanAddresses().filter((address) => !this.demoPay || isPrivateHost(address))
      for (const address of addresses) lines.push(`  in this network: http://${address}:${env.PORT}`)
    }
    if (this.demo)
      lines.push('', 'No channel is set up, so the demo model answers. OPENAI_API_KEY=… npm start adds OpenAI.')
    if (this.demoPay) {
      lines.push(
        '',
        'Payments are a demonstration: no money is moved, and whoever reaches this service gets credits for nothing.',
        `They are made at ${env.APP_URL}; with the address of this machine as APP_URL, from other devices too.`,
      )
    }
    const warning = this.demoPay ? null : warnOfTestOrders(origins, env.STRIPE_SECRET_KEY)
    if (warning) lines.push('', warning)
    if (seeded.adminLink) {
      lines.push('', 'There is no admin yet. This link makes one, once:', `  ${seeded.adminLink}`)
    }
    if (env.UB_DATABASE === 'external' && env.DATABASE_OWNER_URL === env.DATABASE_URL) {
      lines.push(
        '',
        'One database role does everything: triggers protect the ledger. DATABASE_OWNER_URL separates the roles.',
      )
    }
    process.stdout.write(`${lines.join('\n')}\n\nCtrl-C stops.\n`)
  }
}

/** This machine's addresses that others in its network can reach. */
function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === 'IPv4' && !entry.internal)
    .map((entry) => entry.address)
}
