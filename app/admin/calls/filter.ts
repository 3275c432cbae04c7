import { choiceParam, idParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { windowParam } from '#app/admin/_parts/window.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import type { CallFilter } from '#lib/inference/index.ts'
import { OUTCOMES } from '#lib/inference/shared.ts'
import { findUserByEmail, getUser } from '#lib/users/index.ts'

export const PAID = ['charged', 'free'] as const

/** Whose calls are asked for: `name` is null for a person who is gone. */
export type Caller = { userId: string; name: string | null; email: string | null }

export type AskedCalls = {
  filter: CallFilter
  /** Null for everybody's. */
  caller: Caller | null
  /** An id that was looked for, and may be a receipt's. */
  id: string | null
  /** Somebody was looked for who is not there. */
  isUnknown: boolean
}

/** What the list is narrowed to, as the address says it: `user` by id, `q` as an operator types it. */
export async function askedCalls(ctx: Ctx, params: SearchParams, timeZone: string): Promise<AskedCalls> {
  const search = textParam(params, 'q')?.trim()
  const id = idParam({ id: search?.toLowerCase() }, 'id') ?? null
  const userId = idParam(params, 'user') ?? null
  const caller = userId ? await findCaller(ctx, userId) : search && !id ? await findByEmail(ctx, search) : null
  return {
    filter: {
      userId: caller?.userId,
      outcome: choiceParam(params, 'outcome', OUTCOMES),
      paid: choiceParam(params, 'paid', PAID),
      modelId: textParam(params, 'model'),
      channelId: idParam(params, 'channel'),
      window: windowParam(params, caller ? 'all' : '24h', timeZone),
    },
    caller,
    id,
    isUnknown: Boolean(search) && !id && caller === null,
  }
}

async function findByEmail(ctx: Ctx, email: string): Promise<Caller | null> {
  const user = await findUserByEmail(ctx, { email })
  return user && { userId: user.id, name: user.name, email: user.email }
}

/** Somebody who is gone has still made their calls. */
async function findCaller(ctx: Ctx, userId: string): Promise<Caller> {
  try {
    const { name, email } = await getUser(ctx, { userId })
    return { userId, name, email }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return { userId, name: null, email: null }
    throw error
  }
}
