'use server'

import { z } from 'zod'
import { adminAction } from '#app/_server/action.ts'
import { creditsForm } from '#app/admin/people/credits-form.ts'
import { createSignInLink, revokeSession } from '#lib/auth/index.ts'
import { getEnv } from '#lib/env.ts'
import { adjustWallet, approveAdjustment, rejectAdjustment } from '#lib/payments/index.ts'
import { createPerson, createPersonInput, deletePerson, deletePersonInput } from '#lib/support/index.ts'
import { disableUser, enableUser, reasonField, setRole, signOutUser } from '#lib/users/index.ts'

const withReason = z.object({ userId: z.uuid(), reason: reasonField })

const linkOf = (token: string) => `${getEnv().APP_URL}/link/${token}`

/** @returns the link with which the new person chooses a password; it is not shown again */
export const addPerson = adminAction(createPersonInput, async (ctx, input) => {
  const { userId, token } = await createPerson(ctx, input)
  return { userId, link: linkOf(token) }
})

/** @returns a link with which the person chooses a new password; it is not shown again */
export const makeLink = adminAction(withReason, async (ctx, input) => ({
  link: linkOf((await createSignInLink(ctx, input)).token),
}))

export const changeCredits = adminAction(creditsForm, adjustWallet)
export const approveChange = adminAction(z.object({ adjustmentId: z.uuid() }), approveAdjustment)
export const rejectChange = adminAction(z.object({ adjustmentId: z.uuid(), reason: reasonField }), rejectAdjustment)

export const changeRole = adminAction(withReason.extend({ role: z.enum(['user', 'admin']) }), setRole)
export const disablePerson = adminAction(withReason, disableUser)
export const enablePerson = adminAction(withReason, enableUser)
export const signOutPerson = adminAction(withReason, signOutUser)
export const endPersonSession = adminAction(withReason.extend({ sessionId: z.uuid() }), revokeSession)
export const removePerson = adminAction(deletePersonInput, deletePerson)
