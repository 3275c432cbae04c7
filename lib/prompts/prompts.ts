import { and, asc, eq, isNull, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import { sitePrompts } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { PROMPT_LIMITS, STARTERS_MAX } from './shared.ts'

/** A prompt that everybody is offered, as the operator sees it. */
export type SitePrompt = {
  id: string
  title: string
  text: string
  /** Language of those who see it; null shows it to all. */
  locale: string | null
  visible: boolean
  version: number
}

/** What a person sees of it. */
export type Starter = Pick<SitePrompt, 'id' | 'title' | 'text'>

const columns = {
  id: sitePrompts.id,
  title: sitePrompts.title,
  text: sitePrompts.text,
  locale: sitePrompts.locale,
  visible: sitePrompts.visible,
  version: sitePrompts.version,
}
const inOrder = [asc(sitePrompts.position), asc(sitePrompts.id)]

/** What somebody who reads a language is offered on the empty page, in the operator's order. For people signed in. */
export async function listStarters(ctx: Ctx, { locale }: { locale: string }): Promise<Starter[]> {
  requireUser(ctx)
  return ctx.db
    .select({ id: sitePrompts.id, title: sitePrompts.title, text: sitePrompts.text })
    .from(sitePrompts)
    .where(and(sitePrompts.visible, or(isNull(sitePrompts.locale), eq(sitePrompts.locale, locale))))
    .orderBy(...inOrder)
    .limit(STARTERS_MAX)
}

/** All of them in their order, hidden ones too. Admins and the service only. */
export async function listSitePrompts(ctx: Ctx): Promise<SitePrompt[]> {
  requireAdmin(ctx)
  return ctx.db
    .select(columns)
    .from(sitePrompts)
    .orderBy(...inOrder)
    .limit(PROMPT_LIMITS.count)
}

const line = z
  .string()
  .trim()
  .min(1)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'is not one line of text')
  .refine((text) => Array.from(text).length <= PROMPT_LIMITS.title, 'is too long')

const fields = {
  title: line,
  text: z
    .string()
    .trim()
    .min(1)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'is not text')
    .refine((text) => Array.from(text).length <= PROMPT_LIMITS.text, 'is too long'),
  locale: z.enum(['en', 'zh-CN']).nullable(),
  visible: z.boolean(),
}

export const addSitePromptInput = z.object({
  ...fields,
  locale: fields.locale.default(null),
  visible: fields.visible.default(true),
})

/**
 * Makes a prompt for everybody, after those that there are. Admins and the service only.
 * @throws {AppError} `invalid_input` {field}; `conflict` when there are as many as there may be
 */
export async function addSitePrompt(ctx: Ctx, input: z.input<typeof addSitePromptInput>): Promise<SitePrompt> {
  requireAdmin(ctx)
  const prompt = addSitePromptInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    await lockPrompts(tx)
    const known = await listSitePrompts(tx)
    if (known.length >= PROMPT_LIMITS.count) {
      throw new AppError('conflict', { message: `there are ${PROMPT_LIMITS.count} prompts already` })
    }
    const position = sql`(SELECT coalesce(max(position), 0) + 1 FROM site_prompts)`
    const [added] = await tx.db
      .insert(sitePrompts)
      .values({ id: newId(), ...prompt, position })
      .returning(columns)
    await record(tx, 'prompt.add', added!.id, undefined, summaryOf(added!))
    return added!
  })
}

export const updateSitePromptInput = z
  .object({ id: z.uuid(), version: z.number().int().positive(), ...fields })
  .partial({
    title: true,
    text: true,
    locale: true,
    visible: true,
  })

/**
 * Changes what is given of a prompt; the same again changes nothing. Admins and the service only.
 * @param input.version the one that the form was filled in on
 * @throws {AppError} `not_found`, `changed_meanwhile`, `invalid_input` {field}
 */
export async function updateSitePrompt(ctx: Ctx, input: z.input<typeof updateSitePromptInput>): Promise<SitePrompt> {
  requireAdmin(ctx)
  const { id, version, ...given } = updateSitePromptInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    await lockPrompts(tx)
    const known = await findPrompt(tx, id)
    if (known.version !== version) throw new AppError('changed_meanwhile')
    const wanted = { ...known, ...given }
    if (JSON.stringify(wanted) === JSON.stringify(known)) return known
    const { title, text, locale, visible } = wanted
    const [saved] = await tx.db
      .update(sitePrompts)
      .set({ title, text, locale, visible, version: sql`${sitePrompts.version} + 1`, updatedAt: sql`now()` })
      .where(eq(sitePrompts.id, id))
      .returning(columns)
    await record(tx, 'prompt.set', id, summaryOf(known), summaryOf(saved!))
    return saved!
  })
}

export const moveSitePromptInput = z.object({ id: z.uuid(), direction: z.enum(['up', 'down']) })

/**
 * Moves a prompt one place up or down; at the end of the list nothing changes. Admins and the service only.
 * @throws {AppError} `not_found`
 */
export async function moveSitePrompt(ctx: Ctx, input: z.input<typeof moveSitePromptInput>): Promise<void> {
  requireAdmin(ctx)
  const { id, direction } = moveSitePromptInput.parse(input)
  await inTransaction(ctx, async (tx) => {
    await lockPrompts(tx)
    const order = (await listSitePrompts(tx)).map((prompt) => prompt.id)
    const from = order.indexOf(id)
    if (from === -1) throw new AppError('not_found')
    const to = direction === 'up' ? from - 1 : from + 1
    if (to < 0 || to >= order.length) return
    order.splice(to, 0, ...order.splice(from, 1))
    // All are numbered anew: what came first keeps no number that another one has.
    await tx.db.execute(sql`
      UPDATE site_prompts p SET position = o.position
      FROM unnest(${sql.param(order)}::uuid[]) WITH ORDINALITY AS o (id, position)
      WHERE p.id = o.id AND p.position <> o.position`)
    await record(tx, 'prompt.move', id, { place: from + 1 }, { place: to + 1 })
  })
}

export const deleteSitePromptInput = z.object({ id: z.uuid(), version: z.number().int().positive() })

/**
 * Takes a prompt away for good. Admins and the service only.
 * @throws {AppError} `not_found`, also when it is gone already; `changed_meanwhile`
 */
export async function deleteSitePrompt(ctx: Ctx, input: z.input<typeof deleteSitePromptInput>): Promise<void> {
  requireAdmin(ctx)
  const { id, version } = deleteSitePromptInput.parse(input)
  await inTransaction(ctx, async (tx) => {
    await lockPrompts(tx)
    const known = await findPrompt(tx, id)
    if (known.version !== version) throw new AppError('changed_meanwhile')
    await tx.db.delete(sitePrompts).where(eq(sitePrompts.id, id))
    await record(tx, 'prompt.delete', id, summaryOf(known), undefined)
  })
}

async function findPrompt(ctx: Ctx, id: string): Promise<SitePrompt> {
  const [found] = await ctx.db.select(columns).from(sitePrompts).where(eq(sitePrompts.id, id))
  if (!found) throw new AppError('not_found')
  return found
}

/** One change at a time: places are counted through. */
async function lockPrompts(ctx: Ctx): Promise<void> {
  await ctx.db.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('site-prompts', 0))`)
}

type Summary = Record<string, unknown> | undefined

async function record(ctx: Ctx, action: string, subjectId: string, before: Summary, after: Summary): Promise<void> {
  await recordAudit(ctx, { action, subjectType: 'prompt', subjectId, before, after })
}

function summaryOf({ title, text, locale, visible }: SitePrompt): Record<string, unknown> {
  return { title, text, locale, visible }
}
