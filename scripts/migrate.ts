import { withDatabase } from '#scripts/embedded-postgres.ts'
import { migrateFromEnv } from '#scripts/migrating.ts'
import { runMain } from '#scripts/run-main.ts'

await runMain(() =>
  withDatabase('npm run db:migrate', async () => {
    const applied = await migrateFromEnv()
    process.stdout.write(applied.length > 0 ? `applied ${applied.join(', ')}\n` : 'the database is up to date\n')
  }),
)
