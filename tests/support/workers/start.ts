import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { findFreePort } from '#scripts/ports.ts'

type Fate = 'serve' | 'fail' | 'hang'

/** An answer that has begun: who gives it, and its rest. */
export type Begun = { pid: number; connection: string | undefined; rest: Promise<string> }

/** Several processes on one port, without a database and a build. */
export class Workers {
  readonly port: number
  readonly primary: ChildProcess
  readonly gone: Promise<number | string>
  readonly #lines: string[] = []
  readonly #waiting = new Set<() => void>()
  readonly #fateFile: string

  private constructor(port: number, fate: Fate, env: Record<string, string>) {
    this.port = port
    const folder = mkdtempSync(path.join(tmpdir(), 'ub-workers-'))
    this.#fateFile = path.join(folder, 'fate')
    this.decide(fate)
    this.primary = spawn(process.execPath, [path.join(import.meta.dirname, 'primary.ts')], {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        NODE_OPTIONS: '',
        LOG_LEVEL: 'info',
        PORT: String(port),
        APP_URL: `http://localhost:${port}`,
        WORKER_FATE: this.#fateFile,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.primary.stdout, this.primary.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#note(line))
    }
    this.gone = once(this.primary, 'exit').then(([code, signal]) => {
      rmSync(folder, { recursive: true, force: true })
      this.#note(`the primary ended with ${signal ?? code}`)
      return (signal ?? code) as number | string
    })
  }

  static async start({ count = 2, drainSeconds = 300, fate = 'serve' as Fate, port = 0 } = {}): Promise<Workers> {
    const env = { SERVER_WORKERS: String(count), UB_DRAIN_SECONDS: String(drainSeconds) }
    return new Workers(port || (await findFreePort()), fate, env)
  }

  /** What becomes of workers that start from now on. */
  decide(fate: Fate): void {
    writeFileSync(this.#fateFile, fate)
  }

  get output(): string {
    return this.#lines.join('\n')
  }

  /** Resolves when so many lines were written that match. @returns what they have in their first group */
  async lines(pattern: RegExp, count = 1): Promise<string[]> {
    for (;;) {
      const found = this.#lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])
      if (found.length >= count) return found
      if (this.primary.exitCode !== null || this.primary.signalCode !== null) throw new Error(this.output)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** Asks on a connection of its own, or of the agent's. */
  async ask(url = '/', agent: Agent | false = false): Promise<Begun> {
    const asked = request({ port: this.port, host: 'localhost', path: url, agent }).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    if (response.statusCode !== 200) throw new Error(`answered with ${response.statusCode}`)
    const rest = text(response)
    // Who looks for a failure looks later.
    rest.catch(() => undefined)
    return { pid: Number(response.headers['x-pid']), connection: response.headers.connection, rest }
  }

  /** Begins an answer on each of so many workers. */
  async holdOnEach(count: number): Promise<Begun[]> {
    const held = new Map<number, Begun>()
    while (held.size < count) {
      const begun = await this.ask('/held')
      if (!held.has(begun.pid)) held.set(begun.pid, begun)
    }
    return [...held.values()]
  }

  /** Resolves when nobody listens on the port any more. */
  async refuses(): Promise<void> {
    for (;;) {
      const refusal = await this.ask().then(
        () => null,
        (error: NodeJS.ErrnoException) => error.code,
      )
      if (refusal === 'ECONNREFUSED') return
    }
  }

  /** Ends what is still there. */
  async remove(): Promise<void> {
    for (const pid of await this.lines(/^starting (\d+)$/, 0).catch(() => [])) end(Number(pid))
    this.primary.kill('SIGKILL')
    await this.gone
  }

  #note(line: string): void {
    this.#lines.push(line)
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** Resolves when there is no such process any more. */
export async function untilGone(pid: number): Promise<void> {
  while (isThere(pid)) await turn()
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
