import type { AuthRequest } from './handler.ts'

/** Answers a request to `/api/auth/…`. Loads next-auth only then: scripts and tests use this domain without it. */
export async function authHandler(request: AuthRequest): Promise<Response> {
  const { handleAuthRequest } = await import('./handler.ts')
  return await handleAuthRequest(request)
}
