import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemCtx } from '#lib/ctx.ts'
import { dateIn, isTimeZone, resolveTimeZone } from '#lib/time-zone.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

it.each(['UTC', 'Asia/Shanghai', 'America/Argentina/Buenos_Aires', 'Etc/GMT+8'])('%s is a time zone', (name) =>
  expect(isTimeZone(name)).toBe(true),
)

it.each(['', '+08:00', '-0800', 'Asia/Nowhere', '../etc/passwd', "UTC'", 'UTC UTC', `A/${'x'.repeat(70)}`])(
  '%s is none',
  (name) => expect(isTimeZone(name)).toBe(false),
)

it('a date is that of the place', () => {
  const at = new Date('2026-12-31T16:00:00Z')
  expect(dateIn('Asia/Shanghai', at)).toBe('2027-01-01')
  expect(dateIn('UTC', at)).toBe('2026-12-31')
  expect(dateIn('America/New_York', at)).toBe('2026-12-31')
})

it('what nobody named, or one side does not know, is UTC', async () => {
  const ctx = systemCtx('test', database.db)
  expect(await resolveTimeZone(ctx, undefined)).toBe('UTC')
  expect(await resolveTimeZone(ctx, 'Mars/Olympus_Mons')).toBe('UTC')
  expect(await resolveTimeZone(ctx, '+08:00')).toBe('UTC')
  expect(await resolveTimeZone(ctx, 'Europe/Berlin')).toBe('Europe/Berlin')
})
