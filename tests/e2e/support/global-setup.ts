import { startTestCluster } from '#tests/support/cluster.ts'

/** One PostgreSQL for all stories; the fixtures clone its migrated template. */
export default async function setup(): Promise<() => Promise<void>> {
  const { stop, ...cluster } = await startTestCluster()
  process.env.UB_TEST_CLUSTER = JSON.stringify(cluster)
  return stop
}
