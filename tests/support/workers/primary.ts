import path from 'node:path'
import { getEnv } from '#lib/env.ts'
import { runMain } from '#scripts/run-main.ts'
import { serveWithWorkers } from '#scripts/server/workers.ts'

// The process that runs workers, without the application: see `worker.ts` beside this file.
await runMain(async () => {
  const { SERVER_WORKERS: count, UB_DRAIN_SECONDS: drainSeconds } = getEnv()
  const program = path.join(import.meta.dirname, 'worker.ts')
  await serveWithWorkers({ count, program, signals: ['SIGTERM', 'SIGINT'], drainMs: drainSeconds * 1000 })
  process.stdout.write('serving\n')
})
