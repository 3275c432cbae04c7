import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { parseEnv } from '#lib/env.ts'
import { DataDir, type RunRecord, type Secrets } from '#scripts/data-dir.ts'
import { demoPayEnvironment } from '#scripts/demo-pay/environment.ts'
import { isAlive } from '#scripts/lock-file.mjs'
import { findBinaries } from '#scripts/postgres/binaries.ts'
import { type Cluster, clusterExists, SUPERUSER, startCluster } from '#scripts/postgres/cluster.ts'

export const OWNER_ROLE = 'ub_owner'
export const APP_ROLE = 'ub_app'
export const DATABASE_NAME = 'undefined_behavior'

export type OpenOptions = {
  /** What a person typed, such as `npm start`: others are told that this holds the folder. */
  command: string
  /** A service lets commands attach to its database and refuses a second service; commands wait for each other. */
  kind: 'service' | 'command'
  /** Told once what is being waited for. */
  onWait?: (reason: string) => void
}

type Reached = Pick<RunRecord, 'address' | 'demoPayUrl'>

export type OpenDatabase = {
  embedded: boolean
  /** Says where the service and its stand-in for Stripe are reached, for whoever finds the folder taken. */
  announce(reached: Reached): void
  /** Settles when the embedded server is gone for whatever reason; never for an external one. */
  gone: Promise<void>
  /** Gives everything back; stops the server when this process started or adopted it. */
  close(how?: 'fast' | 'immediate'): Promise<void>
}

/** The folder is taken; the message is one line naming who has it. */
export class DataDirTaken extends Error {
  override readonly name = 'DataDirTaken'
}

/**
 * Resolves the database of this process into its environment: DATABASE_URL, DATABASE_OWNER_URL and UB_DATABASE,
 * for an embedded one AUTH_SECRET and ENCRYPTION_KEY, and beside a running service its APP_URL and stand-in. With DATABASE_URL set nothing embedded starts.
 * @throws {EnvError} when the environment contradicts itself
 * @throws {DataDirTaken} when another process keeps the folder
 */
export async function openDatabase(options: OpenOptions): Promise<OpenDatabase> {
  const env = parseEnv(process.env)
  if (env.DATABASE_URL) {
    setEnv({ DATABASE_OWNER_URL: env.DATABASE_OWNER_URL ?? env.DATABASE_URL, UB_DATABASE: 'external' })
    return {
      embedded: false,
      announce: () => undefined,
      gone: new Promise(() => undefined),
      close: async () => undefined,
    }
  }
  // Before a folder is made for what cannot start.
  findBinaries()
  const dir = new DataDir(env.DATA_DIR)
  const holding = await takeOrAttach(dir, options)
  if ('port' in holding) return attach(dir, holding)
  try {
    return await holdDatabase(dir, options, holding.release)
  } catch (error) {
    holding.release()
    throw error
  }
}

/**
 * Runs work with the database resolved into the environment; attaches to a running service or starts the
 * embedded server for as long as the work takes.
 * @param command what a person typed, shown to others who find the folder taken
 */
export async function withDatabase<T>(command: string, work: () => Promise<T>): Promise<T> {
  const onWait = (reason: string) => process.stderr.write(`${reason}\n`)
  const database = await openDatabase({ command, kind: 'command', onWait })
  try {
    return await work()
  } finally {
    await database.close()
  }
}

/**
 * Refuses early, before anything long is done for a second service on a folder.
 * @throws {DataDirTaken} when a service keeps the folder
 */
export function refuseTakenDataDir(folder: string): void {
  if (!existsSync(folder)) return
  const dir = new DataDir(folder)
  const release = dir.tryLock()
  release?.()
  if (release) return
  const holder = dir.readRunRecord()
  if (holder?.kind === 'service' && isAlive(holder.pid)) throw new DataDirTaken(describeHolder(dir, holder))
}

async function holdDatabase(dir: DataDir, options: OpenOptions, release: () => void): Promise<OpenDatabase> {
  const record: RunRecord = {
    pid: process.pid,
    command: options.command,
    kind: options.kind,
    startedAt: new Date().toISOString(),
  }
  dir.writeRunRecord(record)
  const folder = dir.file('postgres')
  const secrets = dir.secrets(clusterExists(folder))
  const cluster = await startCluster({
    folder,
    logFile: dir.file('postgres.log'),
    superuserPassword: secrets.superuserPassword,
  })
  const close = async (how: 'fast' | 'immediate' = 'fast') => {
    await cluster.stop(how)
    dir.removeRunRecord()
    release()
  }
  try {
    await ensureDatabase(cluster, secrets)
  } catch (error) {
    await close()
    throw error
  }
  dir.writeRunRecord({ ...record, port: cluster.port })
  setEmbeddedEnv(secrets, cluster.port)
  const announce = (reached: Reached) => dir.writeRunRecord({ ...record, port: cluster.port, ...reached })
  return { embedded: true, announce, gone: cluster.gone, close }
}

function attach(dir: DataDir, { port, address, demoPayUrl }: Running): OpenDatabase {
  setEmbeddedEnv(dir.secrets(true), port)
  // The service was started with its own PORT and APP_URL; links that are made here must lead to it.
  if (address) setEnv({ APP_URL: address })
  // Payments belong to whom the service takes for Stripe, whatever this shell knows.
  if (demoPayUrl) setEnv(demoPayEnvironment(demoPayUrl, process.env.AUTH_SECRET ?? ''))
  return { embedded: true, announce: () => undefined, gone: new Promise(() => undefined), close: async () => undefined }
}

type Running = { port: number } & Reached

async function takeOrAttach(dir: DataDir, options: OpenOptions): Promise<{ release: () => void } | Running> {
  const deadline = Date.now() + PATIENCE_MS
  let told = false
  for (;;) {
    const release = dir.tryLock()
    if (release) return { release }
    // Between a new holder's lock and its record, the record is still that of a dead one.
    const found = dir.readRunRecord()
    const holder = found && isAlive(found.pid) ? found : undefined
    if (holder?.kind === 'service') {
      if (options.kind === 'service') throw new DataDirTaken(describeHolder(dir, holder))
      if (holder.port) return { ...holder, port: holder.port }
    }
    if (Date.now() > deadline) throw new DataDirTaken(describeHolder(dir, holder))
    if (holder && !told) {
      told = true
      options.onWait?.(`waiting for ${holder.command} (process ${holder.pid}) …`)
    }
    await wait(100)
  }
}

const PATIENCE_MS = 60_000

function describeHolder(dir: DataDir, holder: RunRecord | undefined): string {
  if (!holder) return `${dir.path} is in use by another process`
  const where = holder.address ? `, ${holder.address}` : ''
  return `${dir.path} is in use by ${holder.command} (process ${holder.pid}${where}, since ${holder.startedAt}): stop it, or set another DATA_DIR`
}

function setEmbeddedEnv(secrets: Secrets, port: number): void {
  setEnv({
    DATABASE_URL: databaseUrl(APP_ROLE, secrets.appPassword, port, DATABASE_NAME),
    DATABASE_OWNER_URL: databaseUrl(OWNER_ROLE, secrets.ownerPassword, port, DATABASE_NAME),
    AUTH_SECRET: process.env.AUTH_SECRET || secrets.AUTH_SECRET,
    ENCRYPTION_KEY: process.env.ENCRYPTION_KEY || secrets.ENCRYPTION_KEY,
    UB_DATABASE: 'embedded',
  })
}

function setEnv(values: Record<string, string>): void {
  Object.assign(process.env, values)
}

/** A connection string for a server on this machine. */
export function databaseUrl(role: string, password: string, port: number, database: string): string {
  return `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
}

async function ensureDatabase(cluster: Cluster, secrets: Secrets): Promise<void> {
  const connectionString = databaseUrl(SUPERUSER, secrets.superuserPassword, cluster.port, 'postgres')
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await ensureRoles(client, secrets)
    const there = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE_NAME])
    if (there.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE_NAME} OWNER ${OWNER_ROLE}`)
  } finally {
    await client.end()
  }
}

/** Makes the two roles the service works with, or gives them these passwords. */
export async function ensureRoles(
  client: pg.Client,
  secrets: Pick<Secrets, 'ownerPassword' | 'appPassword'>,
): Promise<void> {
  const passwords = { [OWNER_ROLE]: secrets.ownerPassword, [APP_ROLE]: secrets.appPassword }
  for (const [role, password] of Object.entries(passwords)) {
    const there = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])
    const verb = there.rowCount === 0 ? 'CREATE' : 'ALTER'
    await client.query(`${verb} ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`)
  }
}
