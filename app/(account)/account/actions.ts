'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { action } from '#app/_server/action.ts'
import { writeSessionCookie } from '#app/_server/sign-in.ts'
import { changePassword, revokeOtherSessions, revokeSession, revokeSessionInput } from '#lib/auth/index.ts'
import { updateProfile, updateProfileInput } from '#lib/users/index.ts'

export const saveName = action(updateProfileInput.pick({ name: true }).required(), async (ctx, input) => {
  await updateProfile(ctx, input)
  revalidatePath('/', 'layout')
})

const passwordForm = z.object({ currentPassword: z.string(), password: z.string() })

export const savePassword = action(passwordForm, async (ctx, { currentPassword, password }) => {
  const { sessionId } = await changePassword(ctx, { currentPassword, newPassword: password })
  await writeSessionCookie(sessionId)
})

export const signOutSession = action(revokeSessionInput, async (ctx, input) => {
  await revokeSession(ctx, input)
  revalidatePath('/account')
})

export const signOutOthers = action(z.object({}), async (ctx) => {
  await revokeOtherSessions(ctx)
  revalidatePath('/account')
})
