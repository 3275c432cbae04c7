import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { refreshOrder } from '#lib/payments/index.ts'

/** What is known of an order of one's own, after asking its provider. */
export const GET = route({ input: z.object({ id: z.uuid() }), auth: 'user' }, (ctx, { id }) =>
  refreshOrder(ctx, { orderId: id }),
)
