import { afterAll, beforeAll, expect, it } from 'vitest'
import { listOwnCaps, setOwnCaps, setOwnCapsInput } from '#lib/inference/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createPayer, type Payer } from '#tests/support/paid-call.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const set = (payer: Payer, caps: { day: string; month: string; timeZone?: string }) =>
  setOwnCaps(payer.ctx, setOwnCapsInput.parse(caps))

it('caps are set, changed and lifted, and the same again changes nothing', async () => {
  const payer = await createPayer(database.db)
  expect(await listOwnCaps(payer.ctx)).toEqual([])
  for (let i = 0; i < 2; i++) {
    await set(payer, { day: '2.5', month: '30', timeZone: 'Asia/Shanghai' })
    expect(await listOwnCaps(payer.ctx)).toMatchObject([
      { period: 'day', limitMicros: 2_500_000n, spentMicros: 0n, leftMicros: 2_500_000n, timeZone: 'Asia/Shanghai' },
      { period: 'month', limitMicros: 30_000_000n, timeZone: 'Asia/Shanghai' },
    ])
  }
  await set(payer, { day: '', month: ' 40 ' })
  expect(await listOwnCaps(payer.ctx)).toMatchObject([{ period: 'month', limitMicros: 40_000_000n, timeZone: 'UTC' }])
  await set(payer, { day: '', month: '' })
  expect(await listOwnCaps(payer.ctx)).toEqual([])
})

it('a zone that only a browser knows is reckoned as UTC', async () => {
  const payer = await createPayer(database.db)
  await set(payer, { day: '1', month: '', timeZone: 'Mars/Olympus_Mons' })
  expect(await listOwnCaps(payer.ctx)).toMatchObject([{ timeZone: 'UTC' }])
})

it.each(['0', '-1', '1e3', 'ten', '0.0000001', '1,000', '9'.repeat(13)])('%s is no cap', (text) => {
  for (const field of ['day', 'month'] as const) {
    const parsed = setOwnCapsInput.safeParse({ day: '', month: '', [field]: text })
    expect(parsed.error?.issues[0]?.path).toEqual([field])
  }
})

it('an outsider’s caps are their own', async () => {
  const payer = await createPayer(database.db)
  const outsider = await createPayer(database.db)
  await set(payer, { day: '1', month: '2' })
  await set(outsider, { day: '', month: '5' })
  expect(await listOwnCaps(payer.ctx)).toMatchObject([{ limitMicros: 1_000_000n }, { limitMicros: 2_000_000n }])
  const anonymous = { db: database.db, actor: { type: 'anonymous' } as const }
  await expect(listOwnCaps(anonymous)).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(setOwnCaps(anonymous, { day: 1n, month: null })).rejects.toMatchObject({ code: 'unauthenticated' })
})
