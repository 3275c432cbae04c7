import { createHash } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { siteFiles } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'

/** What people scan to pay, and where a bank transfer goes. */
const PAYMENT_CODES = ['manual_payment_alipay', 'manual_payment_wechat', 'manual_payment_bank'] as const

/** The pictures that an operator may give the service. */
const SITE_FILES = ['logo', ...PAYMENT_CODES] as const

export type PaymentCodeName = (typeof PAYMENT_CODES)[number]
export type SiteFileName = (typeof SITE_FILES)[number]

const BYTES_MAX = 1_000_000

export const siteFileName = z.enum(SITE_FILES)

const setSiteFileInput = z.object({
  name: siteFileName,
  bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array).nullable(),
})

/**
 * Puts a picture in its place, or takes it away with null; the same again changes nothing. What it is, is read from its
 * content: PNG, JPEG or WebP, nothing that could carry a script. Admins and the service only.
 * @returns whether this call changed something
 * @throws {AppError} `file_not_image`, `file_too_large` {max}
 */
export async function setSiteFile(ctx: Ctx, input: z.input<typeof setSiteFileInput>): Promise<{ changed: boolean }> {
  requireAdmin(ctx)
  const { name, bytes } = setSiteFileInput.parse(input)
  const file = bytes && describeFile(bytes)
  return inTransaction(ctx, async (tx) => {
    await tx.db.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`site-file:${name}`}, 0))`)
    const known = await findSiteFile(tx, { name })
    if (known ? file && known.bytes.equals(file.bytes) : !file) return { changed: false }
    if (file) {
      const updatedBy = tx.actor.type === 'user' ? tx.actor.userId : null
      const row = { ...file, updatedBy, updatedAt: sql`now()` }
      await tx.db
        .insert(siteFiles)
        .values({ name, ...row })
        .onConflictDoUpdate({ target: siteFiles.name, set: row })
    } else {
      await tx.db.delete(siteFiles).where(eq(siteFiles.name, name))
    }
    await recordAudit(tx, {
      action: file ? 'site_file.set' : 'site_file.clear',
      subjectType: 'site_file',
      subjectId: name,
      before: known ? summaryOf(known) : undefined,
      after: file ? summaryOf(file) : undefined,
    })
    return { changed: true }
  })
}

type SiteFile = { mediaType: string; bytes: Buffer; updatedAt: Date }

/** A picture of the operator's with what it is, for everybody; null while there is none of that name. */
export async function findSiteFile(ctx: Ctx, { name }: { name: string }): Promise<SiteFile | null> {
  const [row] = await ctx.db
    .select({ mediaType: siteFiles.mediaType, bytes: siteFiles.bytes, updatedAt: siteFiles.updatedAt })
    .from(siteFiles)
    .where(eq(siteFiles.name, name))
  return row ?? null
}

/** Which pictures there are, without their content. */
export async function listSiteFiles(ctx: Ctx): Promise<{ name: SiteFileName; mediaType: string; updatedAt: Date }[]> {
  const rows = await ctx.db
    .select({ name: siteFiles.name, mediaType: siteFiles.mediaType, updatedAt: siteFiles.updatedAt })
    .from(siteFiles)
    .limit(100)
  return SITE_FILES.flatMap((name) => {
    const row = rows.find((candidate) => candidate.name === name)
    return row ? [{ ...row, name }] : []
  })
}

/** Which of the pictures that people pay by there are. */
export async function listPaymentCodes(ctx: Ctx): Promise<{ name: PaymentCodeName; updatedAt: Date }[]> {
  const files = await listSiteFiles(ctx)
  return PAYMENT_CODES.flatMap((name) => {
    const file = files.find((candidate) => candidate.name === name)
    return file ? [{ name, updatedAt: file.updatedAt }] : []
  })
}

function describeFile(content: Uint8Array): { mediaType: string; bytes: Buffer } {
  if (content.length > BYTES_MAX) throw new AppError('file_too_large', { params: { max: '1 MB' } })
  const bytes = Buffer.from(content)
  const mediaType = mediaTypeOf(bytes)
  if (!mediaType) throw new AppError('file_not_image')
  return { mediaType, bytes }
}

function mediaTypeOf(bytes: Buffer): string | null {
  const head = bytes.toString('latin1', 0, 16)
  if (head.startsWith('\x89PNG\r\n\x1a\n') && head.slice(12) === 'IHDR') return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (head.startsWith('RIFF') && head.slice(8, 15) === 'WEBPVP8') return 'image/webp'
  return null
}

function summaryOf({ mediaType, bytes }: { mediaType: string; bytes: Buffer }) {
  return { mediaType, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}
