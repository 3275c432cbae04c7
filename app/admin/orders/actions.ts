'use server'

import { z } from 'zod'
import { adminAction } from '#app/_server/action.ts'
import { confirmAsTyped, confirmForm, refundAsTyped, refundForm } from '#app/admin/orders/decide.ts'
import { getDatabase } from '#lib/ctx.ts'
import { forgiveDispute, reconcilePayments, rejectOrder } from '#lib/payments/index.ts'
import { reasonField } from '#lib/users/index.ts'

const withReason = z.object({ orderId: z.uuid(), reason: reasonField })

export const confirm = adminAction(confirmForm, confirmAsTyped)
export const reject = adminAction(withReason, rejectOrder)
export const refund = adminAction(refundForm, refundAsTyped)
export const forgive = adminAction(withReason, forgiveDispute)
export const reconcile = adminAction(z.object({}), (ctx) => reconcilePayments({ ...ctx, db: getDatabase() }))
