import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Transaction } from '#db/client.ts'
import { oneTimeLinks, sessions, users } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, type Role, requireAdmin, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { openWallet } from '#lib/ledger/index.ts'
import { emailField, localeField, nameField, reasonField } from './shared.ts'

export type User = {
  id: string
  email: string
  name: string
  role: Role
  status: 'active' | 'disabled'
  locale: string | null
  createdAt: Date
}

const userColumns = {
  id: users.id,
  email: users.email,
  name: users.name,
  role: users.role,
  status: users.status,
  locale: users.locale,
  createdAt: users.createdAt,
}

const roleField = z.enum(['user', 'admin'])

/** Why an operator does it; kept in the audit log. */
const reasonInput = reasonField.optional()

const createUserInput = z.object({
  email: emailField,
  name: nameField,
  /** Argon2id in PHC form; null until a link sets it. */
  passwordHash: z.string().nullable(),
  role: roleField.default('user'),
})

/**
 * Makes a person and opens their wallet. Admins and the service only.
 * @returns the new person's id
 * @throws {AppError} `email_taken`
 */
export async function createUser(ctx: Ctx, input: z.input<typeof createUserInput>): Promise<string> {
  requireAdmin(ctx)
  const { email, name, passwordHash, role } = createUserInput.parse(input)
  return await inTransaction(ctx, async (tx) => {
    const passwordChangedAt = passwordHash === null ? null : sql`now()`
    const [row] = await tx.db
      .insert(users)
      .values({ id: newId(), email, name, passwordHash, passwordChangedAt, role })
      .onConflictDoNothing()
      .returning({ id: users.id })
    if (!row) throw new AppError('email_taken')
    await openWallet(tx, { ownerType: 'user', ownerId: row.id })
    await recordAudit(tx, {
      action: 'user.create',
      subjectType: 'user',
      subjectId: row.id,
      after: { email, name, role },
    })
    return row.id
  })
}

/** The person with this address in any case, or null. */
export async function findUserByEmail(ctx: Ctx, { email }: { email: string }): Promise<User | null> {
  const [row] = await ctx.db
    .select(userColumns)
    .from(users)
    .where(eq(sql`lower(${users.email})`, email.trim().toLowerCase()))
  return row ?? null
}

const userIdInput = z.object({ userId: z.uuid() })

/**
 * A person, for themselves, an admin or the service.
 * @throws {AppError} `not_found` for anybody else and when there is none
 */
export async function getUser(ctx: Ctx, input: z.input<typeof userIdInput>): Promise<User> {
  const { userId } = userIdInput.parse(input)
  if (!isOwn(ctx, userId) && !isAdmin(ctx)) throw new AppError('not_found')
  const [row] = await ctx.db.select(userColumns).from(users).where(eq(users.id, userId))
  if (!row) throw new AppError('not_found')
  return row
}

const setRoleInput = z.object({ userId: z.uuid(), role: roleField, reason: reasonInput })

/**
 * Makes a person an admin or an ordinary user; a change ends all their sessions. A new admin has no password until they
 * choose one through a sign-in link: the old one was held to a weaker rule, and its hash does not tell its length.
 * Admins and the service only, and nobody for themselves.
 * @throws {AppError} `not_found`; `last_admin` when nobody else could administer the service; `own_account`
 */
export async function setRole(ctx: Ctx, input: z.input<typeof setRoleInput>): Promise<void> {
  const { role, ...subject } = setRoleInput.parse(input)
  await changeUser(ctx, {
    ...subject,
    action: 'user.set-role',
    change: role === 'admin' ? { role, passwordHash: null } : { role },
  })
}

const actInput = userIdInput.extend({ reason: reasonInput })

/**
 * Shuts a person out: their sessions end and their next request is refused. Admins and the service only, and nobody
 * for themselves.
 * @throws {AppError} `not_found`; `last_admin` when nobody else could administer the service; `own_account`
 */
export async function disableUser(ctx: Ctx, input: z.input<typeof actInput>): Promise<void> {
  const subject = actInput.parse(input)
  await changeUser(ctx, { ...subject, action: 'user.disable', change: { status: 'disabled' } })
}

/** Lets a disabled person sign in again. Admins and the service only. @throws {AppError} `not_found` */
export async function enableUser(ctx: Ctx, input: z.input<typeof actInput>): Promise<void> {
  const subject = actInput.parse(input)
  await changeUser(ctx, { ...subject, action: 'user.enable', change: { status: 'active' } })
}

type UserChange = {
  userId: string
  reason?: string
  action: string
  change: { role?: Role; status?: User['status']; passwordHash?: null }
}

async function changeUser(ctx: Ctx, { userId, reason, action, change }: UserChange): Promise<void> {
  requireAdmin(ctx)
  await inTransaction(ctx, async (tx) => {
    const { user: before, isLastAdmin } = await lockUser(tx, { userId })
    const after = { ...before, ...change }
    if (after.role === before.role && after.status === before.status) return
    const stays = after.role === 'admin' && after.status === 'active'
    if (!stays && isLastAdmin) throw new AppError('last_admin')
    if (isOwn(ctx, userId)) throw new AppError('own_account')
    await tx.db.update(users).set(change).where(eq(users.id, userId))
    await revokeAccessOf(tx, { userId })
    await recordAudit(tx, {
      action,
      subjectType: 'user',
      subjectId: userId,
      before: { role: before.role, status: before.status },
      after: { role: after.role, status: after.status },
      reason,
    })
  })
}

/**
 * A person as they are while the caller's transaction lasts, and whether nobody else could administer the service.
 * @throws {AppError} `not_found`
 */
export async function lockUser(
  ctx: Ctx & { db: Transaction },
  { userId }: { userId: string },
): Promise<{ user: User; isLastAdmin: boolean }> {
  // All admins are locked in one order, so that two of them cannot take each other's role away at once.
  const admins = await ctx.db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'admin'), eq(users.status, 'active')))
    .orderBy(users.id)
    .for('update')
  const [user] = await ctx.db.select(userColumns).from(users).where(eq(users.id, userId)).for('update')
  if (!user) throw new AppError('not_found')
  return { user, isLastAdmin: admins.length === 1 && admins[0]!.id === userId }
}

/**
 * Signs a person out everywhere and ends their unused sign-in links; they may sign in again. Admins and the service
 * only; one's own sessions are ended in the account.
 * @throws {AppError} `not_found`; `own_account`
 */
export async function signOutUser(ctx: Ctx, input: z.input<typeof actInput>): Promise<void> {
  requireAdmin(ctx)
  const { userId, reason } = actInput.parse(input)
  if (isOwn(ctx, userId)) throw new AppError('own_account')
  await inTransaction(ctx, async (tx) => {
    await lockUser(tx, { userId })
    const ended = await revokeAccessOf(tx, { userId })
    if (ended.sessions + ended.links > 0) {
      await recordAudit(tx, { action: 'user.sign-out', subjectType: 'user', subjectId: userId, after: ended, reason })
    }
  })
}

/**
 * Ends every session of a person and every sign-in link that is not used yet; composed into changes that must leave no
 * old way in. The caller has the person's row locked: links are only touched after it.
 * @returns how many of them still worked
 */
export async function revokeAccessOf(
  ctx: Ctx,
  { userId }: { userId: string },
): Promise<{ sessions: number; links: number }> {
  const ended = await ctx.db
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAt)))
    .returning({ isLive: sql<boolean>`${sessions.expiresAt} > now()` })
  const links = await ctx.db
    .update(oneTimeLinks)
    .set({ expiresAt: sql`now()` })
    .where(and(eq(oneTimeLinks.userId, userId), isNull(oneTimeLinks.usedAt), gt(oneTimeLinks.expiresAt, sql`now()`)))
    .returning({ id: oneTimeLinks.id })
  return { sessions: ended.filter(({ isLive }) => isLive).length, links: links.length }
}

export const updateProfileInput = z.object({ name: nameField.optional(), locale: localeField.optional() })

/** Changes the acting person's own name or language; what is left out stays. */
export async function updateProfile(ctx: Ctx, input: z.input<typeof updateProfileInput>): Promise<void> {
  const { userId } = requireUser(ctx)
  const { name, locale } = updateProfileInput.parse(input)
  if (name === undefined && locale === undefined) return
  await ctx.db.update(users).set({ name, locale }).where(eq(users.id, userId))
}

function isOwn(ctx: Ctx, userId: string): boolean {
  return ctx.actor.type === 'user' && ctx.actor.userId === userId
}

function isAdmin(ctx: Ctx): boolean {
  return ctx.actor.type === 'system' || (ctx.actor.type === 'user' && ctx.actor.role === 'admin')
}
