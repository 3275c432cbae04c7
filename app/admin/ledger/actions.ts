'use server'

import { z } from 'zod'
import { action } from '#app/_server/action.ts'
import { getDatabase } from '#lib/ctx.ts'
import { startVerification } from '#lib/jobs/index.ts'

// What it begins outlives the request.
export const verifyNow = action(z.object({}), (ctx) => startVerification({ ...ctx, db: getDatabase() }))
