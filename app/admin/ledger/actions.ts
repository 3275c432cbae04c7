'use server'

import { z } from 'zod'
import { adminAction } from '#app/_server/action.ts'
import { getDatabase } from '#lib/ctx.ts'
import { startVerification } from '#lib/jobs/index.ts'

// What it begins outlives the request.
export const verifyNow = adminAction(z.object({}), (ctx) => startVerification({ ...ctx, db: getDatabase() }))
