import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { AppError } from '#lib/errors.ts'
import { setSiteFile, siteFileName } from '#lib/settings/index.ts'

// A picture may have a megabyte, which the verb knows; the rest of what is larger is heard out up to here and forgotten,
// for a browser that is cut off while it sends shows no answer.
const KEPT_MAX = 1_100_000
const HEARD_MAX = 33_554_432

const input = z.object({ name: siteFileName })

/** Puts a picture in its place: the body is the file, whatever it is called. */
export const PUT = route({ input, auth: 'admin', body: 'bytes' }, async (ctx, { name }, request) => {
  const bytes = await readPicture(request)
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

async function readPicture(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > HEARD_MAX) break
    if (size <= KEPT_MAX) chunks.push(chunk)
  }
  if (size > KEPT_MAX) throw new AppError('file_too_large', { params: { max: '1 MB' } })
  return Buffer.concat(chunks)
}
