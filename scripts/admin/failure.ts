import { z } from 'zod'
import { EnvError } from '#lib/env.ts'
import { AppError, type ErrorCode } from '#lib/errors.ts'
import { DataDirTaken } from '#scripts/embedded-postgres.ts'
import { PlainError } from '#scripts/run-main.ts'
import { findUnreachable } from '#scripts/unreachable.ts'
import { UsageError } from './command.ts'

/** How a verb failed: what to tell, and the exit code. */
export type Failure = { code: string; message: string; exitCode: 1 | 2 }

const SENTENCES: Partial<Record<ErrorCode, (params: Record<string, string | number>) => string>> = {
  account_disabled: () => 'this person is disabled: npm run admin -- enable-user comes first',
  conflict: () => 'this was done before with other values',
  email_taken: () => 'somebody has this e-mail address already',
  file_not_image: () => 'this file is no PNG, JPEG or WebP picture',
  file_too_large: ({ max }) => `this file is larger than ${max}`,
  insufficient_credits: () => 'the wallet has less than that free',
  last_admin: () => 'this is the only admin: make another one first',
  payments_off: () => 'the provider of this payment is not set up any more',
  payment_unreachable: () => 'the payment provider does not answer',
  refund_too_much: () => 'there is less left of this payment than that',
  not_found: () => 'there is no such thing',
  password_too_short: ({ min }) => `the password needs at least ${min} characters`,
  password_too_long: ({ max }) => `the password may have at most ${max} characters`,
  password_common: () => 'this password is among the most common ones: choose another',
}

/** Puts any failure into one line; what was not expected keeps its stack, since it is a bug. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { code: 'usage', message: error.message, exitCode: 2 }
  if (error instanceof z.ZodError) return { code: 'invalid_input', message: firstIssue(error), exitCode: 2 }
  if (error instanceof AppError) {
    const own = error.message === error.code ? undefined : error.message
    const message = own ?? SENTENCES[error.code]?.(error.params) ?? error.code
    return { code: error.code, message, exitCode: error.code === 'invalid_input' ? 2 : 1 }
  }
  if (error instanceof EnvError || error instanceof DataDirTaken || error instanceof PlainError) {
    return { code: 'environment', message: error.message, exitCode: 1 }
  }
  const unreachable = findUnreachable(error)
  if (unreachable) return { code: 'database', message: `the database does not answer (${unreachable})`, exitCode: 1 }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'internal', message, exitCode: 1 }
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues
  return `${issue?.path.join('.') || 'input'}: ${issue?.message}`
}
