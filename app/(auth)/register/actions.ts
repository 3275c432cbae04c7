'use server'

import { redirect } from 'next/navigation'
import { z } from 'zod'
import { action } from '#app/_server/action.ts'
import { safeNextPath } from '#app/_server/origin.ts'
import { writeSessionCookie } from '#app/_server/sign-in.ts'
import { registerUser, registerUserInput } from '#lib/auth/index.ts'

const registerForm = registerUserInput.extend({ next: z.string().optional() })

export const register = action(registerForm, async (ctx, { next, ...input }): Promise<undefined> => {
  const { sessionId } = await registerUser(ctx, input)
  await writeSessionCookie(sessionId)
  redirect(safeNextPath(next))
})
