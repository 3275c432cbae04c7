import { unstable_rethrow } from 'next/navigation'
import { ZodError } from 'zod'
import { isDatabaseAway } from '#lib/database-away.ts'
import { AppError, ERROR_STATUS, type ErrorCode, type ErrorParams } from '#lib/errors.ts'
import { log } from '#lib/log.ts'

/** How a failure reaches a browser: a code to translate, plain values to fill in, and the id to ask the operator about. */
export type Failure = { code: ErrorCode; params: ErrorParams; requestId: string }

/**
 * Turns anything thrown into what may be shown. Expected failures keep their code; input that a schema refused names
 * its first field; a database that restarts is `unavailable`, so that a client tries again; all else is logged once under the request's id and shown as `internal`.
 * Redirects and the like, which Next throws, pass through.
 */
export function toFailure(error: unknown, requestId: string): { failure: Failure; status: number } {
  unstable_rethrow(error)
  if (error instanceof AppError) {
    if (error.status >= 500) log.warn({ requestId, code: error.code, err: error }, 'request failed')
    return { failure: { code: error.code, params: error.params, requestId }, status: error.status }
  }
  if (error instanceof ZodError) {
    const field = error.issues[0]?.path.join('.')
    return { failure: { code: 'invalid_input', params: field ? { field } : {}, requestId }, status: 400 }
  }
  if (isDatabaseAway(error)) {
    log.error({ requestId, err: error }, 'the database is not reachable')
    return { failure: { code: 'unavailable', params: {}, requestId }, status: ERROR_STATUS.unavailable }
  }
  log.error({ requestId, err: error }, 'unexpected failure')
  return { failure: { code: 'internal', params: {}, requestId }, status: 500 }
}
