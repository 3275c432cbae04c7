'use server'

import { adminAction } from '#app/_server/action.ts'
import { creditBackForm } from '#app/admin/calls/credit-back-form.ts'
import { creditBackCall } from '#lib/inference/index.ts'

export const creditBack = adminAction(creditBackForm, creditBackCall)
