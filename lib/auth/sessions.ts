import { and, desc, eq, gt, isNull, ne, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { sessions, users } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireUser, subjectOf, type UserActor } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { reasonField } from '#lib/users/index.ts'

// A session ends this long after it was last used; each use moves its end.
const SESSION_AGE = sql`interval '30 days'`
// Seen again within a minute is not worth a write.
const SEEN_EVERY = sql`interval '1 minute'`

const isLive = and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`))

/** Somebody signed in, as pages need to know them. */
export type Viewer = { actor: UserActor; email: string; name: string; locale: string | null }

/**
 * Who a session belongs to, while it is neither revoked nor expired and its person is not disabled. Notes that the
 * session was used, at most once a minute.
 */
export async function findSession(ctx: Ctx, { sessionId }: { sessionId: string }): Promise<Viewer | null> {
  const [row] = await ctx.db
    .select({
      userId: users.id,
      role: users.role,
      email: users.email,
      name: users.name,
      locale: users.locale,
      stale: sql<boolean>`${sessions.lastSeenAt} < now() - ${SEEN_EVERY}`,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, sessionId), isLive, eq(users.status, 'active')))
  if (!row) return null
  if (row.stale) {
    await ctx.db
      .update(sessions)
      .set({ lastSeenAt: sql`now()`, expiresAt: sql`now() + ${SESSION_AGE}` })
      .where(and(eq(sessions.id, sessionId), isLive))
  }
  const { userId, role, email, name, locale } = row
  return { actor: { type: 'user', userId, role, sessionId }, email, name, locale }
}

/** Whether a session belonged to somebody who is shut out: so that they are told, and not only asked to sign in. */
export async function isShutOut(ctx: Ctx, { sessionId }: { sessionId: string }): Promise<boolean> {
  const [row] = await ctx.db
    .select({ id: users.id })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, sessionId), eq(users.status, 'disabled')))
  return row !== undefined
}

/** Begins a session of a person who has just proven who they are. @returns its id, always a new one */
export async function createSession(ctx: Ctx, { userId }: { userId: string }): Promise<string> {
  const id = newId()
  await ctx.db.insert(sessions).values({
    id,
    userId,
    ip: ctx.request?.ip ?? '',
    userAgent: ctx.request?.userAgent ?? '',
    expiresAt: sql`now() + ${SESSION_AGE}`,
  })
  return id
}

export type SessionSummary = {
  id: string
  ip: string
  userAgent: string
  createdAt: Date
  lastSeenAt: Date
  current: boolean
}

// More sessions than this on one person are a program's, not a reader's list.
const LISTED = 50

const listSessionsInput = z.object({ userId: z.uuid().optional() })

/**
 * A person's live sessions, latest used first, at most fifty; `current` is the one in which this is asked.
 * @param input whose: the acting person's unless an admin asks for another's
 * @throws {AppError} `not_found` when they are another's and no admin asks
 */
export async function listSessions(ctx: Ctx, input: z.input<typeof listSessionsInput> = {}): Promise<SessionSummary[]> {
  const userId = subjectOf(ctx, listSessionsInput.parse(input).userId)
  const sessionId = ctx.actor.type === 'user' ? ctx.actor.sessionId : null
  const rows = await ctx.db
    .select({
      id: sessions.id,
      ip: sessions.ip,
      userAgent: sessions.userAgent,
      createdAt: sessions.createdAt,
      lastSeenAt: sessions.lastSeenAt,
    })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isLive))
    .orderBy(desc(sessions.lastSeenAt), desc(sessions.id))
    .limit(LISTED)
  return rows.map((row) => ({ ...row, current: row.id === sessionId }))
}

export const revokeSessionInput = z.object({ sessionId: z.uuid() })

const revokeSessionOfInput = revokeSessionInput.extend({
  /** Whose it is; the acting person's unless an admin ends another's, which is put on record. */
  userId: z.uuid().optional(),
  reason: reasonField.optional(),
})

/**
 * Ends one of a person's sessions; ending it again changes nothing.
 * @throws {AppError} `not_found` when it is not theirs, or is another's and no admin ends it
 */
export async function revokeSession(ctx: Ctx, input: z.input<typeof revokeSessionOfInput>): Promise<void> {
  const { sessionId, reason, ...asked } = revokeSessionOfInput.parse(input)
  const userId = subjectOf(ctx, asked.userId)
  await inTransaction(ctx, async (tx) => {
    const theirs = and(eq(sessions.id, sessionId), eq(sessions.userId, userId))
    const [known] = await tx.db.select({ id: sessions.id }).from(sessions).where(theirs)
    if (!known) throw new AppError('not_found')
    const ended = await revokeWhere(tx, theirs)
    const isOwn = ctx.actor.type === 'user' && ctx.actor.userId === userId
    if (ended === 0 || isOwn) return
    await recordAudit(tx, {
      action: 'user.end-session',
      subjectType: 'user',
      subjectId: userId,
      after: { sessionId },
      reason,
    })
  })
}

/** Ends all sessions of the acting person but the one they act in. */
export async function revokeOtherSessions(ctx: Ctx): Promise<void> {
  const { userId, sessionId } = requireUser(ctx)
  await revokeWhere(ctx, and(eq(sessions.userId, userId), ne(sessions.id, sessionId)))
}

/** Ends the session that a browser's own token names, when it signs out. */
export async function endSession(ctx: Ctx, { sessionId }: { sessionId: string }): Promise<void> {
  await revokeWhere(ctx, eq(sessions.id, sessionId))
}

async function revokeWhere(ctx: Ctx, which: SQL | undefined): Promise<number> {
  const ended = await ctx.db
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(and(which, isNull(sessions.revokedAt)))
    .returning({ id: sessions.id })
  return ended.length
}
