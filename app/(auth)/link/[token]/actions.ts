'use server'

import { redirect } from 'next/navigation'
import { action } from '#app/_server/action.ts'
import { writeSessionCookie } from '#app/_server/sign-in.ts'
import { acceptLink, acceptLinkInput } from '#lib/auth/index.ts'

export const openLink = action(acceptLinkInput, async (ctx, input): Promise<undefined> => {
  const { sessionId } = await acceptLink(ctx, input)
  await writeSessionCookie(sessionId)
  redirect('/')
})
