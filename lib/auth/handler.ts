import NextAuth, { type AuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import type { Ctx } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { log } from '#lib/log.ts'
import { signIn } from './accounts.ts'
import { readCookies } from './cookies.ts'
import { endSession } from './sessions.ts'
import { authCookies, type RequestOrigin, TOKEN_AGE_SECONDS } from './token.ts'

/** A request to next-auth's endpoints, with what the server knows of it. */
export type AuthRequest = {
  method: string
  /** What follows `/api/auth/`. */
  path: string[]
  headers: Headers
  /** The fields of a form; empty for a GET. */
  fields: URLSearchParams
  ctx: Ctx
  origin: RequestOrigin
}

// All that our pages call. The rest of next-auth (its own pages, its session endpoint, its remote log) stays shut.
const ENDPOINTS = new Set(['GET csrf', 'POST callback/credentials', 'POST signout'])

/** Answers next-auth's endpoints. */
export async function handleAuthRequest(request: AuthRequest): Promise<Response> {
  const { method, path, headers, fields, ctx, origin } = request
  if (!ENDPOINTS.has(`${method} ${path.join('/')}`)) return new Response(null, { status: 404 })
  const cookies = readCookies(headers.get('cookie') ?? '')
  // next-auth answers 500 for as long as a browser keeps a return address that it cannot read. We send none.
  delete cookies[authCookies(origin).callback.name]
  fields.delete('callbackUrl')
  const reply = new Reply()
  await NextAuth(
    {
      method,
      query: { nextauth: path },
      body: Object.fromEntries(fields),
      cookies,
      headers: { 'x-forwarded-host': origin.host, 'x-forwarded-proto': origin.proto },
    } as never,
    reply as never,
    makeOptions(ctx, origin),
  )
  return reply.toResponse()
}

/** The part of Node's response that next-auth writes to. */
class Reply {
  #status = 200
  #headers = new Map<string, string | string[]>()
  #body: string | null = null

  status(code: number): this {
    this.#status = code
    return this
  }
  getHeader(name: string): string | string[] | undefined {
    return this.#headers.get(name.toLowerCase())
  }
  setHeader(name: string, value: string | string[]): this {
    this.#headers.set(name.toLowerCase(), value)
    return this
  }
  json(data: unknown): void {
    this.setHeader('content-type', 'application/json')
    this.#body = JSON.stringify(data)
  }
  send(body: unknown): void {
    if (typeof body === 'string') this.#body = body
    else this.json(body ?? null)
  }
  end(): void {
    this.#body = null
  }

  toResponse(): Response {
    const headers = new Headers({ 'cache-control': 'no-store' })
    for (const [name, value] of this.#headers) for (const one of [value].flat()) headers.append(name, one)
    return new Response(this.#body, { status: this.#status, headers })
  }
}

function makeOptions(ctx: Ctx, origin: RequestOrigin): AuthOptions {
  const { session, csrf, callback } = authCookies(origin)
  return {
    secret: getEnv().AUTH_SECRET,
    session: { strategy: 'jwt', maxAge: TOKEN_AGE_SECONDS },
    jwt: { maxAge: TOKEN_AGE_SECONDS },
    useSecureCookies: session.options.secure,
    cookies: { sessionToken: session, csrfToken: csrf, callbackUrl: callback },
    pages: { signIn: '/sign-in', signOut: '/', error: '/sign-in' },
    providers: [
      CredentialsProvider({
        credentials: { email: {}, password: {} },
        authorize: async (credentials) => {
          const { userId, sessionId } = await signInOrExplain(ctx, credentials)
          return { id: userId, sessionId }
        },
      }),
    ],
    callbacks: {
      // The token carries the session's id and nothing else: all that matters is read from the session's row.
      jwt: ({ token, user }) => ({ sid: user ? (user as { sessionId?: string }).sessionId : token.sid }),
    },
    events: {
      signOut: async ({ token }) => {
        if (isId(token?.sid)) await endSession(ctx, { sessionId: token.sid })
      },
    },
    logger: {
      error: (code) => log.debug({ code }, 'next-auth'),
      warn: (code) => log.debug({ code }, 'next-auth'),
      debug: () => undefined,
    },
  }
}

// next-auth hands an error's message to the browser: it must be a code and nothing more.
async function signInOrExplain(ctx: Ctx, credentials: Record<string, string> | undefined) {
  try {
    return await signIn(ctx, { email: credentials?.email ?? '', password: credentials?.password ?? '' })
  } catch (error) {
    if (error instanceof AppError) throw new Error(error.code)
    log.error({ err: error, requestId: ctx.request?.id }, 'sign-in failed')
    throw new Error('internal')
  }
}
