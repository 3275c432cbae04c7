import { z } from 'zod'
import { creditsField } from '#app/admin/_parts/credits-field.ts'
import { reasonField } from '#lib/users/index.ts'

const common = {
  userId: z.uuid(),
  /** Made when the form was opened: sent again it is the same change. */
  requestId: z.uuid(),
  credits: creditsField,
  reason: reasonField,
}

const expiry = z
  .union([z.literal('').transform(() => undefined), z.iso.datetime().transform((text) => new Date(text))])
  .optional()

/** What an operator gives to a person or takes from them, as `adjustWallet` takes it. */
export const creditsForm = z
  .discriminatedUnion('what', [
    /** A gift of the house. */
    z.object({ what: z.literal('gift'), expiresAt: expiry, ...common }),
    /** Puts something right in the person's favour. */
    z.object({ what: z.literal('correction'), expiresAt: expiry, ...common }),
    z.object({ what: z.literal('deduction'), ...common }),
  ])
  .transform((form) => ({
    kind: form.what === 'gift' ? ('grant' as const) : ('adjustment' as const),
    ownerType: 'user' as const,
    ownerId: form.userId,
    amountMicros: form.what === 'deduction' ? -form.credits : form.credits,
    lotExpiresAt: form.what === 'deduction' ? undefined : form.expiresAt,
    reason: form.reason,
    idempotencyKey: `cockpit:${form.requestId}`,
  }))
