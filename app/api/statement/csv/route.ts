import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { statementFile } from '#app/api/statement/csv/file.ts'

/** The person's own statement. */
export const GET = route({ input: z.record(z.string(), z.string()), auth: 'user' }, (ctx, params, request) =>
  statementFile(ctx, { params, request }),
)
