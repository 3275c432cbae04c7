import { auditEntries } from '#db/schema/index.ts'
import type { Actor, Ctx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'

export type AuditEntry = {
  action: string
  subjectType: string
  subjectId: string
  /** What changed; secrets must not be in it. Amounts as text. */
  before?: Record<string, unknown>
  after?: Record<string, unknown>
  reason?: string
}

/** Records who did what; called inside the transaction of the change, so that both commit or neither. */
export async function recordAudit(ctx: Ctx, entry: AuditEntry): Promise<void> {
  await ctx.db.insert(auditEntries).values({
    id: newId(),
    actorType: ctx.actor.type,
    actorId: actorId(ctx.actor),
    ip: ctx.request?.ip,
    requestId: ctx.request?.id,
    ...entry,
  })
}

/** The actor in one word for rows that outlive the person: `user:…`, `system:sweep`, `anonymous`. */
export function actorName(actor: Actor): string {
  return actor.type === 'anonymous' ? 'anonymous' : `${actor.type}:${actorId(actor)}`
}

function actorId(actor: Actor): string {
  switch (actor.type) {
    case 'user':
      return actor.userId
    case 'system':
      return actor.name
    case 'anonymous':
      return 'anonymous'
  }
}
