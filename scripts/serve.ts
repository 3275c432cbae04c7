import { existsSync } from 'node:fs'
import path from 'node:path'
import { missingMigrations } from '#db/migrate.ts'
import { parseServerEnv } from '#lib/env.ts'
import { findFreePort } from '#scripts/ports.ts'
import { PlainError, runMain } from '#scripts/run-main.ts'
import { parseTrustedProxies } from '#scripts/server/addresses.ts'

// Next and React read it when they are loaded, which is why the server is imported later.
const environment = process.env as Record<string, string | undefined>
environment.NODE_ENV ||= 'production'
environment.NEXT_TELEMETRY_DISABLED = '1'
// next-auth takes its origin from the headers that our server has checked, never from a fixed URL.
environment.AUTH_TRUST_HOST = '1'
delete environment.NEXTAUTH_URL

// A supervisor hears the same Ctrl-C and decides when this process stops.
const supervised = process.env.UB_SUPERVISED === '1'
const signals: NodeJS.Signals[] = supervised ? ['SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP']
if (supervised) for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
// Until it serves there is nothing to finish. The first process of a container does not hear what it does not listen for.
const leave = () => process.exit(0)
for (const signal of signals) process.once(signal, leave)

await runMain(async () => {
  const root = path.dirname(import.meta.dirname)
  if (process.env.PORT === '0') process.env.PORT = String(await findFreePort())
  const env = parseServerEnv(process.env)
  parseTrustedProxies(env.TRUSTED_PROXIES)
  const dev = env.NODE_ENV === 'development'
  if (!dev && !existsSync(path.join(root, '.next', 'BUILD_ID')))
    throw new PlainError('there is no build: run npm run build first')
  const missing = await missingMigrations(env.DATABASE_URL)
  if (missing.length > 0) {
    throw new PlainError(
      `the database lacks ${missing.length} migrations (${missing.join(', ')}): run npm run db:migrate first`,
    )
  }
  if (env.SERVER_WORKERS > 1 && !dev) {
    const { serveWithWorkers } = await import('#scripts/server/workers.ts')
    for (const signal of signals) process.off(signal, leave)
    await serveWithWorkers({ count: env.SERVER_WORKERS, signals, drainMs: env.UB_DRAIN_SECONDS * 1000 })
  } else {
    const { serveHere } = await import('#scripts/server/process.ts')
    const { prepareApplication } = await import('#scripts/server/application.ts')
    for (const signal of signals) process.off(signal, leave)
    await serveHere({ env, prepare: () => prepareApplication(env, root), signals })
  }
  if (supervised) process.send?.({ type: 'ready' })
  else
    process.stdout.write(
      `Serving http://localhost:${env.PORT} as ${env.APP_URL} with ${env.SERVER_WORKERS} process(es)\n`,
    )
})
