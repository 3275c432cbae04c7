import { readBytes } from '#app/_server/body.ts'
import { readRequestInfo } from '#app/_server/context.ts'
import { failureResponse, jsonResponse } from '#app/_server/route.ts'
import { getDatabase } from '#lib/ctx.ts'
import { receiveStripeEvent } from '#lib/payments/index.ts'

const MAX_BYTES = 256 * 1024

/** Where Stripe tells what has become of payments. Its signature stands for a session; any answer but 200 comes again. */
export async function POST(request: Request): Promise<Response> {
  const info = readRequestInfo(request.headers)
  try {
    const body = await readBytes(request, MAX_BYTES)
    const signature = request.headers.get('stripe-signature')
    const ctx = { db: getDatabase(), actor: { type: 'anonymous' as const }, request: info }
    return jsonResponse(await receiveStripeEvent(ctx, { body, signature }))
  } catch (error) {
    return failureResponse(error, info.id)
  }
}
