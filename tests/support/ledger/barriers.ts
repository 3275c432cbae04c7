import type pg from 'pg'
import type { Database } from '#db/client.ts'

/**
 * Waits until the connection `pid` waits for a lock that `blocker` holds.
 * @returns false when the work on it was over first
 */
export async function untilBlocked(owner: pg.Client, pid: number, blocker: number, work: Promise<unknown>) {
  let over = false
  const end = () => {
    over = true
  }
  work.then(end, end)
  while (!over) {
    const { rows } = await owner.query('SELECT $2 = ANY(pg_blocking_pids($1)) AS blocked', [pid, blocker])
    if (rows[0].blocked) return true
  }
  return false
}

/** Waits until so many connections to this database wait for locks. */
export async function untilWaiting(owner: pg.Client, count: number): Promise<void> {
  for (;;) {
    const { rows } = await owner.query(`
      SELECT count(DISTINCT l.pid)::int AS waiting FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE a.datname = current_database() AND NOT l.granted`)
    if (rows[0].waiting >= count) return
  }
}

/** Opens all connections of a pool, and lets them wait for locks for as long as the slowest machine needs. */
export async function openAll({ $client: pool }: Database, count: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()))
  await Promise.all(clients.map((client) => client.query("SET lock_timeout = '5min'; SET statement_timeout = '5min'")))
  for (const client of clients) client.release()
}
