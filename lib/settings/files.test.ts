import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findSiteFile, getSite, listSiteFiles, setSiteFile } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx
beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
})
afterAll(() => database.close())
beforeEach(async () => {
  await setSiteFile(system, { name, bytes: null })
  ;[auditStart] = await audits()
})

const name = 'manual_payment_alipay'
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), Buffer.from('JFIF\0')])
const WEBP = Buffer.from('RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0', 'latin1')

let auditStart: unknown
const audits = async () => {
  const { rows } = await database.db.execute(sql`
    SELECT id, action, before, after, actor_id FROM audit_entries WHERE subject_type = 'site_file' ORDER BY id DESC`)
  const known = rows.findIndex(({ id }) => id === (auditStart as { id: string } | undefined)?.id)
  return known === -1 ? rows : rows.slice(0, known)
}

it('keeps a picture with the type that its content has, and the log has what changed', async () => {
  expect(await findSiteFile(system, { name })).toBeNull()
  expect(await setSiteFile(system, { name, bytes: PNG })).toEqual({ changed: true })
  expect(await findSiteFile(system, { name })).toEqual({
    mediaType: 'image/png',
    bytes: PNG,
    updatedAt: expect.any(Date),
  })
  expect(await listSiteFiles(system)).toEqual([{ name, mediaType: 'image/png', updatedAt: expect.any(Date) }])
  await setSiteFile(system, { name, bytes: new Uint8Array(JPEG) })
  expect(await findSiteFile(system, { name })).toMatchObject({ mediaType: 'image/jpeg', bytes: JPEG })
  await setSiteFile(system, { name, bytes: WEBP })
  expect(await findSiteFile(system, { name })).toMatchObject({ mediaType: 'image/webp', bytes: WEBP })
  expect(await audits()).toMatchObject([
    {
      action: 'site_file.set',
      before: { mediaType: 'image/jpeg', size: JPEG.length },
      after: { mediaType: 'image/webp', size: WEBP.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    },
    { before: { mediaType: 'image/png' } },
    { action: 'site_file.set', before: null, actor_id: 'test' },
  ])
})

it('the same picture again changes nothing, and so does taking away what is not there', async () => {
  await setSiteFile(system, { name, bytes: PNG })
  expect(await setSiteFile(system, { name, bytes: PNG })).toEqual({ changed: false })
  expect(await setSiteFile(system, { name, bytes: null })).toEqual({ changed: true })
  expect(await findSiteFile(system, { name })).toBeNull()
  expect(await setSiteFile(system, { name, bytes: null })).toEqual({ changed: false })
  expect((await audits()).map(({ action }) => action)).toEqual(['site_file.clear', 'site_file.set'])
})

it.each([
  ['a drawing with scripts', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')],
  ['a page', Buffer.from('<!doctype html><script>1</script>')],
  ['a page that begins like a picture', Buffer.from('\x89PNG\r\n\x1a\n<script>1</script>', 'latin1')],
  ['an animation', Buffer.from('GIF89a\x01\0\x01\0')],
  ['nothing', Buffer.alloc(0)],
])('refuses %s', async (_what, bytes) => {
  await expect(setSiteFile(system, { name, bytes })).rejects.toMatchObject({ code: 'file_not_image' })
  expect(await findSiteFile(system, { name })).toBeNull()
})

it('refuses a picture of more than a megabyte', async () => {
  const most = Buffer.concat([PNG, Buffer.alloc(1_000_000 - PNG.length)])
  expect(await setSiteFile(system, { name, bytes: most })).toEqual({ changed: true })
  const more = Buffer.concat([PNG, Buffer.alloc(1_000_001 - PNG.length)])
  await expect(setSiteFile(system, { name, bytes: more })).rejects.toMatchObject({
    code: 'file_too_large',
    params: { max: '1 MB' },
  })
  expect(await findSiteFile(system, { name })).toMatchObject({ bytes: most })
})

it('is for admins: a person and a visitor change nothing', async () => {
  const person: Ctx = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
  await expect(setSiteFile(person, { name, bytes: PNG })).rejects.toMatchObject({ code: 'forbidden' })
  const visitor: Ctx = { db: database.db, actor: { type: 'anonymous' } }
  await expect(setSiteFile(visitor, { name, bytes: PNG })).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(await findSiteFile(visitor, { name })).toBeNull()
  await expect(setSiteFile(system, { name: 'icon' as never, bytes: PNG })).rejects.toThrow()
})

it('two admins at once leave one picture and two lines in the log', async () => {
  await Promise.all([PNG, JPEG].map((bytes) => setSiteFile(system, { name, bytes })))
  const [last, first] = await audits()
  expect(last!.before).toEqual(first!.after)
  expect(first!.before).toBeNull()
  expect(await findSiteFile(system, { name })).toMatchObject({
    mediaType: (last!.after as { mediaType: string }).mediaType,
  })
})

it('another logo has another version, so that nobody keeps the old one', async () => {
  const version = async () => (await getSite(system)).logoVersion
  expect(await version()).toBeNull()
  await setSiteFile(system, { name: 'logo', bytes: PNG })
  const first = await version()
  expect(first).toMatch(/^[0-9a-f]+$/)
  await setSiteFile(system, { name: 'logo', bytes: WEBP })
  expect(await version()).not.toBe(first)
  await setSiteFile(system, { name: 'logo', bytes: null })
  expect(await version()).toBeNull()
})
