import pg from 'pg'

export type Statement = { text: string; values: unknown[] }

/**
 * Notes every statement that this process sends from now on, by whatever pool.
 * @returns `take` gives those since the last time
 */
export function logStatements(): { take(): Statement[]; stop(): void } {
  const original = pg.Client.prototype.query as (...args: unknown[]) => unknown
  let sent: Statement[] = []
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [asked, values] = args as [string | { text?: string; values?: unknown[] }, unknown[] | undefined]
    if (typeof asked === 'string') sent.push({ text: asked, values: Array.isArray(values) ? values : [] })
    else if (asked.text) sent.push({ text: asked.text, values: Array.isArray(values) ? values : (asked.values ?? []) })
    return original.apply(this, args)
  } as typeof pg.Client.prototype.query
  return {
    take: () => {
      const taken = sent
      sent = []
      return taken
    },
    stop: () => {
      pg.Client.prototype.query = original as typeof pg.Client.prototype.query
    },
  }
}
