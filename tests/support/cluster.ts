import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { createDatabase, type Database } from '#db/client.ts'
import { migrateDatabase } from '#db/migrate.ts'
import { APP_ROLE, databaseUrl, ensureRoles, OWNER_ROLE } from '#scripts/embedded-postgres.ts'
import { SUPERUSER, startCluster } from '#scripts/postgres/cluster.ts'

/** A server for tests and a migrated database to clone; plain data, so that it can be handed to test processes. */
export type TestCluster = { adminUrl: string; template: string; ownerPassword: string; appPassword: string }

/**
 * Starts one throw-away PostgreSQL for a test run, or uses the server of TEST_DATABASE_URL
 * (a role that may create roles and databases), and migrates one database that tests clone.
 * @param durable whether a commit is on the disk when it is acknowledged; tests do without
 */
export async function startTestCluster({
  adminUrl = process.env.TEST_DATABASE_URL,
  durable = false,
}: {
  adminUrl?: string
  durable?: boolean
} = {}): Promise<TestCluster & { stop(): Promise<void> }> {
  const server = adminUrl ? { adminUrl, stop: async () => undefined } : await startThrowaway(!durable)
  const template = `ub_template_${randomBytes(6).toString('hex')}`
  const cluster = { adminUrl: server.adminUrl, template, ownerPassword: 'test-owner', appPassword: 'test-app' }
  await asAdmin(cluster.adminUrl, async (client) => {
    await ensureRoles(client, cluster)
    await client.query(`GRANT ${OWNER_ROLE} TO CURRENT_USER`)
    await client.query(`CREATE DATABASE ${template} OWNER ${OWNER_ROLE}`)
  })
  await migrateDatabase({ ownerUrl: urlOf(cluster, OWNER_ROLE, template), appUrl: urlOf(cluster, APP_ROLE, template) })
  const stop = async () => {
    await asAdmin(cluster.adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`))
    await server.stop()
  }
  return { ...cluster, stop }
}

/** A fresh migrated database. `url` and `db` are the application's role, `ownerUrl` the one that may do everything. */
export type TestDatabase = { url: string; ownerUrl: string; db: Database; close(): Promise<void> }

/** Clones the migrated template into a database of its own; `close` drops it. */
export async function cloneDatabase(
  cluster: TestCluster,
  { poolMax = 10 }: { poolMax?: number } = {},
): Promise<TestDatabase> {
  const name = `ub_test_${randomBytes(6).toString('hex')}`
  await asAdmin(cluster.adminUrl, (client) =>
    // Copied as files it takes half the time: a server for tests syncs nothing.
    client.query(`CREATE DATABASE ${name} TEMPLATE ${cluster.template} OWNER ${OWNER_ROLE} STRATEGY FILE_COPY`),
  )
  const url = urlOf(cluster, APP_ROLE, name)
  const db = createDatabase(url, poolMax)
  const close = async () => {
    await db.$client.end()
    await asAdmin(cluster.adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  }
  return { url, ownerUrl: urlOf(cluster, OWNER_ROLE, name), db, close }
}

/** Connection string of one of the two roles for a database of the test server. */
export function urlOf(cluster: TestCluster, role: typeof OWNER_ROLE | typeof APP_ROLE, database: string): string {
  const url = new URL(cluster.adminUrl)
  url.username = role
  url.password = role === OWNER_ROLE ? cluster.ownerPassword : cluster.appPassword
  url.pathname = `/${database}`
  return url.href
}

/** Runs statements as the role that may create databases. */
export async function asAdmin<T>(adminUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function startThrowaway(volatile: boolean) {
  const around = mkdtempSync(path.join(tmpdir(), 'ub-test-'))
  chmodSync(around, 0o711)
  const superuserPassword = randomBytes(12).toString('hex')
  const folder = path.join(around, 'postgres')
  const cluster = await startCluster({
    folder,
    logFile: path.join(around, 'postgres.log'),
    superuserPassword,
    volatile,
  })
  const stop = async () => {
    await cluster.stop('immediate')
    rmSync(around, { recursive: true, force: true })
  }
  return { adminUrl: databaseUrl(SUPERUSER, superuserPassword, cluster.port, 'postgres'), stop }
}
