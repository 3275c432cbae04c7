import { runMain } from '#scripts/run-main.ts'
import { runService } from '#scripts/service.ts'

const environment = process.env as Record<string, string | undefined>
environment.NODE_ENV = 'production'

await runMain(async () => {
  await runService('production', 'npm start')
  process.exit(0)
})
