import path from 'node:path'
import pg from 'pg'
import { inject, test } from 'vitest'
import { OWNER_ROLE } from '#scripts/embedded-postgres.ts'
import { asAdmin, urlOf } from '#tests/support/cluster.ts'
import { record, runSuite, type Suite } from './registry.ts'
import type { Task, Verdict } from './worker-process.ts'

// Loads the test files once, asks the main process for one changed schema after another, and runs the files on each.

const { url, files, pristine } = inject('mutation')
const cluster = inject('cluster')

test('judges mutants until there are no more', { timeout: 0 }, async () => {
  const suites = new Map<string, Suite>()
  for (const file of files) suites.set(file, await record(file, () => import(/* @vite-ignore */ path.resolve(file))))
  let last: Verdict | null = null
  for (;;) {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(last) })
    const task = (await response.json()) as Task | null
    if (!task) return
    last = await judge(task, suites)
  }
})

async function judge({ sql, files }: Task, suites: Map<string, Suite>): Promise<Verdict> {
  await asAdmin(cluster.adminUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${cluster.template} WITH (FORCE)`)
    await client.query(
      `CREATE DATABASE ${cluster.template} TEMPLATE ${pristine} OWNER ${OWNER_ROLE} STRATEGY FILE_COPY`,
    )
  })
  const refusal = sql && (await change(sql))
  if (refusal) return { type: 'refused', reason: refusal }
  const durations: Record<string, number> = {}
  for (const file of files) {
    const startedAt = performance.now()
    const failure = await runSuite(suites.get(file)!)
    durations[file] = performance.now() - startedAt
    if (failure) return { type: 'ran', failure: { file, ...failure }, durations }
  }
  return { type: 'ran', failure: null, durations }
}

/** @returns what the database said when it refused */
async function change(sql: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: urlOf(cluster, OWNER_ROLE, cluster.template) })
  await client.connect()
  try {
    await client.query(sql)
    return null
  } catch (error) {
    return (error as Error).message
  } finally {
    await client.end()
  }
}
