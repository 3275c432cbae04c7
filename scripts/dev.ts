import { runMain } from '#scripts/run-main.ts'
import { runService } from '#scripts/service.ts'

const environment = process.env as Record<string, string | undefined>
environment.NODE_ENV = 'development'

await runMain(async () => {
  await runService('development', 'npm run dev')
  process.exit(0)
})
