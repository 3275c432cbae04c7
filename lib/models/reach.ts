import { type SQL, sql } from 'drizzle-orm'
import { channelKeys, channelModels, channels, models } from '#db/schema/index.ts'
import { getEnv } from '#lib/env.ts'

/** The model that answers while no channel exists. */
export const DEMO_MODEL_ID = 'demo'

/**
 * True, as a condition on `models`, where somebody can answer: an active channel carries the model with a key that
 * is not disabled. One that was refused counts: it is tried last.
 * The demo model is reachable only while there is no channel at all and the demo vendor runs.
 */
export function isReachable(demoUrl: string | undefined = getEnv().UB_DEMO_URL): SQL<boolean> {
  const demo = demoUrl ? sql`NOT EXISTS (SELECT 1 FROM ${channels})` : sql`false`
  return sql<boolean>`CASE WHEN ${models.id} = ${DEMO_MODEL_ID} THEN ${demo} ELSE EXISTS (
    SELECT 1 FROM ${channelModels}
    JOIN ${channels} ON ${channels.id} = ${channelModels.channelId} AND ${channels.status} = 'active'
    WHERE ${channelModels.modelId} = ${models.id} AND EXISTS (
      SELECT 1 FROM ${channelKeys} WHERE ${channelKeys.channelId} = ${channels.id} AND ${channelKeys.status} <> 'disabled')
  ) END`
}
