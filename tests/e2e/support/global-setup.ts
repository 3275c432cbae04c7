import { startTestCluster } from '#tests/support/cluster.ts'
import { TEST_SECRETS } from '#tests/support/service.ts'

/** One PostgreSQL for all stories; the fixtures clone its migrated template. */
export default async function setup(): Promise<() => Promise<void>> {
  const { stop, ...cluster } = await startTestCluster()
  process.env.UB_TEST_CLUSTER = JSON.stringify(cluster)
  // Verbs that a story calls itself seal what the services open; they get their database by argument.
  Object.assign(process.env, TEST_SECRETS, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
  return stop
}
