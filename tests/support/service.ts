import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { findFreePort } from '#scripts/ports.ts'
import type { TestDatabase } from '#tests/support/cluster.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const NODE = process.execPath

export type Service = {
  /** Address on this machine, without a trailing slash. */
  url: string
  port: number
  /** What the service printed so far, for assertions about its log. */
  output(): string
  /** Asks it to stop and waits until it is gone. */
  stop(): Promise<number | null>
  pid: number
  /** Settles with its exit code when it is gone, for whatever reason. */
  gone: Promise<number | null>
}

export const TEST_SECRETS = { AUTH_SECRET: 'test-secret-'.repeat(4), ENCRYPTION_KEY: '5e'.repeat(32) }

/**
 * Starts the production server, as the container runs it, on a free port.
 * @param env beyond the database and the secrets, for example `HTTPS_PROXY`
 * @param options a port to come back to, and a process group of its own to be killed as one
 */
export async function startService(
  database: Pick<TestDatabase, 'url' | 'ownerUrl'>,
  env: Record<string, string> = {},
  options: { port?: number; detached?: boolean } = {},
): Promise<Service> {
  const port = options.port ?? (await findFreePort())
  const child = spawn(NODE, ['scripts/serve.ts'], {
    cwd: ROOT,
    detached: options.detached ?? false,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      PORT: String(port),
      DATABASE_URL: database.url,
      DATABASE_OWNER_URL: database.ownerUrl,
      UB_DATABASE: 'embedded',
      UB_DRAIN_SECONDS: '3',
      ...TEST_SECRETS,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const gone = once(child, 'exit').then(([code]) => code as number | null)
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        printed += `${line}\n`
        if (line.startsWith('Serving ')) resolve()
      })
    }
    gone.then((code) => reject(new Error(`the server ended with ${code}:\n${printed}`)))
  })
  await ready
  return {
    url: `http://localhost:${port}`,
    port,
    output: () => printed,
    stop: () => {
      child.kill('SIGTERM')
      return gone
    },
    pid: child.pid!,
    gone,
  }
}

/** Runs an operator's command as a person would and returns what it printed on standard output. */
export async function runAdmin(
  database: TestDatabase,
  args: string[],
  stdin = '',
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(NODE, ['scripts/admin.ts', ...args], {
    cwd: ROOT,
    env: {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: database.url,
      DATABASE_OWNER_URL: database.ownerUrl,
      ...TEST_SECRETS,
    },
    stdio: 'pipe',
  })
  child.stdin.end(stdin)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}
