import { createDatabase } from '#db/client.ts'
import { createFirstAdmin, createFirstAdminLink } from '#lib/auth/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { listChannels, type SeedReport, seedDatabase } from '#lib/models/index.ts'
import { seedPackages } from '#lib/payments/index.ts'
import { PlainError } from '#scripts/run-main.ts'

/** What a seeded service can do. `adminLink` is there while no admin is. */
export type Seeded = { report: SeedReport; packagesAdded: number; hasChannel: boolean; adminLink: string | null }

/**
 * Fills a migrated database with what the environment asks for: models, prices, packages, a channel, the first admin.
 * Repeating it changes nothing that anybody set since.
 * @throws {PlainError} when ADMIN_PASSWORD is refused
 */
export async function seedFromEnv(): Promise<Seeded> {
  const env = getEnv()
  const db = createDatabase(env.DATABASE_URL, 2)
  try {
    const ctx = systemCtx('seed', db)
    const report = await seedDatabase(ctx, env)
    const packagesAdded = await seedPackages(ctx, { currency: report.currency })
    await makeAdminFromEnv(ctx)
    const link = await createFirstAdminLink(ctx, { reuse: true })
    const channels = await listChannels(ctx)
    const adminLink = link && `${env.APP_URL}/link/${link.token}`
    return { report, packagesAdded, hasChannel: channels.length > 0, adminLink }
  } finally {
    await db.$client.end()
  }
}

async function makeAdminFromEnv(ctx: Ctx): Promise<void> {
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = getEnv()
  if (!email || !password) return
  try {
    await createFirstAdmin(ctx, { email, name: email.split('@')[0] ?? email, password })
  } catch (error) {
    if (error instanceof AppError) throw new PlainError(`ADMIN_EMAIL and ADMIN_PASSWORD are refused: ${error.code}`)
    throw error
  }
}
