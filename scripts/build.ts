import path from 'node:path'
import { buildWhenStale } from '#scripts/next-build.ts'
import { runMain } from '#scripts/run-main.ts'

await runMain(() => buildWhenStale(path.dirname(import.meta.dirname), { force: true }))
