'use server'

import { z } from 'zod'
import { action } from '#app/_server/action.ts'
import { confirmAsTyped, confirmForm, refundAsTyped, refundForm } from '#app/admin/orders/decide.ts'
import { getDatabase } from '#lib/ctx.ts'
import { forgiveDispute, reconcilePayments, rejectOrder } from '#lib/payments/index.ts'
import { reasonField } from '#lib/users/index.ts'

const withReason = z.object({ orderId: z.uuid(), reason: reasonField })

export const confirm = action(confirmForm, confirmAsTyped)
export const reject = action(withReason, rejectOrder)
export const refund = action(refundForm, refundAsTyped)
export const forgive = action(withReason, forgiveDispute)
export const reconcile = action(z.object({}), (ctx) => reconcilePayments({ ...ctx, db: getDatabase() }))
