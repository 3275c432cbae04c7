import { z } from 'zod'
import { createAccount, createSignInLink } from '#lib/auth/index.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { emailField, nameField } from '#lib/users/index.ts'

export const createPersonInput = z.object({
  email: emailField,
  name: nameField,
  role: z.enum(['user', 'admin']).default('user'),
})

/**
 * Makes an account for somebody else, with the sign-up credit, and the link with which they choose a password.
 * Admins and the service only.
 * @returns the new person's id and the secret for `APP_URL/link/…`, shown once, good for an hour
 * @throws {AppError} `email_taken`
 */
export async function createPerson(
  ctx: Ctx,
  input: z.input<typeof createPersonInput>,
): Promise<{ userId: string; token: string }> {
  requireAdmin(ctx)
  const person = createPersonInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const userId = await createAccount(tx, { ...person, password: null })
    const { token } = await createSignInLink(tx, { userId })
    return { userId, token }
  })
}
