import pino from 'pino'
import { singleton } from '#lib/singleton.ts'

const CAUSES_MAX = 5

/**
 * An error as the log may show it. A failed statement carries its values, which are people's words: in its message,
 * its stack, its parameters and PostgreSQL's own words. Of such a one only the statement and the fault's name are kept.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const cause = error.cause !== undefined && depth < CAUSES_MAX ? { cause: describeError(error.cause, depth + 1) } : {}
  const type = error.name === 'Error' ? error.constructor.name : error.name
  const { code } = error as { code?: unknown }
  const named = typeof code === 'string' ? { type, code } : { type }
  // By their shape, not their class: a bundler may have made several copies of it.
  if ('query' in error && 'params' in error) return { ...named, query: error.query, stack: framesOf(error), ...cause }
  if ('severity' in error && 'routine' in error) {
    const { severity, table, constraint, routine } = error as Record<string, unknown>
    return { ...named, severity, table, constraint, routine, stack: framesOf(error) }
  }
  return { ...named, message: error.message, stack: error.stack, ...cause }
}

function framesOf(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n')
}

/** How the process logs; apart from the log itself so that a test can read what it writes. */
export function logOptions(level: string): pino.LoggerOptions {
  return {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => describeError(error) },
    redact: [
      'apiKey',
      'password',
      'token',
      'authorization',
      'cookie',
      '*.apiKey',
      '*.password',
      '*.token',
      '*.authorization',
      '*.cookie',
    ],
  }
}

/** The process's log: JSON on stdout. Prompts, answers and secrets never go into it. */
export const log = singleton('log', () => pino(logOptions(process.env.LOG_LEVEL || 'info')))
