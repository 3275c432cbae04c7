import '#scripts/drizzle-files.mjs'

// The service's log goes to standard output, which here belongs to the answer; set before anything opens the log.
process.env.LOG_LEVEL = 'silent'

const { runAdmin } = await import('#scripts/admin/run.ts')
process.exitCode = await runAdmin(process.argv.slice(2))
