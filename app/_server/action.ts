import { headers } from 'next/headers'
import type { z } from 'zod'
import { getCtx } from '#app/_server/context.ts'
import { type Failure, toFailure } from '#app/_server/failure.ts'
import { isSameOrigin } from '#app/_server/origin.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'

export type ActionResult<T> = { ok: true; data: T } | { ok: false; error: Failure }

/**
 * Makes a server action of a verb: every action is a public endpoint, so its input is checked first, and where it
 * comes from. Next lets a form pass that names no origin.
 * @returns a function for `'use server'` files that takes a plain object or a form's data
 */
export function action<S extends z.ZodType, T>(schema: S, verb: Verb<S, T>): Action<S, T> {
  return makeAction(schema, verb, () => undefined)
}

/** The same for admins: everybody else is refused before anything is read. The verb asks again. */
export function adminAction<S extends z.ZodType, T>(schema: S, verb: Verb<S, T>): Action<S, T> {
  return makeAction(schema, verb, requireAdmin)
}

type Verb<S extends z.ZodType, T> = (ctx: Ctx, input: z.output<S>) => Promise<T>
type Action<S extends z.ZodType, T> = (input: z.input<S> | FormData) => Promise<ActionResult<T>>

function makeAction<S extends z.ZodType, T>(schema: S, verb: Verb<S, T>, guard: (ctx: Ctx) => void): Action<S, T> {
  return async (input) => {
    const ctx = await getCtx()
    try {
      if (!isSameOrigin(await headers())) throw new AppError('forbidden', { message: 'cross-site' })
      guard(ctx)
      const parsed = schema.parse(input instanceof FormData ? readForm(input) : input) as z.output<S>
      return { ok: true, data: await verb(ctx, parsed) }
    } catch (error) {
      return { ok: false, error: toFailure(error, ctx.request?.id ?? '').failure }
    }
  }
}

// Next adds fields of its own to a form that is sent without JavaScript.
function readForm(form: FormData): Record<string, unknown> {
  return Object.fromEntries([...form].filter(([name]) => !name.startsWith('$ACTION')))
}
