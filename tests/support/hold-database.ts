import { openDatabase } from '#scripts/embedded-postgres.ts'
import { runMain } from '#scripts/run-main.ts'

// Opens the database of DATA_DIR as a service (reached at the second argument) or a command would, says what it knows,
// and keeps it until SIGTERM.
await runMain(async () => {
  const kind = process.argv[2] === 'command' ? 'command' : 'service'
  const database = await openDatabase({
    command: `test ${kind}`,
    kind,
    onWait: (reason) => process.stdout.write(`${reason}\n`),
  })
  process.on('SIGTERM', () => void database.close().then(() => process.exit(0)))
  database.announce(process.argv[3] ?? '')
  process.stdout.write(`address ${process.env.APP_URL}\n`)
  process.stdout.write(`open ${process.env.DATABASE_OWNER_URL}\n`)
  setInterval(() => undefined, 60_000)
})
