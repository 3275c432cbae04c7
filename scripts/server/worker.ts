import path from 'node:path'
import { getEnv } from '#lib/env.ts'
import { runMain } from '#scripts/run-main.ts'
import { prepareApplication } from '#scripts/server/application.ts'
import { serveAsWorker } from '#scripts/server/serve-as-worker.ts'

const root = path.resolve(import.meta.dirname, '..', '..')
await runMain(() => serveAsWorker(() => prepareApplication(getEnv(), root)))
