import { NextRequest } from 'next/server'
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
  try {
    const { nextauth: path } = await params
    const ctx = { db: getDatabase(), actor: { type: 'anonymous' as const }, request: info }
    return await authHandler({ request: await boundRequest(request), path, ctx, origin: readOrigin(request.headers) })
  } catch (error) {
    return failureResponse(error, info.id)
  }
}

// next-auth reads whatever length of body it is sent, from anywhere.
async function boundRequest(request: Request): Promise<Request> {
  const { url, method, headers } = request
  if (method !== 'POST') return request
  if (!isSameOrigin(headers)) throw new AppError('forbidden', { message: 'cross-site' })
  return new NextRequest(url, { method, headers, body: await readBytes(request, MAX_BYTES) })
}

export { handle as GET, handle as POST }
