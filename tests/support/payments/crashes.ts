import type pg from 'pg'
import { createDatabase, type Database } from '#db/client.ts'
import type { Crash } from './steps.ts'

/** A statement that did not come to be, and with it all of its transaction; or nobody knows. */
class Crashed extends Error {}

type Send = (...args: unknown[]) => unknown
type Cable = { connection: { stream: { destroy(): void; destroySoon(): void } }; processID: number }

/** A pool whose connections break when they are told to. */
export class CrashingDatabase {
  readonly db: Database
  #plan: Crash | null = null
  #sent = 0
  #struck: { crash: Crash; pid: number } | null = null

  constructor(url: string, poolMax: number) {
    this.db = createDatabase(url, poolMax)
    this.db.$client.on('connect', (client) => this.#watch(client))
  }

  /**
   * Does something that is to break off.
   * @returns how it ended: `crash` is what broke it, null when it did not come to that
   */
  async during(crash: Crash | null, work: () => Promise<unknown>): Promise<Crash | null> {
    this.#plan = crash
    this.#sent = 0
    this.#struck = null
    try {
      await work()
    } catch (error) {
      if (!this.#struck) throw error
    } finally {
      this.#plan = null
    }
    const struck = this.#struck as { crash: Crash; pid: number } | null
    if (struck?.crash.how === 'during') await this.#untilGone(struck.pid)
    return struck?.crash ?? null
  }

  /** A COMMIT may be under way for as long as its process lives. */
  async #untilGone(pid: number): Promise<void> {
    for (;;) {
      const { rowCount } = await this.db.$client.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])
      if (rowCount === 0) return
    }
  }

  #watch(client: pg.PoolClient): void {
    const send = client.query.bind(client) as Send
    const cable = client as unknown as Cable
    client.query = ((...args: unknown[]) => {
      const crash = this.#strikes(args)
      if (!crash) return send(...args)
      this.#struck = { crash, pid: cable.processID }
      const { stream } = cable.connection
      const answer = args.at(-1)
      switch (crash.how) {
        case 'error': {
          const error = new Crashed('the statement was not sent')
          if (typeof answer !== 'function') return Promise.reject(error)
          process.nextTick(answer, error)
          return undefined
        }
        case 'cut':
        case 'before':
          stream.destroy()
          return send(...args)
        case 'during': {
          const answered = send(...args)
          stream.destroySoon()
          return answered
        }
        case 'after':
          return Promise.resolve(send(...args)).then(() => {
            stream.destroy()
            throw new Crashed('the answer was lost')
          })
      }
    }) as typeof client.query
  }

  #strikes(args: unknown[]): Crash | null {
    if (!this.#plan) return null
    const [statement] = args as [{ text?: string } | string]
    const text = typeof statement === 'string' ? statement : (statement.text ?? '')
    const isIt = this.#plan.at === 'commit' ? /^commit$/i.test(text.trim()) : this.#sent++ === this.#plan.at
    if (!isIt) return null
    const crash = this.#plan
    this.#plan = null
    return crash
  }
}
