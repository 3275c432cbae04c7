import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { readBytes } from '#app/_server/body.ts'
import { route } from '#app/_server/route.ts'
import { AppError } from '#lib/errors.ts'
import { setSiteFile, siteFileName } from '#lib/settings/index.ts'

// A little more than a picture may have, so that the verb says what is wrong with one that is too large.
const BYTES_MAX = 1_100_000

const input = z.object({ name: siteFileName })

/** Puts a picture in its place: the body is the file, whatever it is called. */
export const PUT = route({ input, auth: 'admin', body: 'bytes' }, async (ctx, { name }, request) => {
  const bytes = await readBytes(request, BYTES_MAX).catch((error: unknown) => {
    throw error instanceof AppError ? new AppError('file_too_large', { params: { max: '1 MB' }, cause: error }) : error
  })
  const outcome = await setSiteFile(ctx, { name, bytes })
  revalidatePath('/', 'layout')
  return outcome
})

/** Takes the picture away. */
export const DELETE = route({ input, auth: 'admin' }, async (ctx, { name }) => {
  const outcome = await setSiteFile(ctx, { name, bytes: null })
  revalidatePath('/', 'layout')
  return outcome
})
