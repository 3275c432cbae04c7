import { openDatabase } from '#scripts/embedded-postgres.ts'
import { runMain } from '#scripts/run-main.ts'

// Opens the database of DATA_DIR as a service (reached at the second argument, its stand-in for Stripe at the third) or a command would, says what it knows,
// and keeps it until SIGTERM.
await runMain(async () => {
  const kind = process.argv[2] === 'command' ? 'command' : 'service'
  const database = await openDatabase({
    command: `test ${kind}`,
    kind,
    onWait: (reason) => process.stdout.write(`${reason}\n`),
  })
  process.on('SIGTERM', () => void database.close().then(() => process.exit(0)))
  database.announce({ address: process.argv[3], demoPayUrl: process.argv[4] })
  process.stdout.write(`address ${process.env.APP_URL}\n`)
  process.stdout.write(`pays at ${process.env.STRIPE_API_BASE} with ${process.env.STRIPE_SECRET_KEY}\n`)
  process.stdout.write(`open ${process.env.DATABASE_OWNER_URL}\n`)
  setInterval(() => undefined, 60_000)
})
