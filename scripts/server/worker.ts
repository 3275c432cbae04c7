import path from 'node:path'
import { getEnv } from '#lib/env.ts'
import { runMain } from '#scripts/run-main.ts'
import { serveHere } from '#scripts/server/process.ts'

// The primary hears the terminal's Ctrl-C too and decides for all of its workers.
process.on('SIGINT', () => undefined)
process.on('SIGHUP', () => undefined)

await runMain(async () => {
  await serveHere(getEnv(), path.resolve(import.meta.dirname, '..', '..'), ['SIGTERM'])
  process.send?.({ type: 'ready' })
})
