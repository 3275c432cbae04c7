'use server'

import { revalidatePath } from 'next/cache'
import { adminAction } from '#app/_server/action.ts'
import {
  addSitePrompt,
  addSitePromptInput,
  deleteSitePrompt,
  deleteSitePromptInput,
  moveSitePrompt,
  moveSitePromptInput,
  updateSitePrompt,
  updateSitePromptInput,
} from '#lib/prompts/index.ts'

const PAGE = '/admin/prompts'

export const addPrompt = adminAction(addSitePromptInput, async (ctx, input) => {
  await addSitePrompt(ctx, input)
  revalidatePath(PAGE)
})

export const editPrompt = adminAction(updateSitePromptInput, async (ctx, input) => {
  await updateSitePrompt(ctx, input)
  revalidatePath(PAGE)
})

export const movePrompt = adminAction(moveSitePromptInput, async (ctx, input) => {
  await moveSitePrompt(ctx, input)
  revalidatePath(PAGE)
})

export const deletePrompt = adminAction(deleteSitePromptInput, async (ctx, input) => {
  await deleteSitePrompt(ctx, input)
  revalidatePath(PAGE)
})
