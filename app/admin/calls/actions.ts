'use server'

import { action } from '#app/_server/action.ts'
import { creditBackForm } from '#app/admin/calls/credit-back-form.ts'
import { creditBackCall } from '#lib/inference/index.ts'

export const creditBack = action(creditBackForm, creditBackCall)
