import { notFound } from 'next/navigation'
import { cache } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { AppError } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { getPerson } from '#lib/support/index.ts'

/** The person whom an address names, for an admin; for everybody else, and for nobody's id, there is no such page. */
export const loadPerson = cache(async (id: string) => {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  if (!isId(id)) notFound()
  try {
    return { ctx, person: await getPerson(ctx, { userId: id }) }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})
