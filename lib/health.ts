import { sql } from 'drizzle-orm'
import type { Executor } from '#db/client.ts'
import { missingMigrations } from '#db/migrate.ts'
import { getDatabase } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { singleton } from '#lib/singleton.ts'

export type Health = {
  ok: boolean
  process: { uptimeSeconds: number }
  database: 'ok' | 'down'
  migrations: 'ok' | 'missing' | 'unknown'
}

// Longer than a busy database takes, shorter than a watcher waits.
const DATABASE_MS = 3_000

/** Whether this process can serve: its database answers and has this release's schema. */
export async function checkHealth(db: Executor = getDatabase(), url: string = getEnv().DATABASE_URL): Promise<Health> {
  const database = await probe(db)
  const migrations = database === 'ok' ? await checkMigrations(url) : 'unknown'
  return {
    ok: database === 'ok' && migrations === 'ok',
    process: { uptimeSeconds: Math.floor(process.uptime()) },
    database,
    migrations,
  }
}

async function probe(db: Executor): Promise<Health['database']> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${DATABASE_MS} ms`)), DATABASE_MS)
  })
  try {
    await Promise.race([db.execute(sql`SELECT 1`), timeout])
    return 'ok'
  } catch (error) {
    log.warn({ err: error }, 'health: the database does not answer')
    return 'down'
  } finally {
    clearTimeout(timer)
  }
}

// Migrations only go forward, so a database that had them all keeps them.
const upToDate = () => singleton('health-migrated', () => new Set<string>())

async function checkMigrations(url: string): Promise<Health['migrations']> {
  if (upToDate().has(url)) return 'ok'
  try {
    if ((await missingMigrations(url)).length > 0) return 'missing'
    upToDate().add(url)
    return 'ok'
  } catch (error) {
    log.warn({ err: error }, 'health: the migrations cannot be read')
    return 'unknown'
  }
}
