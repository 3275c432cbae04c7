import NextAuth, { type AuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import type { Ctx } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { log } from '#lib/log.ts'
import { signIn } from './accounts.ts'
import { endSession } from './sessions.ts'
import { authCookies, type RequestOrigin, TOKEN_AGE_SECONDS } from './token.ts'

/** A request to next-auth's endpoints, with what the server knows of it. */
export type AuthRequest = { request: Request; path: string[]; ctx: Ctx; origin: RequestOrigin }

// All that our pages call. The rest of next-auth (its own pages, its session endpoint, its remote log) stays shut.
const ENDPOINTS = new Set(['GET csrf', 'POST callback/credentials', 'POST signout'])

/** Answers next-auth's endpoints. */
export async function handleAuthRequest({ request, path, ctx, origin }: AuthRequest): Promise<Response> {
  if (!ENDPOINTS.has(`${request.method} ${path.join('/')}`)) return new Response(null, { status: 404 })
  return await NextAuth(request as never, { params: { nextauth: path } }, makeOptions(ctx, origin))
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
