import { sql } from 'drizzle-orm'
import type { Executor } from './client.ts'
import { models, priceVersions } from './schema/index.ts'

/** A model as the seed writes it, with the price it begins with (micro-credits per one million tokens). */
export type SeedModel = {
  model: typeof models.$inferInsert
  /** Null where no price can be told: the model is there and cannot be used until the operator sets one. */
  price: Omit<typeof priceVersions.$inferInsert, 'modelId' | 'validDuring'> | null
}

/**
 * Writes models that are not there yet, and a price for those that never had one.
 * What the operator changed stays as it is, so running it again changes nothing.
 * @returns ids of the models that were added now
 */
export async function insertModels(db: Executor, rows: readonly SeedModel[]): Promise<string[]> {
  const added = await db
    .insert(models)
    .values(rows.map((row) => row.model))
    .onConflictDoNothing()
    .returning({ id: models.id })
  for (const { model, price } of rows) {
    if (!price) continue
    const known = await db
      .select({ id: priceVersions.id })
      .from(priceVersions)
      .where(sql`${priceVersions.modelId} = ${model.id}`)
      .limit(1)
    if (known.length > 0) continue
    await db.insert(priceVersions).values({ ...price, modelId: model.id, validDuring: sql`tstzrange(now(), NULL)` })
  }
  return added.map(({ id }) => id)
}
