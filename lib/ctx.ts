import { createDatabase, type Database, type Executor, runTransaction, type Transaction } from '#db/client.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { singleton } from '#lib/singleton.ts'

export type Role = 'user' | 'admin'

/** Who acts. A job or a script is the system; a person carries their session. */
export type Actor =
  | { type: 'anonymous' }
  | { type: 'user'; userId: string; role: Role; sessionId: string }
  | { type: 'system'; name: string }

export type UserActor = Extract<Actor, { type: 'user' }>

/** What is known of the HTTP request behind a call; absent for jobs and scripts. */
export type RequestInfo = { id: string; ip: string; userAgent: string }

/** First argument of every verb. `db` is a pool or an open transaction. */
export type Ctx<A extends Actor = Actor> = { db: Executor; actor: A; request?: RequestInfo }
export type UserCtx = Ctx<UserActor>

/** The process's pool, made once. Workers share the server's connections. */
export function getDatabase(): Database {
  return singleton('database', () => {
    const env = getEnv()
    return createDatabase(env.DATABASE_URL, Math.max(2, Math.floor(60 / env.SERVER_WORKERS)))
  })
}

/** A context for what the service does by itself. */
export function systemCtx(name: string): Ctx & { db: Database }
export function systemCtx<E extends Executor>(name: string, db: E): Ctx & { db: E }
export function systemCtx(name: string, db: Executor = getDatabase()): Ctx {
  return { db, actor: { type: 'system', name } }
}

/**
 * Runs writes in one transaction, joining the outer one when there is one, so that verbs compose into one commit.
 */
export function inTransaction<C extends Ctx, T>(
  ctx: C,
  work: (ctx: C & { db: Transaction }) => Promise<T>,
): Promise<T> {
  if (isTransaction(ctx.db)) return work(ctx as C & { db: Transaction })
  return runTransaction(ctx.db, (tx) => work({ ...ctx, db: tx }))
}

function isTransaction(db: Executor): db is Transaction {
  return 'rollback' in db
}

/** @throws {AppError} `unauthenticated` unless a person acts */
export function requireUser(ctx: Ctx): UserActor {
  if (ctx.actor.type !== 'user') throw new AppError('unauthenticated')
  return ctx.actor
}

/**
 * Whose things a verb is about: the acting person's own, or somebody else's for an admin and the service.
 * @throws {AppError} `unauthenticated`; `not_found` when who is no admin asks for somebody else's
 */
export function subjectOf(ctx: Ctx, userId?: string): string {
  if (ctx.actor.type === 'system' && userId !== undefined) return userId
  const actor = requireUser(ctx)
  if (userId === undefined || userId === actor.userId) return actor.userId
  if (actor.role !== 'admin') throw new AppError('not_found')
  return userId
}

/** @throws {AppError} `unauthenticated` or `forbidden` unless an admin or the service itself acts */
export function requireAdmin(ctx: Ctx): void {
  if (ctx.actor.type === 'system') return
  if (requireUser(ctx).role !== 'admin') throw new AppError('forbidden')
}
