import { sql } from 'drizzle-orm'
import { createFirstAdmin } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { seedDatabase } from '#lib/models/index.ts'
import { seedPackages } from '#lib/payments/index.ts'
import { loadDemo } from '#scripts/demo-data/load-demo.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

const SILENT = { advance: () => undefined, end: () => undefined }

/** A database with the small demonstration in it, and the admin who runs it. */
export async function createDemoDatabase(): Promise<TestDatabase & { adminId: string }> {
  const database = await createTestDatabase()
  const ctx = systemCtx('seed', database.db)
  const { currency } = await seedDatabase(ctx)
  await seedPackages(ctx, { currency })
  await createFirstAdmin(ctx, { email: 'admin@example.com', name: 'Admin', password: 'tram lamp seven violet' })
  await loadDemo('small', database, SILENT)
  const { rows } = await database.db.execute<{ id: string }>(sql`SELECT id FROM users WHERE role = 'admin'`)
  return { ...database, adminId: rows[0]!.id }
}
