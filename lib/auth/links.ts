import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import { z } from 'zod'
import { oneTimeLinks, users } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { deriveSecret, equalBytes, newSecret, sha256 } from '#lib/crypto.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { MICROS_PER_CREDIT } from '#lib/money.ts'
import { createUser, emailField, findUserByEmail, nameField, reasonField, setRole } from '#lib/users/index.ts'
import { asService, giveCredits, passwordField, replacePassword, type SignedIn } from './accounts.ts'
import { checkPassword, hashPassword } from './passwords.ts'
import { createSession } from './sessions.ts'
import { MIN_PASSWORD } from './shared.ts'
import { throttleLink } from './throttle.ts'

const SIGN_IN_LINK_AGE = sql`interval '60 minutes'`
// Printed in the terminal of whoever starts the service, which may be looked at after lunch.
const FIRST_ADMIN_LINK_AGE = sql`interval '24 hours'`
const FIRST_ADMIN_LINK_STILL_GOOD = sql`interval '1 hour'`

// So that a real key can be tried at once.
const FIRST_ADMIN_CREDIT_MICROS = 100n * MICROS_PER_CREDIT

// Whoever decides who the first admin is holds this, so that there is one.
const FIRST_ADMIN_LOCK = sql`SELECT pg_advisory_xact_lock(hashtextextended('first-admin', 0))`

/**
 * Makes the link with which the first admin sets up the service; links made before stop working. The service only.
 * @param options `reuse` hands out the link there is again while it is good for an hour more, and changes nothing
 * @returns the secret for `APP_URL/link/…`; null when there is an admin already
 */
export async function createFirstAdminLink(
  ctx: Ctx,
  { reuse = false }: { reuse?: boolean } = {},
): Promise<{ token: string } | null> {
  requireService(ctx)
  return await inTransaction(ctx, async (tx) => {
    await tx.db.execute(FIRST_ADMIN_LOCK)
    if (await hasAdmin(tx)) return null
    const known = reuse ? await findFirstAdminLink(tx) : null
    if (known) return known
    await expireLinks(tx, eq(oneTimeLinks.purpose, 'first_admin'))
    const id = newId()
    const token = firstAdminToken(id)
    await insertLink(tx, { id, token, purpose: 'first_admin', userId: null, age: FIRST_ADMIN_LINK_AGE })
    return { token }
  })
}

// Kept as a hash like every link, and yet it can be printed again by whoever has the service's secret.
const firstAdminToken = (linkId: string) => deriveSecret(getEnv().AUTH_SECRET, `first-admin:${linkId}`)

/** The link of the first admin that is still good for a while, unless it was made under another AUTH_SECRET. */
async function findFirstAdminLink(ctx: Ctx): Promise<{ token: string } | null> {
  const [row] = await ctx.db
    .select({ id: oneTimeLinks.id, tokenHash: oneTimeLinks.tokenHash })
    .from(oneTimeLinks)
    .where(
      and(
        eq(oneTimeLinks.purpose, 'first_admin'),
        isNull(oneTimeLinks.usedAt),
        gt(oneTimeLinks.expiresAt, sql`now() + ${FIRST_ADMIN_LINK_STILL_GOOD}`),
      ),
    )
  if (!row) return null
  const token = firstAdminToken(row.id)
  return equalBytes(sha256(token), row.tokenHash) ? { token } : null
}

const createSignInLinkInput = z.object({ userId: z.uuid(), reason: reasonField.optional() })

/**
 * Makes a link with which a person sets a new password and is signed in; their links made before stop working.
 * Admins and the service only.
 * @returns the secret for `APP_URL/link/…`, shown once, good for an hour
 * @throws {AppError} `not_found`; `account_disabled`
 */
export async function createSignInLink(
  ctx: Ctx,
  input: z.input<typeof createSignInLinkInput>,
): Promise<{ token: string }> {
  requireAdmin(ctx)
  const { userId, reason } = createSignInLinkInput.parse(input)
  return await inTransaction(ctx, async (tx) => {
    const [user] = await tx.db.select({ status: users.status }).from(users).where(eq(users.id, userId)).for('update')
    if (!user) throw new AppError('not_found')
    if (user.status === 'disabled') throw new AppError('account_disabled')
    await expireLinks(tx, eq(oneTimeLinks.userId, userId))
    await recordAudit(tx, { action: 'user.sign-in-link', subjectType: 'user', subjectId: userId, reason })
    const token = newSecret()
    await insertLink(tx, { id: newId(), token, purpose: 'sign_in', userId, age: SIGN_IN_LINK_AGE })
    return { token }
  })
}

/** What a link is for, so that its page can show the right form. */
export type Link =
  | { purpose: 'first_admin'; email: null; minPassword: number }
  | { purpose: 'sign_in'; email: string; minPassword: number }

const getLinkInput = z.object({ token: z.string() })

/**
 * Looks at a link without using it up.
 * @throws {AppError} `link_invalid` when it was never made, was used, or has expired
 */
export async function getLink(ctx: Ctx, input: z.input<typeof getLinkInput>): Promise<Link> {
  const { token } = getLinkInput.parse(input)
  const person = await findPerson(ctx, token)
  if (person === 'first_admin') return { purpose: 'first_admin', email: null, minPassword: MIN_PASSWORD.admin }
  return { purpose: 'sign_in', email: person.email, minPassword: MIN_PASSWORD[person.role] }
}

/** Whom a usable link is for. @throws {AppError} `link_invalid` */
async function findPerson(ctx: Ctx, token: string) {
  const [row] = await ctx.db
    .select({ purpose: oneTimeLinks.purpose, id: users.id, email: users.email, role: users.role, status: users.status })
    .from(oneTimeLinks)
    .leftJoin(users, eq(users.id, oneTimeLinks.userId))
    .where(isUsable(token))
  if (!row) throw new AppError('link_invalid')
  if (row.purpose === 'first_admin') {
    if (await hasAdmin(ctx)) throw new AppError('link_invalid')
    return 'first_admin'
  }
  const { id, email, role, status } = row
  if (!id || !email || !role || status !== 'active') throw new AppError('link_invalid')
  return { id, email, role }
}

export const acceptLinkInput = z.object({
  token: z.string().max(200),
  password: passwordField,
  /** Only the first admin says who they are. */
  email: emailField.optional(),
  name: nameField.optional(),
})

/**
 * Uses a link up: sets the password and signs in. For the first admin it makes the account, or makes an existing
 * account of that address the admin's, since whoever starts the service may have registered before.
 * Of several at once one wins. A refused password leaves the link as it was.
 * @throws {AppError} `link_invalid`, `rate_limited`, `invalid_input`, `password_too_short`, `password_too_long`, `password_common`
 */
export async function acceptLink(ctx: Ctx, input: z.input<typeof acceptLinkInput>): Promise<SignedIn> {
  const { token, password, email, name } = acceptLinkInput.parse(input)
  await throttleLink(ctx)
  const person = await findPerson(ctx, token)
  if (person === 'first_admin') {
    if (!email) throw new AppError('invalid_input', { params: { field: 'email' } })
    if (!name) throw new AppError('invalid_input', { params: { field: 'name' } })
    await checkPassword(password, { role: 'admin', email })
    const passwordHash = await hashPassword(password)
    return await inTransaction(asService(ctx, 'link'), async (tx) => {
      await tx.db.execute(FIRST_ADMIN_LOCK)
      await useLink(tx, token)
      if (await hasAdmin(tx)) throw new AppError('link_invalid')
      const userId = await makeFirstAdmin(tx, { email, name, passwordHash })
      return { userId, sessionId: await createSession(tx, { userId }) }
    })
  }
  const { id: userId, role } = person
  await checkPassword(password, person)
  const passwordHash = await hashPassword(password)
  return await inTransaction(asService(ctx, 'link'), async (tx) => {
    // Before the link, as everybody does who ends a person's links.
    await tx.db.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update')
    await useLink(tx, token)
    return await replacePassword(tx, { userId, role, passwordHash, action: 'user.accept-link' })
  })
}

const createFirstAdminInput = z.object({ email: emailField, name: nameField, password: passwordField })

/**
 * Makes the first admin from the operator's configuration, with the first admin's grant. The service only.
 * @returns the admin's id; null, and nothing changed, when there is an admin already
 * @throws {AppError} `password_too_short`, `password_too_long`, `password_common`
 */
export async function createFirstAdmin(ctx: Ctx, input: z.input<typeof createFirstAdminInput>): Promise<string | null> {
  requireService(ctx)
  const { email, name, password } = createFirstAdminInput.parse(input)
  if (await hasAdmin(ctx)) return null
  await checkPassword(password, { role: 'admin', email })
  const passwordHash = await hashPassword(password)
  return await inTransaction(ctx, async (tx) => {
    await tx.db.execute(FIRST_ADMIN_LOCK)
    if (await hasAdmin(tx)) return null
    await expireLinks(tx, eq(oneTimeLinks.purpose, 'first_admin'))
    return await makeFirstAdmin(tx, { email, name, passwordHash })
  })
}

type NewAdmin = { email: string; name: string; passwordHash: string }

async function makeFirstAdmin(ctx: Ctx, { email, name, passwordHash }: NewAdmin): Promise<string> {
  const known = await findUserByEmail(ctx, { email })
  const userId = known?.id ?? (await createUser(ctx, { email, name, passwordHash, role: 'admin' }))
  if (known) {
    await setRole(ctx, { userId, role: 'admin' })
    await ctx.db
      .update(users)
      .set({ name, passwordHash, passwordChangedAt: sql`now()`, status: 'active' })
      .where(eq(users.id, userId))
  }
  await giveCredits(ctx, {
    userId,
    amountMicros: FIRST_ADMIN_CREDIT_MICROS,
    kind: 'grant',
    idempotencyKey: `first-admin:${userId}`,
  })
  return userId
}

function requireService(ctx: Ctx): void {
  if (ctx.actor.type !== 'system') throw new AppError('forbidden')
}

async function hasAdmin(ctx: Ctx): Promise<boolean> {
  const [row] = await ctx.db.select({ id: users.id }).from(users).where(eq(users.role, 'admin')).limit(1)
  return row !== undefined
}

function isUsable(token: string) {
  return and(
    eq(oneTimeLinks.tokenHash, sha256(token)),
    isNull(oneTimeLinks.usedAt),
    gt(oneTimeLinks.expiresAt, sql`now()`),
  )
}

// The row's lock makes the second of two wait and then find the link used.
async function useLink(ctx: Ctx, token: string): Promise<void> {
  const used = await ctx.db
    .update(oneTimeLinks)
    .set({ usedAt: sql`now()` })
    .where(isUsable(token))
    .returning({ id: oneTimeLinks.id })
  if (used.length === 0) throw new AppError('link_invalid')
}

async function expireLinks(ctx: Ctx, which: ReturnType<typeof eq>): Promise<void> {
  await ctx.db
    .update(oneTimeLinks)
    .set({ expiresAt: sql`now()` })
    .where(and(which, isNull(oneTimeLinks.usedAt), gt(oneTimeLinks.expiresAt, sql`now()`)))
}

type NewLink = {
  id: string
  token: string
  purpose: 'first_admin' | 'sign_in'
  userId: string | null
  age: ReturnType<typeof sql>
}

async function insertLink(ctx: Ctx, { id, token, purpose, userId, age }: NewLink): Promise<void> {
  await ctx.db
    .insert(oneTimeLinks)
    .values({ id, tokenHash: sha256(token), purpose, userId, expiresAt: sql`now() + ${age}` })
}
