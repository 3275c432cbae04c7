import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { AppError } from '#lib/errors.ts'
import { findSiteFile } from '#lib/settings/index.ts'

/** A picture that says where to pay. It is written anew in its place, so a browser asks whether it still holds. */
export const GET = route(
  { input: z.object({ name: z.string().regex(/^\w{1,64}$/) }), auth: 'user' },
  async (ctx, { name }, request) => {
    const file = await findSiteFile(ctx, { name })
    if (!file) throw new AppError('not_found')
    const tag = `"${file.updatedAt.getTime().toString(36)}"`
    const headers = { 'cache-control': 'private, no-cache', etag: tag }
    if (request.headers.get('if-none-match') === tag) return new Response(null, { status: 304, headers })
    return new Response(new Uint8Array(file.bytes), {
      headers: { ...headers, 'content-type': file.mediaType, 'x-content-type-options': 'nosniff' },
    })
  },
)
