import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { getRunning } from '#lib/chat/index.ts'

export const GET = route({ input: z.object({}), auth: 'user' }, (ctx) => getRunning(ctx))
