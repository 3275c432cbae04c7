import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channels, users } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, type Role, requireAdmin, requireUser } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import { findWallet, HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { MICROS_PER_CREDIT } from '#lib/money.ts'
import { getSetting } from '#lib/settings/index.ts'
import { createUser, emailField, nameField, revokeAccessOf } from '#lib/users/index.ts'
import { checkPassword, hashPassword, verifyPassword } from './passwords.ts'
import { createSession } from './sessions.ts'
import { throttlePassword, throttleRegistration } from './throttle.ts'

/** Somebody who has just proven who they are, and the session that began with it. */
export type SignedIn = { userId: string; sessionId: string }

// The demo model answers for these; a real vendor's bill does not begin until the operator says so.
const DEMO_CREDIT_MICROS = 10n * MICROS_PER_CREDIT

/** No longer than anything a form lets through: hashing must not be given megabytes. */
export const passwordField = z.string().max(1_000)

export const registerUserInput = z.object({ email: emailField, name: nameField, password: passwordField })

/**
 * Makes an account for whoever asks, with the sign-up credit, and signs them in.
 * @throws {AppError} `registration_closed`, `rate_limited`, `email_taken`, `password_too_short`, `password_too_long`, `password_common`
 */
export async function registerUser(ctx: Ctx, input: z.input<typeof registerUserInput>): Promise<SignedIn> {
  const { email, name, password } = registerUserInput.parse(input)
  if ((await getSetting(ctx, 'registration')) === 'closed') throw new AppError('registration_closed')
  await checkPassword(password, { role: 'user', email })
  await throttleRegistration(ctx)
  const passwordHash = await hashPassword(password)
  return await inTransaction(asService(ctx, 'registration'), async (tx) => {
    const userId = await createUser(tx, { email, name, passwordHash, role: 'user' })
    await grantSignUpCredit(tx, userId)
    return { userId, sessionId: await createSession(tx, { userId }) }
  })
}

/** What a new account starts with now, in micro-credits; zero when registration is closed. */
export async function getSignUpCredit(ctx: Ctx): Promise<bigint> {
  if ((await getSetting(ctx, 'registration')) === 'closed') return 0n
  return await getStartingCredit(ctx)
}

/** What an account starts with that an admin makes now, in micro-credits, whether or not people may register. */
export async function getStartingCredit(ctx: Ctx): Promise<bigint> {
  const setting = await getSetting(ctx, 'sign_up_credit_micros')
  return setting === null ? automaticCredit(await hasChannel(ctx)) : BigInt(setting)
}

/** What a new account starts with while the operator leaves it to the service. */
function automaticCredit(isPaid: boolean): bigint {
  return isPaid ? 0n : DEMO_CREDIT_MICROS
}

async function hasChannel(ctx: Ctx): Promise<boolean> {
  const [channel] = await ctx.db.select({ id: channels.id }).from(channels).limit(1)
  return channel !== undefined
}

export type SignUpTerms = {
  /** What an account starts with while the setting leaves it to the service, in micro-credits. */
  automaticMicros: bigint
  /** Whether what people spend costs the operator something: there is a channel to a vendor. */
  isPaid: boolean
}

/** What the operator has to know before deciding who comes in with what. Admins and the service only. */
export async function getSignUpTerms(ctx: Ctx): Promise<SignUpTerms> {
  requireAdmin(ctx)
  const isPaid = await hasChannel(ctx)
  return { automaticMicros: automaticCredit(isPaid), isPaid }
}

const createAccountInput = z.object({
  email: emailField,
  name: nameField,
  /** Null leaves the account without one until a sign-in link sets it. */
  password: passwordField.nullable(),
  role: z.enum(['user', 'admin']).default('user'),
})

/**
 * Makes an account for somebody else, with the sign-up credit. Admins and the service only.
 * @returns the new person's id
 * @throws {AppError} `email_taken`, `password_too_short`, `password_too_long`, `password_common`
 */
export async function createAccount(ctx: Ctx, input: z.input<typeof createAccountInput>): Promise<string> {
  requireAdmin(ctx)
  const { email, name, password, role } = createAccountInput.parse(input)
  if (password !== null) await checkPassword(password, { role, email })
  const passwordHash = password === null ? null : await hashPassword(password)
  return await inTransaction(ctx, async (tx) => {
    const userId = await createUser(tx, { email, name, passwordHash, role })
    await grantSignUpCredit(tx, userId)
    return userId
  })
}

export const signInInput = z.object({ email: emailField, password: passwordField })

/**
 * Signs somebody in by e-mail and password. Strangers and wrong passwords get the same answer after the same time.
 * @throws {AppError} `wrong_credentials`, `rate_limited`, `account_disabled` (only to who knows the password)
 */
export async function signIn(ctx: Ctx, input: z.input<typeof signInInput>): Promise<SignedIn> {
  const parsed = signInInput.safeParse(input)
  if (!parsed.success) throw new AppError('wrong_credentials')
  const { email, password } = parsed.data
  const user = await throttlePassword(ctx, email, async () => {
    const known = await findCredentials(ctx, email)
    const matches = await verifyPassword(known?.passwordHash, password)
    if (!known || !matches) throw new AppError('wrong_credentials')
    return known
  })
  if (user.status === 'disabled') throw new AppError('account_disabled')
  return { userId: user.id, sessionId: await createSession(ctx, { userId: user.id }) }
}

const changePasswordInput = z.object({ currentPassword: passwordField, newPassword: passwordField })

/**
 * Changes the acting person's own password, ends all their sessions and begins a new one.
 * @throws {AppError} `wrong_password`, `rate_limited`, `password_too_short`, `password_too_long`, `password_common`, `conflict`
 */
export async function changePassword(ctx: Ctx, input: z.input<typeof changePasswordInput>): Promise<SignedIn> {
  const { userId, role } = requireUser(ctx)
  const { currentPassword, newPassword } = changePasswordInput.parse(input)
  const [known] = await ctx.db
    .select({ email: users.email, passwordHash: users.passwordHash })
    .from(users)
    .where(eq(users.id, userId))
  if (!known) throw new AppError('unauthenticated')
  await throttlePassword(ctx, known.email, async () => {
    if (!(await verifyPassword(known.passwordHash, currentPassword))) throw new AppError('wrong_password')
  })
  await checkPassword(newPassword, { role, email: known.email })
  const passwordHash = await hashPassword(newPassword)
  return await inTransaction(ctx, (tx) =>
    replacePassword(tx, { userId, role, passwordHash, action: 'user.change-password' }),
  )
}

const setPasswordInput = z.object({ userId: z.uuid(), password: passwordField })

/**
 * Gives somebody a new password, ends all their sessions and sign-in links. Admins and the service only.
 * @throws {AppError} `not_found`, `password_too_short`, `password_too_long`, `password_common`, `conflict`
 */
export async function setPassword(ctx: Ctx, input: z.input<typeof setPasswordInput>): Promise<void> {
  requireAdmin(ctx)
  const { userId, password } = setPasswordInput.parse(input)
  const [known] = await ctx.db.select({ email: users.email, role: users.role }).from(users).where(eq(users.id, userId))
  if (!known) throw new AppError('not_found')
  await checkPassword(password, known)
  const passwordHash = await hashPassword(password)
  await inTransaction(ctx, (tx) =>
    storePassword(tx, { userId, role: known.role, passwordHash, action: 'user.set-password' }),
  )
}

/** `role` is the one whose rule the password was checked against. */
type NewPassword = { userId: string; role: Role; passwordHash: string; action: string }

/**
 * Stores a password, ends every session that knew the old one, and begins a new one; joins the caller's transaction.
 * @throws {AppError} `conflict` when the person has another role meanwhile
 */
export async function replacePassword(ctx: Ctx, password: NewPassword): Promise<SignedIn> {
  await storePassword(ctx, password)
  return { userId: password.userId, sessionId: await createSession(ctx, password) }
}

async function storePassword(ctx: Ctx, { userId, role, passwordHash, action }: NewPassword): Promise<void> {
  const stored = await ctx.db
    .update(users)
    .set({ passwordHash, passwordChangedAt: sql`now()` })
    .where(and(eq(users.id, userId), eq(users.role, role)))
    .returning({ id: users.id })
  if (stored.length === 0) throw new AppError('conflict', { message: 'the role changed meanwhile' })
  await revokeAccessOf(ctx, { userId })
  await recordAudit(ctx, { action, subjectType: 'user', subjectId: userId })
}

async function grantSignUpCredit(ctx: Ctx, userId: string): Promise<void> {
  const amountMicros = await getStartingCredit(ctx)
  if (amountMicros === 0n) return
  await giveCredits(ctx, { userId, amountMicros, kind: 'promotion', idempotencyKey: `sign-up:${userId}` })
}

type Gift = { userId: string; amountMicros: bigint; kind: 'promotion' | 'grant'; idempotencyKey: string }

/** Puts credits of the house's into a person's wallet, once per key; joins the caller's transaction. */
export async function giveCredits(ctx: Ctx, { userId, amountMicros, kind, idempotencyKey }: Gift): Promise<void> {
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  invariant(wallet, 'every person has a wallet')
  await postTransfer(ctx, {
    kind,
    debitAccountId: HOUSE.promotions,
    creditAccountId: wallet.id,
    amountMicros,
    idempotencyKey,
    lot: { source: 'promotional' },
  })
}

/** A stranger may do this because the service decided so; the rows say it was the service. */
export function asService<C extends Ctx>(ctx: C, name: string): C {
  return { ...ctx, actor: { type: 'system', name } }
}

type Credentials = { id: string; passwordHash: string | null; status: 'active' | 'disabled'; role: Role }

async function findCredentials(ctx: Ctx, email: string): Promise<Credentials | undefined> {
  const [row] = await ctx.db
    .select({ id: users.id, passwordHash: users.passwordHash, status: users.status, role: users.role })
    .from(users)
    .where(eq(sql`lower(${users.email})`, email))
  return row
}
