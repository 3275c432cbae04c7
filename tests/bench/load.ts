/** What a load did in one round. Times are milliseconds. */
export type Sample = {
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** CPU for one piece of work: of this process, and of the database server where it can be read. */
  clientCpuMs: number
  serverCpuMs: number | null
}

export type LoadOptions = {
  clients: number
  seconds: number
  /** CPU that the database server has used so far, in milliseconds; null when nobody knows. */
  serverCpu(): number | null
}

const WARM_UP_MS = 1_000

/** Lets so many clients do the same work again and again, each waiting for its own, and says how fast it went. */
export async function measureLoad(
  work: (client: number) => Promise<void>,
  { clients, seconds, serverCpu }: LoadOptions,
): Promise<Sample> {
  const durations: number[] = []
  let isMeasured = false
  let isOver = false
  const loop = async (client: number) => {
    while (!isOver) {
      const startedAt = performance.now()
      await work(client)
      if (isMeasured && !isOver) durations.push(performance.now() - startedAt)
    }
  }
  const loops = Promise.all(Array.from({ length: clients }, (_, client) => loop(client)))
  await Promise.race([loops, pause(WARM_UP_MS)])
  const cpuBefore = process.cpuUsage()
  const serverBefore = serverCpu()
  const startedAt = performance.now()
  isMeasured = true
  await Promise.race([loops, pause(seconds * 1000)])
  isOver = true
  const elapsedMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  const serverAfter = serverCpu()
  await loops
  const count = durations.length
  const serverMs = serverBefore === null || serverAfter === null ? null : serverAfter - serverBefore
  return {
    perSecond: (count / elapsedMs) * 1000,
    p50Ms: quantile(durations, 0.5),
    p99Ms: quantile(durations, 0.99),
    clientCpuMs: (user + system) / 1000 / count,
    serverCpuMs: serverMs === null ? null : serverMs / count,
  }
}

/** The middle round of several, by speed. */
export function medianSample(samples: readonly Sample[]): Sample {
  const sorted = samples.toSorted((a, b) => a.perSecond - b.perSecond)
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}

/** The middle one of several figures. */
export function medianOf(values: readonly number[]): number {
  return quantile(values, 0.5)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
