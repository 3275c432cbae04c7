import { readBytes } from '#app/_server/body.ts'
import { readRequestInfo } from '#app/_server/context.ts'
import { isSameOrigin, readOrigin } from '#app/_server/origin.ts'
import { failureResponse } from '#app/_server/route.ts'
import { authHandler } from '#lib/auth/index.ts'
import { getDatabase } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'

const MAX_BYTES = 16_000

type Context = { params: Promise<{ nextauth: string[] }> }

async function handle(request: Request, { params }: Context): Promise<Response> {
  const info = readRequestInfo(request.headers)
  const { method, headers } = request
  try {
    if (method === 'POST' && !isSameOrigin(headers)) throw new AppError('forbidden', { message: 'cross-site' })
    const { nextauth: path } = await params
    const fields = new URLSearchParams(new TextDecoder().decode(await readBytes(request, MAX_BYTES)))
    const ctx = { db: getDatabase(), actor: { type: 'anonymous' as const }, request: info }
    return await authHandler({ method, path, headers, fields, ctx, origin: readOrigin(headers) })
  } catch (error) {
    return failureResponse(error, info.id)
  }
}

export { handle as GET, handle as POST }
