import { type ChildProcess, spawn } from 'node:child_process'
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isAlive, isKnown } from '#scripts/lock-file.mjs'
import { findFreePort } from '#scripts/ports.ts'
import { findBinaries } from '#scripts/postgres/binaries.ts'
import { chooseIdentity, type Identity, launchAs } from '#scripts/postgres/identity.ts'
import { isPostmaster, readPostmaster } from '#scripts/postgres/postmaster.ts'

export const SUPERUSER = 'postgres'

export type ClusterOptions = {
  /** Folder of the cluster; made when missing. Its parent must exist. */
  folder: string
  /** Where the server's own messages go. */
  logFile: string
  superuserPassword: string
  /** Where it listens; by default wherever is free. */
  port?: number
  /** Throws crash safety away for speed: only for tests. */
  volatile?: boolean
}

/** A running PostgreSQL on 127.0.0.1. */
export type Cluster = {
  pid: number
  port: number
  /** Settles when the server is gone, for whatever reason. */
  gone: Promise<void>
  /** Ends it and waits until it has ended; `immediate` breaks connections and replays the log at the next start. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
}

/** Whether a complete cluster is there. */
export function clusterExists(folder: string): boolean {
  return existsSync(path.join(folder, 'PG_VERSION'))
}

/**
 * Starts the cluster of a folder, or adopts the server that already works on it (it survives the death
 * of whoever started it). The caller holds the lock on the folder around it.
 * @throws {Error} with the server's own last words when it does not come up
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  if (!clusterExists(options.folder)) await initialise(options)
  const folder = realpathSync(options.folder)
  requireOwnership(folder)
  return (await adopt(folder)) ?? (await start({ ...options, folder }))
}

function requireOwnership(folder: string): void {
  const user = process.getuid?.()
  const { uid } = statSync(folder)
  if (user !== 0 && uid !== user) {
    throw new Error(`${folder} belongs to user ${uid}: start as that user or as root, or set another DATA_DIR`)
  }
}

// The cluster is made aside and renamed when whole: an interrupted attempt leaves nothing that looks like one.
async function initialise(options: ClusterOptions): Promise<void> {
  const around = path.dirname(options.folder)
  const making = `${options.folder}.new`
  const passwordFile = path.join(around, 'superuser-password.new')
  const identity = chooseIdentity([around])
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { mode: 0o700 })
  writeFileSync(passwordFile, options.superuserPassword, { mode: 0o600 })
  try {
    for (const place of [making, passwordFile]) if (identity) chownSync(place, identity.uid, identity.gid)
    const args = ['-D', making, '-U', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8']
    args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions')
    if (options.volatile) args.push('--no-sync')
    const { initdb } = findBinaries()
    const child = launch(identity, initdb, args, making, 'pipe', false)
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    const outcome = await ended(child)
    if (outcome !== 0) throw new Error(`initdb failed (${outcome})\n${output.trim()}`)
    renameSync(making, options.folder)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

async function adopt(folder: string): Promise<Cluster | undefined> {
  const deadline = Date.now() + STARTUP_MS
  const collectedBy = Date.now() + COLLECTED_MS
  for (;;) {
    const postmaster = readPostmaster(folder)
    if (!postmaster || !isKnown(postmaster.pid)) return undefined
    if (!isAlive(postmaster.pid)) {
      // PostgreSQL takes its dead predecessor for alive until somebody collects it; in some containers nobody ever does.
      if (Date.now() > collectedBy) rmSync(path.join(folder, 'postmaster.pid'), { force: true })
      await wait(50)
      continue
    }
    if (!isPostmaster(postmaster.pid, folder)) {
      // The number was given to another process since; PostgreSQL would take that one for itself and refuse.
      rmSync(path.join(folder, 'postmaster.pid'), { force: true })
      return undefined
    }
    if (postmaster.status === 'ready') return clusterOf(postmaster.pid, postmaster.port, untilDead(postmaster.pid))
    if (Date.now() > deadline)
      throw new Error(`PostgreSQL (process ${postmaster.pid}) on ${folder} is ${postmaster.status} for too long`)
    await wait(50)
  }
}

async function start(options: ClusterOptions): Promise<Cluster> {
  const deadline = Date.now() + STARTUP_MS
  for (;;) {
    const attempt = await tryStart(options, options.port ?? (await findFreePort()))
    if (attempt.cluster) return attempt.cluster
    // A port taken in between, or backends of a killed server that have not noticed yet.
    const passing = /could not bind|in use|pre-existing shared memory|already exists/.test(attempt.said)
    if (!passing || Date.now() > deadline)
      throw new Error(`PostgreSQL did not start\n${attempt.said}\n(${options.logFile})`)
    await wait(200)
  }
}

async function tryStart(options: ClusterOptions, port: number): Promise<{ cluster?: Cluster; said: string }> {
  const { folder, logFile } = options
  trimLog(logFile)
  const log = openSync(logFile, 'a', 0o600)
  const saidBefore = statSync(logFile).size
  const settings = { ...SETTINGS, ...(options.volatile ? VOLATILE_SETTINGS : {}), port: String(port) }
  const args = ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const child = launch(chooseIdentity([folder]), findBinaries().postgres, args, folder, log, !options.volatile)
  closeSync(log)
  const gone = ended(child).then(() => undefined)
  // It must outlive a killed starter, which then adopts it again.
  child.unref()
  const deadline = Date.now() + STARTUP_MS
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const postmaster = readPostmaster(folder)
    if (postmaster?.pid === child.pid && postmaster.status === 'ready')
      return { cluster: clusterOf(child.pid, port, gone), said: '' }
    if (Date.now() > deadline) child.kill('SIGQUIT')
    await wait(20)
  }
  await gone
  return { said: readFileSync(logFile, 'utf8').slice(saidBefore).trim().split('\n').slice(-10).join('\n') }
}

const STARTUP_MS = 60_000
const COLLECTED_MS = 10_000

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
}

const VOLATILE_SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }

function launch(
  identity: Identity | undefined,
  binary: string,
  args: string[],
  folder: string,
  output: 'pipe' | number,
  detached: boolean,
): ChildProcess {
  const { command, args: all, uid, gid } = launchAs(identity, binary, args, [binary, folder])
  return spawn(command, all, {
    // Signed, as spawn wants ids: macOS has nobody as -2.
    ...(uid === undefined || gid === undefined ? {} : { uid: uid | 0, gid: gid | 0 }),
    // A Ctrl-C on the terminal must not stop the database before the service has drained.
    detached,
    stdio: ['ignore', output, output],
    cwd: '/',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv,
  })
}

function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await wait(100, undefined, { ref: false })
}

function clusterOf(pid: number, port: number, gone: Promise<void>): Cluster {
  const stop = async (how: 'fast' | 'immediate' = 'fast') => {
    const signals = how === 'fast' ? (['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) : (['SIGQUIT', 'SIGKILL'] as const)
    for (const signal of signals) {
      if (isAlive(pid)) process.kill(pid, signal)
      for (const deadline = Date.now() + PATIENCE_MS[signal]; isAlive(pid) && Date.now() < deadline; ) await wait(10)
      if (!isAlive(pid)) return
    }
  }
  return { pid, port, gone, stop }
}

const PATIENCE_MS = { SIGINT: 20_000, SIGQUIT: 5_000, SIGKILL: 5_000 }

function trimLog(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > 5_000_000) renameSync(logFile, `${logFile}.1`)
}
