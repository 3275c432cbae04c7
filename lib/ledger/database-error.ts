import { AppError } from '#lib/errors.ts'

/** The ledger's functions raise these states (see the migration of the rules). */
const IDEMPOTENCY_MISMATCH = 'UB001'
const NOT_ENOUGH_FREE = 'UB002'
const HOLD_ENDED = 'UB003'
/** PostgreSQL's own: such as a time zone that its tables do not have yet. */
const INVALID_PARAMETER = '22023'

/**
 * Runs a ledger function and turns its refusals into expected failures.
 * @throws {AppError} `conflict` (another request under this key, or a hold that has ended), `insufficient_credits`,
 *   `invalid_input` (a value that PostgreSQL does not know)
 */
export async function callLedger<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    switch (databaseState(error)) {
      case IDEMPOTENCY_MISMATCH:
      case HOLD_ENDED:
        throw new AppError('conflict', { cause: error })
      case NOT_ENOUGH_FREE:
        throw new AppError('insufficient_credits', { cause: error })
      case INVALID_PARAMETER:
        throw new AppError('invalid_input', { cause: error })
      default:
        throw error
    }
  }
}

function databaseState(error: unknown): string | undefined {
  const cause = error instanceof Error && error.cause ? error.cause : error
  return (cause as { code?: string } | undefined)?.code
}
