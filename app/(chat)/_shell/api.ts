import type { ErrorParams } from '#lib/errors.ts'

/** Why the server refused or could not be reached: a code of namespace `errors`, with values for its text. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  readonly code: string
  readonly params: ErrorParams

  constructor(code: string, params: ErrorParams = {}) {
    super(code)
    this.code = code
    this.params = params
  }
}

/** Reads the refusal out of a response that is not ok; a reply that is not ours (a proxy's page) is `internal`. */
export async function readFailure(response: Response): Promise<RequestFailure> {
  try {
    const { error } = (await response.json()) as { error: { code: string; params?: ErrorParams } }
    return new RequestFailure(error.code, error.params)
  } catch {
    return new RequestFailure(response.status === 401 ? 'unauthenticated' : 'internal')
  }
}

type JsonRequest = { method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'; body?: unknown; signal?: AbortSignal }

/**
 * One JSON call to our own server.
 * @throws {RequestFailure} with the server's code, or `network` when it could not be reached
 */
export async function requestJson<T>(url: string, { method = 'GET', body, signal }: JsonRequest = {}): Promise<T> {
  const response = await reach(url, {
    method,
    signal,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  if (!response.ok) throw await readFailure(response)
  return (await response.json()) as T
}

/** `fetch` whose only failures are an abort and a RequestFailure `network`. */
export async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new RequestFailure('network')
  }
}
