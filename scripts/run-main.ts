import { EnvError } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { DataDirTaken } from '#scripts/embedded-postgres.ts'
import { findUnreachable } from '#scripts/unreachable.ts'

/** A failure that a person can act on; its message is shown as it is, without a stack. */
export class PlainError extends Error {
  override readonly name = 'PlainError'
}

/** Runs a script's work: an expected failure ends with one line, anything else with its stack; exit code 1 for both. */
export async function runMain(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`)
    process.exit(1)
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof EnvError || error instanceof DataDirTaken || error instanceof PlainError) return error.message
  if (error instanceof AppError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return String(error)
  const unreachable = findUnreachable(error)
  if (unreachable) return `the database does not answer (${unreachable}): is DATABASE_URL right?`
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    return `the port is in use (${error.message}): stop what uses it, or set another PORT`
  return error.stack ?? error.message
}
