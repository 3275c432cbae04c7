'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { adminAction } from '#app/_server/action.ts'
import { changeSettings } from '#lib/settings/index.ts'

/** The overview begins with its figures from now on; the settings bring the steps back. */
export const dismissFirstSteps = adminAction(z.object({}), async (ctx) => {
  await changeSettings(ctx, { changes: { first_steps: 'done' } })
  revalidatePath('/admin')
})
