import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { writeEntryFiles } from '#scripts/entry/files.ts'
import { findFreePort } from '#scripts/ports.ts'
import { findInPath } from '#scripts/testing/install-lines.ts'
import { send } from './client.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const NOBODY = 65_534
// nginx is never run by root here: the container does not either.
const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** A folder with all that the image of nginx holds, and where it may write; its user owns it. */
export type Prefix = { folder: string; files: string; certificates: string; remove(): void }

/** Copies the shipped templates and lays out the files of the finished build as the image does. */
export function createPrefix(): Prefix {
  const folder = mkdtempSync(path.join(tmpdir(), 'ub-entry-'))
  chmodSync(folder, 0o755)
  cpSync(path.join(ROOT, 'nginx'), path.join(folder, 'nginx'), { recursive: true })
  const files = path.join(folder, 'files')
  writeEntryFiles(ROOT, files)
  const certificates = path.join(folder, 'certificates')
  mkdirSync(certificates)
  own(certificates)
  return { folder, files, certificates, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Lets the user that runs nginx write here. */
export function own(file: string): void {
  if (identity.uid !== undefined) chownSync(file, identity.uid, identity.gid)
}

export type Entry = {
  http: number
  https: number
  /** What the access log says of a client, once it says that much: a process writes when it comes to it. */
  accessLog(client: string, count: number): Promise<Record<string, unknown>[]>
  /** All that nginx and its entrypoint wrote to the terminal. */
  output(): string
  /** The folder with the configuration as it was written. */
  state: string
  stop(): Promise<void>
}

/** Runs the shipped entrypoint, which writes the configuration and becomes nginx. */
export async function startEntry(prefix: Prefix, env: Record<string, string>): Promise<Entry> {
  const { http, https, state, all } = await prepare(prefix, env)
  const child = spawn(path.join(prefix.folder, 'nginx', 'entrypoint.sh'), {
    ...identity,
    cwd: prefix.folder,
    env: all,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk))
  const gone = once(child, 'exit')
  await untilListening(child, http, () => printed)
  return {
    http,
    https,
    state,
    output: () => printed,
    accessLog: async (client, count) => {
      for (;;) {
        const lines = readFileSync(path.join(state, 'access.log'), 'utf8').split('\n').slice(0, -1)
        const own = lines
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .filter((line) => line.client === client)
        if (own.length >= count) return own
        await wait(10)
      }
    },
    stop: async () => {
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** Lets the entrypoint write the configuration and nginx read it, without serving. */
export async function checkEntry(
  prefix: Prefix,
  env: Record<string, string>,
): Promise<{ code: number | null; output: string; state: string }> {
  const { state, all } = await prepare(prefix, env)
  const { status, stdout, stderr } = spawnSync(path.join(prefix.folder, 'nginx', 'entrypoint.sh'), ['check'], {
    ...identity,
    cwd: prefix.folder,
    env: all,
    encoding: 'utf8',
  })
  return { code: status, output: `${stdout}${stderr}`, state }
}

async function prepare(prefix: Prefix, env: Record<string, string>) {
  const [http, https] = [await findFreePort(), await findFreePort()]
  const state = mkdtempSync(path.join(prefix.folder, 'state-'))
  own(state)
  const all: NodeJS.ProcessEnv = {
    NODE_ENV: 'production',
    PATH: process.env.PATH ?? '',
    NGINX_BINARY: findInPath('nginx') ?? 'nginx',
    CERTIFICATES: prefix.certificates,
    ENTRY_FILES: prefix.files,
    ENTRY_STATE: state,
    ENTRY_LOG: path.join(state, 'access.log'),
    HTTP_PORT: String(http),
    HTTPS_PORT: String(https),
    ...env,
  }
  return { http, https, state, all }
}

async function untilListening(child: ChildProcess, port: number, printed: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the entrypoint ended with ${child.exitCode}:\n${printed()}`)
    const reply = await send(port, '/entry-health').catch(() => null)
    if (reply?.status === 200) return
    await wait(20)
  }
}

/** Names of the files below a folder of the built ones, the largest first. */
export function builtFile(prefix: Prefix, ending: string): string {
  const { stdout } = spawnSync(
    'find',
    [path.join(prefix.files, 'static', '_next'), '-name', `*${ending}`, '-size', '+8k'],
    {
      encoding: 'utf8',
    },
  )
  const file = stdout.split('\n').find((name) => name !== '' && existsSync(`${name}.gz`))
  if (!file) throw new Error(`the build has no packed ${ending}`)
  return path.relative(path.join(prefix.files, 'static'), file)
}
