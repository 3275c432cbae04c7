import type { ErrorCode } from '#lib/errors.ts'

/** What the browser may be told besides the server's codes: that it did not answer at all. */
export type SignInError = ErrorCode | 'network'

/**
 * Signs this browser in; its cookie is set when the promise settles.
 * @returns the code of what went wrong otherwise; `network` when no answer came
 */
export async function signInWithPassword(input: {
  email: string
  password: string
}): Promise<{ ok: true } | { ok: false; error: SignInError }> {
  try {
    const url = await postAuth('callback/credentials', input)
    const error = url.searchParams.get('error')
    if (error) return { ok: false, error: error === 'CredentialsSignin' ? 'wrong_credentials' : (error as ErrorCode) }
    // Without its own cookie next-auth sends the browser back to the form instead of signing in.
    return url.searchParams.has('csrf') ? { ok: false, error: 'conflict' } : { ok: true }
  } catch {
    return { ok: false, error: 'network' }
  }
}

/** Ends this browser's session and takes its cookie away. Rejects when the server cannot be reached. */
export async function signOut(): Promise<void> {
  await postAuth('signout', {})
}

async function postAuth(path: string, fields: Record<string, string>): Promise<URL> {
  const { csrfToken } = await readJson<{ csrfToken: string }>(await fetch('/api/auth/csrf', { cache: 'no-store' }))
  const body = new URLSearchParams({ ...fields, csrfToken, json: 'true' })
  const { url } = await readJson<{ url: string }>(await fetch(`/api/auth/${path}`, { method: 'POST', body }))
  return new URL(url, location.origin)
}

async function readJson<T>(response: Response): Promise<T> {
  const data = (await response.json()) as T
  // next-auth answers 401 with the address that names the reason.
  if (!response.ok && !(data && typeof data === 'object' && 'url' in data)) throw new Error(`status ${response.status}`)
  return data
}
