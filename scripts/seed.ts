import { getEnv } from '#lib/env.ts'
import { loadDemo } from '#scripts/demo-data/load-demo.ts'
import { parseSeedOptions, SEED_USAGE } from '#scripts/demo-data/options.ts'
import { withDatabase } from '#scripts/embedded-postgres.ts'
import { migrateFromEnv } from '#scripts/migrating.ts'
import { runMain } from '#scripts/run-main.ts'
import { seedFromEnv } from '#scripts/seeding.ts'

await runMain(async () => {
  const { demo, help } = parseSeedOptions(process.argv.slice(2))
  if (help) {
    process.stdout.write(SEED_USAGE)
    return
  }
  await withDatabase('npm run seed', async () => {
    await migrateFromEnv()
    const { report, packagesAdded, hasChannel, adminLink } = await seedFromEnv()
    const { currency, modelsAdded, channel } = report
    const lines = [
      `currency ${currency}; ${modelsAdded.length} models and ${packagesAdded} packages added; channel: ${channel}`,
    ]
    if (!report.priced)
      lines.push(`No exchange rate to ${currency} is known: set prices with npm run admin -- model set`)
    if (!hasChannel) lines.push('No channel is set up: npm run admin -- channel add, or OPENAI_API_KEY')
    if (adminLink) lines.push('There is no admin yet. This link makes one, once:', `  ${adminLink}`)
    process.stdout.write(`${lines.join('\n')}\n`)
    if (!demo) return
    const { DATABASE_URL: url, DATABASE_OWNER_URL: ownerUrl = url } = getEnv()
    const { loaded, size } = await loadDemo(demo, { url, ownerUrl })
    process.stdout.write(
      loaded ? `the ${size} demonstration is there\n` : `the ${size} demonstration was there already\n`,
    )
  })
})
