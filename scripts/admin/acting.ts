import type { Ctx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { type Options, UsageError } from './command.ts'
import { getNamedUser } from './people.ts'

/** Acts on an admin's account; without a name as the command line itself. */
export async function onAccountOf(ctx: Ctx, name: string | undefined): Promise<Ctx> {
  if (name === undefined) return ctx
  const admin = await getNamedUser(ctx, name)
  if (admin.role !== 'admin' || admin.status !== 'active') throw new UsageError(`${admin.email} is no enabled admin`)
  return {
    db: ctx.db,
    // Whoever may run this command may act for any admin: no session stands behind it, and the audit log tells.
    actor: { type: 'user', userId: admin.id, role: 'admin', sessionId: newId() },
    request: { id: 'command-line', ip: 'local', userAgent: 'npm run admin' },
  }
}

/** The instant that an option names; a day stands for its end. @throws {UsageError} */
export function readDay(options: Options, name: string): Date | undefined {
  const text = options.find(name)
  if (text === undefined) return undefined
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const instant = new Date(day ? `${text}T00:00:00Z` : text)
  const known = day ? instant.toJSON()?.startsWith(text) : /T.*(Z|[+-]\d{2}:\d{2})$/.test(text)
  if (!known || Number.isNaN(instant.getTime())) {
    throw new UsageError(`--${name} must be a day such as 2027-01-31, or an instant such as 2027-01-31T18:00:00Z`)
  }
  return day ? new Date(instant.getTime() + 86_400_000) : instant
}
