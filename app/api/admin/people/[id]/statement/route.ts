import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { statementFile } from '#app/api/statement/csv/file.ts'

const input = z.object({ id: z.uuid() }).catchall(z.string())

/** A person's statement as a file, for who runs the service. */
export const GET = route({ input, auth: 'admin' }, (ctx, { id, ...params }, request) =>
  statementFile(ctx, { params: params as Record<string, string>, request, userId: id }),
)
