import { and, desc, eq, gte, inArray, lt, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { z } from 'zod'
import { auditEntries, channels, models, orders, sitePrompts, users } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { isId } from '#lib/id.ts'
import { pageOf } from '#lib/page.ts'

const PAGE = 50
const BATCH = 500

const auditFilterInput = z.object({
  /** A person's id or whole e-mail address, or the name of a piece of the service, such as `jobs`. */
  actor: z.string().trim().min(1).max(320).optional(),
  action: z.string().min(1).max(100).optional(),
  subjectType: z.string().min(1).max(60).optional(),
  /** What was acted on: an id, a person's whole e-mail address, or an order's reference. */
  subject: z.string().trim().min(1).max(320).optional(),
  /** Several of them, for what belongs together; no other filter may name subjects then. */
  subjects: z.array(z.string().max(320)).max(100).optional(),
  from: z.date().optional(),
  /** Not included. */
  until: z.date().optional(),
})

export type AuditFilter = z.input<typeof auditFilterInput>

const listAuditInput = auditFilterInput.extend({
  after: z.uuid().optional(),
  limit: z.number().int().min(1).max(PAGE).default(PAGE),
})

/** One line of the log, with the names that people and things have now; null for what is gone or has none. */
export type AuditRow = {
  id: string
  at: Date
  actorType: string
  actorId: string
  actorName: string | null
  action: string
  subjectType: string
  subjectId: string
  subjectName: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  reason: string | null
  ip: string | null
  requestId: string | null
}

export type AuditPage = { items: AuditRow[]; next: string | null }

/** A page of who did what, the newest first. Admins and the service only. */
export async function listAuditEntries(ctx: Ctx, input: z.input<typeof listAuditInput> = {}): Promise<AuditPage> {
  requireAdmin(ctx)
  const { after, limit, ...filter } = listAuditInput.parse(input)
  const rows = await readRows(ctx, await conditionsOf(ctx, filter), after, limit + 1)
  return pageOf(rows, limit, ({ id }) => id)
}

/** The whole of it, some at a time, as fast as it is taken. Admins and the service only. */
export async function* exportAudit(ctx: Ctx, input: AuditFilter = {}): AsyncGenerator<AuditRow[]> {
  requireAdmin(ctx)
  const conditions = await conditionsOf(ctx, auditFilterInput.parse(input))
  let after: string | undefined
  for (;;) {
    const rows = await readRows(ctx, conditions, after, BATCH)
    if (rows.length > 0) yield rows
    if (rows.length < BATCH) return
    after = rows.at(-1)!.id
  }
}

const actors = alias(users, 'actors')
const people = alias(users, 'people')

async function readRows(ctx: Ctx, conditions: SQL[], after: string | undefined, limit: number): Promise<AuditRow[]> {
  // First the page, then the names: what is joined must not decide how the log is read.
  const page = ctx.db
    .select()
    .from(auditEntries)
    .where(and(...conditions, after === undefined ? undefined : lt(auditEntries.id, after)))
    .orderBy(desc(auditEntries.id))
    .limit(limit)
    .as('page')
  const rows = await ctx.db
    .select({
      id: page.id,
      at: page.createdAt,
      actorType: page.actorType,
      actorId: page.actorId,
      actorName: sql<string | null>`coalesce(${actors.name}, ${actors.email})`,
      action: page.action,
      subjectType: page.subjectType,
      subjectId: page.subjectId,
      subjectName: sql<
        string | null
      >`coalesce(${people.name}, ${models.displayName}, ${channels.name}, ${orders.reference}, ${sitePrompts.title})`,
      before: page.before,
      after: page.after,
      reason: page.reason,
      ip: page.ip,
      requestId: page.requestId,
    })
    .from(page)
    .leftJoin(actors, and(eq(page.actorType, 'user'), eq(actors.id, asId(page.actorId))))
    .leftJoin(people, and(eq(page.subjectType, 'user'), eq(people.id, asId(page.subjectId))))
    .leftJoin(models, and(eq(page.subjectType, 'model'), eq(models.id, page.subjectId)))
    .leftJoin(channels, and(eq(page.subjectType, 'channel'), eq(channels.id, asId(page.subjectId))))
    .leftJoin(orders, and(eq(page.subjectType, 'order'), eq(orders.id, asId(page.subjectId))))
    .leftJoin(sitePrompts, and(eq(page.subjectType, 'prompt'), eq(sitePrompts.id, asId(page.subjectId))))
    .orderBy(desc(page.id))
  return rows.map((row) => ({ ...row, before: asRecord(row.before), after: asRecord(row.after) }))
}

/** A text column as an id, null where it holds none: the cast must not meet a setting's name. */
function asId(column: SQLWrapper): SQL {
  return sql`CASE WHEN ${column} ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN ${column}::uuid END`
}

async function conditionsOf(ctx: Ctx, filter: z.output<typeof auditFilterInput>): Promise<SQL[]> {
  const { actor, action, subjectType, subject, subjects, from, until } = filter
  const conditions: (SQL | undefined)[] = [
    action === undefined ? undefined : eq(auditEntries.action, action),
    subjectType === undefined ? undefined : eq(auditEntries.subjectType, subjectType),
    subjects === undefined ? undefined : inArray(auditEntries.subjectId, subjects),
    // Ids are made in time order, so their range bounds what is read; an hour of slack covers clocks that differ.
    from && and(gte(auditEntries.id, idAt(from, -1)), gte(auditEntries.createdAt, from)),
    until && and(lt(auditEntries.id, idAt(until, 1)), lt(auditEntries.createdAt, until)),
  ]
  if (actor !== undefined) {
    const id = actor.toLowerCase()
    const userId = isId(id) ? id : await findPerson(ctx, actor)
    if (userId) conditions.push(eq(auditEntries.actorType, 'user'), eq(auditEntries.actorId, userId))
    else if (actor === 'anonymous') conditions.push(eq(auditEntries.actorType, 'anonymous'))
    else conditions.push(eq(auditEntries.actorType, 'system'), eq(auditEntries.actorId, actor))
  }
  if (subject !== undefined) conditions.push(eq(auditEntries.subjectId, await resolveSubject(ctx, subject)))
  return conditions.filter((condition) => condition !== undefined)
}

async function resolveSubject(ctx: Ctx, subject: string): Promise<string> {
  const id = subject.toLowerCase()
  if (isId(id)) return id
  const userId = await findPerson(ctx, subject)
  if (userId) return userId
  const [order] = await ctx.db
    .select({ id: orders.id })
    .from(orders)
    .where(eq(orders.reference, subject.toUpperCase()))
    .limit(1)
  return order?.id ?? subject
}

async function findPerson(ctx: Ctx, email: string): Promise<string | undefined> {
  if (!email.includes('@')) return undefined
  const [found] = await ctx.db
    .select({ id: users.id })
    .from(users)
    .where(eq(sql`lower(${users.email})`, email.toLowerCase()))
  return found?.id
}

const HOUR_MS = 3_600_000

/** The first id of a moment, some hours off. */
function idAt(moment: Date, hours: number): string {
  const ms = Math.max(0, moment.getTime() + hours * HOUR_MS)
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`
}

function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}
