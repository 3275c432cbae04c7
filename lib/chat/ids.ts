import { z } from 'zod'
import { isId } from '#lib/id.ts'

/** An id that may be compared with a uuid column. */
export const idInput = z.string().refine(isId, 'is not an id')
