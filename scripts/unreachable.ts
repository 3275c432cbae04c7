/** The database does not answer, or not to us: the network's codes, then PostgreSQL's for who may enter and where. */
const CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  '28000',
  '28P01',
  '3D000',
  '57P03',
]

/**
 * Looks for a failed connection in a failure, since drivers wrap it in an error of the query and Node several of them
 * in one.
 * @returns what was said of it, or undefined when the failure is another one
 */
export function findUnreachable(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as NodeJS.ErrnoException
  if (code && CODES.includes(code)) {
    const parts = error instanceof AggregateError ? error.errors.map((part) => (part as Error).message) : []
    return error.message || parts.join('; ') || code
  }
  return findUnreachable(error.cause)
}
