import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { APP_ROLE, OWNER_ROLE } from '#scripts/embedded-postgres.ts'
import { asAdmin, urlOf } from '#tests/support/cluster.ts'

/** A fresh migrated database. `url` and `db` are the application's role, `ownerUrl` the one that may do everything. */
export type TestDatabase = { url: string; ownerUrl: string; db: Database; close(): Promise<void> }

/**
 * Makes a database of its own for a test file: a clone of the migrated template, dropped by `close`.
 * @param poolMax connections at most; races need as many as they have contestants
 */
export async function createTestDatabase({ poolMax = 10 }: { poolMax?: number } = {}): Promise<TestDatabase> {
  const cluster = inject('cluster')
  const name = `ub_test_${randomBytes(6).toString('hex')}`
  await asAdmin(cluster.adminUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${cluster.template} OWNER ${OWNER_ROLE}`))
  const url = urlOf(cluster, APP_ROLE, name)
  const db = createDatabase(url, poolMax)
  const close = async () => {
    await db.$client.end()
    await asAdmin(cluster.adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  }
  return { url, ownerUrl: urlOf(cluster, OWNER_ROLE, name), db, close }
}
