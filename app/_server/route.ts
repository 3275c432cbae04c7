import type { z } from 'zod'
import { readJsonBody } from '#app/_server/body.ts'
import { readCtx, readRequestInfo } from '#app/_server/context.ts'
import { toFailure } from '#app/_server/failure.ts'
import { isSameOrigin } from '#app/_server/origin.ts'
import { type Ctx, requireAdmin, requireUser, type UserCtx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'

const DEFAULT_MAX_BYTES = 1_500_000

/** `admin` refuses everybody else before anything is read; the verbs behind it ask again. */
type RouteAuth = 'admin' | 'user' | 'public'

type RouteOptions<S extends z.ZodType, A extends RouteAuth> = {
  /** Checks body, query and path parameters together; of equal names the path's wins, then the body's. */
  input: S
  auth: A
  /** Largest JSON body, in bytes. */
  maxBytes?: number
  /** `bytes` leaves the body to the handler, which reads it from the request once the caller is known. */
  body?: 'json' | 'bytes'
}

type RouteCtx<A> = A extends 'public' ? Ctx : UserCtx

type RouteContext = { params: Promise<Record<string, string | string[]>> }

/**
 * Makes a JSON route handler: parse, call one verb, map the failure. Amounts (bigint) become decimal strings.
 * Writes from other sites are refused. What the handler returns is the reply; a Response goes out as it is.
 */
export function route<S extends z.ZodType, A extends RouteAuth>(
  options: RouteOptions<S, A>,
  handler: (ctx: RouteCtx<A>, input: z.output<S>, request: Request) => Promise<unknown>,
): (request: Request, context: RouteContext) => Promise<Response> {
  return async (request, { params }) => {
    const info = readRequestInfo(request.headers)
    try {
      if (isWrite(request) && !isSameOrigin(request.headers)) throw new AppError('forbidden', { message: 'cross-site' })
      const ctx = await readCtx(request, info)
      if (options.auth !== 'public') requireUser(ctx)
      if (options.auth === 'admin') requireAdmin(ctx)
      const maxBytes = options.body === 'bytes' ? null : (options.maxBytes ?? DEFAULT_MAX_BYTES)
      const input = options.input.parse(await readInput(request, await params, maxBytes)) as z.output<S>
      const result = await handler(ctx as RouteCtx<A>, input, request)
      const response = result instanceof Response ? result : jsonResponse(result ?? { ok: true })
      return request.method === 'HEAD' ? await withoutBody(response) : response
    } catch (error) {
      return failureResponse(error, info.id)
    }
  }
}

// Next answers HEAD with GET's handler and lets the body lie: a stream would be held for a reader who never comes.
async function withoutBody(response: Response): Promise<Response> {
  await response.body?.cancel()
  return new Response(null, response)
}

/** A JSON reply that no cache keeps; bigint as decimal text. */
export function jsonResponse(data: unknown, status = 200): Response {
  const body = JSON.stringify(data, (_key, value) => (typeof value === 'bigint' ? value.toString() : value))
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  })
}

/** The JSON reply of a failure: `{ error: { code, params, requestId } }` with the code's status. */
export function failureResponse(error: unknown, requestId: string): Response {
  const { failure, status } = toFailure(error, requestId)
  return jsonResponse({ error: failure }, status)
}

async function readInput(request: Request, params: RouteParams, maxBytes: number | null): Promise<unknown> {
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const body = isWrite(request) && maxBytes !== null ? await readJsonBody(request, maxBytes) : undefined
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
    throw new AppError('invalid_input', { message: 'body is not an object' })
  }
  return { ...query, ...body, ...params }
}

type RouteParams = Awaited<RouteContext['params']>

function isWrite(request: Request): boolean {
  return request.method !== 'GET' && request.method !== 'HEAD'
}
