'use server'

import { z } from 'zod'
import { adminAction } from '#app/_server/action.ts'
import { codesForm, makeCodesAsTyped } from '#app/admin/codes/codes-form.ts'
import { revokeCodes } from '#lib/payments/index.ts'
import { reasonField } from '#lib/users/index.ts'

/** @returns the codes; they are not shown again */
export const makeCodes = adminAction(codesForm, makeCodesAsTyped)
export const revoke = adminAction(
  z.object({ batchId: z.uuid(), number: z.coerce.number().int().min(1).optional(), reason: reasonField }),
  revokeCodes,
)
