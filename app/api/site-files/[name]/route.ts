import { z } from 'zod'
import { route } from '#app/_server/route.ts'
import { AppError } from '#lib/errors.ts'
import { findSiteFile, getSite } from '#lib/settings/index.ts'

const YEAR = 'public, max-age=31536000, immutable'

/** A picture of the operator's for everybody. Its address names its version: only that one may be kept for good. */
export const GET = route(
  { input: z.object({ name: z.literal('logo'), v: z.string().max(40).optional() }), auth: 'public' },
  async (ctx, { name, v }) => {
    const [file, site] = await Promise.all([findSiteFile(ctx, { name }), getSite(ctx)])
    if (!file) throw new AppError('not_found')
    return new Response(new Uint8Array(file.bytes), {
      headers: {
        'content-type': file.mediaType,
        'cache-control': v === site.logoVersion ? YEAR : 'no-store',
        'x-content-type-options': 'nosniff',
      },
    })
  },
)
