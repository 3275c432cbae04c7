import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestCluster } from '#tests/support/cluster.ts'
import type { Failure } from './registry.ts'

/** What a worker is given when it starts: its server, with the name of a template of its own, and what to load. */
export type Assignment = {
  cluster: TestCluster
  url: string
  files: string[] /** The migrated template. */
  pristine: string
}

/** Statements that change the schema (null: none), and the test files to run then, in this order. */
export type Task = { sql: string | null; files: string[] }

/** The first failure (null: all passed), or that the change itself was refused; and how long each file took. */
export type Verdict =
  | { type: 'refused'; reason: string }
  | { type: 'ran'; failure: (Failure & { file: string }) | null; durations: Record<string, number> }

/** A process with all test files loaded; one that hangs or ends is replaced, and its mutant counts as noticed. */
export class WorkerProcess {
  readonly #server: Server
  readonly #assignment: Assignment
  #child: ChildProcess | undefined
  /** The worker's request for its next task. */
  #response: ServerResponse | undefined

  private constructor(server: Server, assignment: Assignment) {
    this.#server = server
    this.#assignment = assignment
  }

  /** @param template name of a database that is the worker's own */
  static async start(cluster: TestCluster, files: string[], template: string): Promise<WorkerProcess> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    // Statements of a mutant that never end must not keep the run.
    const adminUrl = `${cluster.adminUrl}?options=${encodeURIComponent('-c statement_timeout=15s')}`
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const worker = new WorkerProcess(server, {
      cluster: { ...cluster, adminUrl, template },
      url,
      files,
      pristine: cluster.template,
    })
    await worker.#begin()
    return worker
  }

  /** @param limitMs how long it may take at most */
  async run(task: Task, limitMs: number): Promise<Verdict> {
    this.#response!.end(JSON.stringify(task))
    const verdict = await this.#nextRequest(limitMs)
    if (verdict) return verdict
    this.#child!.kill('SIGKILL')
    await this.#begin()
    const failure = { file: '', test: 'nothing, for the tests did not come to an end', reason: '' }
    return { type: 'ran', failure, durations: {} }
  }

  async stop(): Promise<void> {
    const child = this.#child!
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    if (this.#response?.writableEnded) child.kill()
    else this.#response?.end('null')
    await gone
    this.#server.close()
  }

  async #begin(): Promise<void> {
    const config = path.join('tests', 'mutation', 'vitest.config.ts')
    this.#child = spawn(process.execPath, [VITEST, 'run', '--config', config], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_NO_WARNINGS: '1', MUTATION_ASSIGNMENT: JSON.stringify(this.#assignment) },
    })
    // The runner tells of promises that failed tests left behind, which is nobody's business once it has started.
    let said = ''
    this.#child.stderr!.on('data', (chunk) => (said = (said + chunk).slice(-10_000)))
    // The first request asks for a task and has no verdict to bring.
    if ((await this.#nextRequest(START_MS)) === undefined) throw new Error(`the tests could not be loaded\n${said}`)
  }

  /** @returns what the next request brings (null: nothing yet), or undefined when none comes */
  #nextRequest(limitMs: number): Promise<Verdict | null | undefined> {
    const child = this.#child!
    return new Promise((resolve) => {
      const settle = (verdict: Verdict | null | undefined) => {
        clearTimeout(timer)
        child.off('exit', onGone)
        this.#server.off('request', onRequest)
        resolve(verdict)
      }
      const onGone = () => settle(undefined)
      const timer = setTimeout(onGone, limitMs)
      const onRequest = (request: IncomingMessage, response: ServerResponse) => {
        this.#response = response
        text(request).then((body) => settle(JSON.parse(body) as Verdict | null), onGone)
      }
      child.once('exit', onGone)
      this.#server.once('request', onRequest)
    })
  }
}

const START_MS = 120_000
const ROOT = path.resolve(import.meta.dirname, '..', '..')
const VITEST = path.join('node_modules', 'vitest', 'vitest.mjs')
