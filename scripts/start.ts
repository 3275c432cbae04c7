import { runMain } from '#scripts/run-main.ts'
import { runService } from '#scripts/service.ts'
import { describeStartOptions, parseStartOptions } from '#scripts/start-options.ts'

const environment = process.env as Record<string, string | undefined>
environment.NODE_ENV = 'production'
const command = 'npm start'

await runMain(async () => {
  const { help, demoPay } = parseStartOptions(process.argv.slice(2), command)
  if (help) process.stdout.write(describeStartOptions(command))
  else await runService('production', { command, demoPay })
  process.exit(0)
})
