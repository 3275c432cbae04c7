import { z } from 'zod'
import { isPeriod } from './shared.ts'

/** First and last day of a period in the site's time zone. */
export const periodInput = z
  .object({ from: z.string(), to: z.string() })
  .refine(({ from, to }) => isPeriod(from, to), 'is no period of at most 366 days')
