import pino from 'pino'
import { singleton } from '#lib/singleton.ts'

/** The process's log: JSON on stdout. Prompts, answers and secrets never go into it. */
export const log = singleton('log', () =>
  pino({
    level: process.env.LOG_LEVEL ?? 'info',
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
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
  }),
)
