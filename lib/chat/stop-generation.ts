import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from '#db/client.ts'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { idInput } from './ids.ts'
import { liveRuns } from './live-runs.ts'

const stopGenerationInput = z.object({ generationId: idInput })

/**
 * Asks a generation to stop, wherever it runs: here at once, elsewhere with that process's next tick. What was said
 * stays and is paid. Stopping one that has ended, or twice, changes nothing.
 * @throws {AppError} `not_found`
 */
export async function stopGeneration(ctx: Ctx, input: z.input<typeof stopGenerationInput>): Promise<void> {
  const { generationId } = stopGenerationInput.parse(input)
  const { userId } = requireUser(ctx)
  const result = await ctx.db.execute(sql`
    WITH asked AS (
      UPDATE generations SET stop_requested_at = now()
      WHERE user_id = ${userId} AND id = ${generationId} AND status = 'running' AND stop_requested_at IS NULL
    )
    SELECT id FROM generations WHERE user_id = ${userId} AND id = ${generationId}`)
  if (result.rows.length === 0) throw new AppError('not_found')
  liveRuns(ctx.db as Database)
    .byId.get(generationId)
    ?.stop('stopped')
}
