import { createFirstAdmin } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { invariant } from '#lib/errors.ts'
import { seedDatabase } from '#lib/models/index.ts'
import { seedPackages } from '#lib/payments/index.ts'
import { sumReports } from '#lib/reports/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { loadDemo } from '#scripts/demo-data/load-demo.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

const SILENT = { advance: () => undefined, end: () => undefined }

export const DEMO_ADMIN = { email: 'admin@example.com', name: 'Admin', password: 'tram lamp seven violet' }

/** A database with the small demonstration in it, and the admin who runs it. */
export async function createDemoDatabase(): Promise<TestDatabase & { adminId: string }> {
  const database = await createTestDatabase()
  return { ...database, adminId: await fillWithDemo(database) }
}

/** Seeds an empty database, makes its admin and loads the small demonstration. @returns the admin's id */
export async function fillWithDemo(database: Pick<TestDatabase, 'db' | 'url' | 'ownerUrl'>): Promise<string> {
  const ctx = systemCtx('seed', database.db)
  const { currency } = await seedDatabase(ctx)
  await seedPackages(ctx, { currency })
  const adminId = await createFirstAdmin(ctx, DEMO_ADMIN)
  invariant(adminId, 'the database was empty')
  // A service that has run for a while has counted all there was, nothing, in the days that the demonstration has too.
  await setSetting(ctx, { key: 'time_zone', value: 'Asia/Shanghai' })
  await sumReports(ctx)
  await loadDemo('small', database, SILENT)
  return adminId
}
