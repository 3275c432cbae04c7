import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { getReceipt } from '#lib/inference/index.ts'

export const GET = route({ input: z.object({ id: z.string() }), auth: 'user' }, (ctx, { id }) =>
  getReceipt(ctx, { usageRecordId: id }),
)
