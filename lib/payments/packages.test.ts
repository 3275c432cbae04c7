import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { openWallet } from '#lib/ledger/index.ts'
import {
  findActivePackage,
  isSiteCurrencyFixed,
  listAllPackages,
  listPackages,
  type SetPackageInput,
  seedPackages,
  setPackage,
  setSiteCurrency,
} from '#lib/payments/index.ts'
import { getSetting, listSettings, setSetting } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx
let visitor: Ctx
let person: Ctx

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 10 })
  system = systemCtx('test', database.db)
  visitor = { db: database.db, actor: { type: 'anonymous' } }
  person = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
})
beforeEach(async () => {
  await database.db.execute(sql`DELETE FROM packages`)
})
afterAll(() => database.close())

const terms = { priceMinor: 1_000n, currency: 'USD', creditsMicros: 10_000_000n }
const set = (id: string, fields: Omit<SetPackageInput, 'id'> = terms) => setPackage(system, { id, ...fields })
const audits = async (id: string) => {
  const { rows } = await database.db.execute(sql`
    SELECT action, before, after FROM audit_entries WHERE subject_type = 'package' AND subject_id = ${id} ORDER BY id`)
  return rows
}

describe('setPackage', () => {
  it('makes a package and changes only what it is told, each with a line in the log', async () => {
    const id = 'a1'
    expect(await set(id)).toEqual({
      changed: true,
      package: { id, ...terms, bonusMicros: 0n, position: 0, active: true },
    })
    await set(id, { bonusMicros: 500_000n, position: 3 })
    const { package: changed } = await set(id, { priceMinor: 1_200n, active: false })
    const wanted = { id, ...terms, priceMinor: 1_200n, bonusMicros: 500_000n, position: 3, active: false }
    expect(changed).toEqual(wanted)
    expect(await listAllPackages(system)).toEqual([wanted])
    expect(await audits(id)).toMatchObject([
      { action: 'package.set', before: null, after: { price: '10.00', currency: 'USD', credits: '10', active: true } },
      { before: { bonus: '0' }, after: { bonus: '0.5', position: 3 } },
      { before: { price: '10.00', active: true }, after: { price: '12.00', active: false } },
    ])
  })

  it('the same again changes nothing', async () => {
    await set('b1')
    expect(await set('b1')).toMatchObject({ changed: false, package: { id: 'b1' } })
    expect(await set('b1', {})).toMatchObject({ changed: false })
    expect(await audits('b1')).toHaveLength(1)
  })

  it('a new package at once from two sides is made once', async () => {
    const made = await Promise.all([set('c1'), set('c1'), set('c1')])
    expect(made.filter(({ changed }) => changed)).toHaveLength(1)
    expect(await audits('c1')).toHaveLength(1)
  })

  it.each([
    ['a price of nothing', { ...terms, priceMinor: 0n }],
    ['a price that no payment can have', { ...terms, priceMinor: 100_000_000n }],
    ['no credits', { ...terms, creditsMicros: 0n }],
    ['credits without end', { ...terms, creditsMicros: 10n ** 15n }],
    ['a bonus below nothing', { ...terms, bonusMicros: -1n }],
    ['a currency that there is not', { ...terms, currency: 'XYZ' }],
    ['a currency with three decimals', { ...terms, currency: 'KWD' }],
    ['a place below the first', { ...terms, position: -1 }],
  ])('refuses %s', async (_what, fields) => {
    await expect(set('wrong', fields)).rejects.toMatchObject({ name: 'ZodError' })
    expect(await listAllPackages(system)).toEqual([])
  })

  it.each(['', 'Small', '-small', 'a b', 'x'.repeat(41), '小'])('refuses the name %j', async (id) => {
    await expect(set(id)).rejects.toMatchObject({ name: 'ZodError' })
  })

  it.each(['priceMinor', 'currency', 'creditsMicros'])('a new package needs its %s', async (field) => {
    await expect(set('new', { ...terms, [field]: undefined })).rejects.toMatchObject({
      code: 'invalid_input',
      params: { field },
    })
  })

  it('a price stays in its currency until another is given with it', async () => {
    await set('d1')
    await expect(set('d1', { currency: 'JPY' })).rejects.toMatchObject({ params: { field: 'priceMinor' } })
    expect(await listPackages(visitor)).toMatchObject([{ currency: 'USD', priceMinor: 1_000n }])
    await set('d1', { currency: 'JPY', priceMinor: 1_000n })
    expect(await audits('d1')).toMatchObject([{}, { before: { price: '10.00' }, after: { price: '1000' } }])
  })

  it('stops at as many as a page shows', async () => {
    for (let number = 1; number <= 50; number++) await set(`p${number}`)
    await expect(set('p51')).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await set('p50', { active: false })).toMatchObject({ changed: true })
    expect(await listAllPackages(system)).toHaveLength(50)
  })

  it('is for admins: others change and see nothing', async () => {
    await expect(setPackage(person, { id: 'e1', ...terms })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(setPackage(visitor, { id: 'e1', ...terms })).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(listAllPackages(person)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(seedPackages(person, { currency: 'USD' })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await listAllPackages(system)).toEqual([])
  })
})

it('people see what is for sale, in its order', async () => {
  await set('dear', { ...terms, priceMinor: 9_000n, position: 1 })
  await set('gone', { ...terms, active: false })
  await set('cheap', { ...terms, priceMinor: 100n, position: 1 })
  await set('first', { ...terms, priceMinor: 50_000n })
  expect((await listPackages(visitor)).map(({ id }) => id)).toEqual(['first', 'cheap', 'dear'])
  expect((await listAllPackages(system)).map(({ id }) => id)).toEqual(['gone', 'first', 'cheap', 'dear'])
  expect(await findActivePackage(person, { packageId: 'cheap' })).toMatchObject({ priceMinor: 100n })
  expect(await findActivePackage(person, { packageId: 'gone' })).toBeNull()
  expect(await findActivePackage(person, { packageId: 'never' })).toBeNull()
})

describe('seedPackages', () => {
  it.each([
    ['USD', [500n, 2_000n, 5_000n], 5_000_000n],
    ['CNY', [2_500n, 10_000n, 25_000n], 25_000_000n],
    ['JPY', [500n, 2_000n, 5_000n], 500_000_000n],
  ])('starts with three packages in %s, a credit for each unit', async (currency, prices, creditsMicros) => {
    expect(await seedPackages(system, { currency })).toBe(3)
    const made = await listPackages(visitor)
    expect(made.map(({ id }) => id)).toEqual(['small', 'medium', 'large'])
    expect(made.map(({ priceMinor }) => priceMinor)).toEqual(prices)
    expect(made[0]).toMatchObject({ currency, creditsMicros, bonusMicros: 0n })
  })

  it('leaves alone what there is, and does nothing twice', async () => {
    const made = await Promise.all([1, 2, 3].map(() => seedPackages(system, { currency: 'USD' })))
    expect(made.toSorted()).toEqual([0, 0, 3])
    await set('small', { active: false })
    expect(await seedPackages(system, { currency: 'EUR' })).toBe(0)
    expect(await listPackages(visitor)).toHaveLength(2)
  })

  it('makes none in a currency that nobody can pay in', async () => {
    expect(await seedPackages(system, { currency: 'KWD' })).toBe(0)
    expect(await listPackages(visitor)).toEqual([])
  })
})

it('the site’s currency is fixed once somebody has paid', async () => {
  await setSiteCurrency(system, { currency: 'EUR' })
  await expect(setSiteCurrency(person, { currency: 'USD' })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(setSiteCurrency(system, { currency: 'dollars' })).rejects.toMatchObject({ code: 'invalid_input' })
  const userId = newId()
  const walletId = await openWallet(system, { ownerType: 'user', ownerId: userId })
  const order = async (paidMinor: bigint) =>
    database.db.execute(sql`
      INSERT INTO orders (id, reference, user_id, wallet_id, request_id, request_hash, provider, package_id, price_minor,
        currency, credits_micros, bonus_micros, state, paid_minor, paid_currency, paid_at)
      VALUES (${newId()}, ${newId()}, ${userId}, ${walletId}, ${newId()}, '', 'manual', 'small', 500,
        'EUR', 5000000, 0, ${paidMinor > 0n ? 'review' : 'open'}, ${paidMinor},
        ${paidMinor > 0n ? 'CHF' : null}, ${paidMinor > 0n ? sql`now()` : null})`)
  await order(0n)
  await expect(setSiteCurrency(system, { currency: 'CNY', version: 9 })).rejects.toMatchObject({
    code: 'changed_meanwhile',
  })
  await expect(setSiteCurrency(system, { currency: 'XYZ' })).rejects.toMatchObject({ code: 'invalid_input' })
  await setSiteCurrency(system, { currency: 'CNY', version: (await listSettings(system)).site_currency.version })
  await expect(isSiteCurrencyFixed(person)).rejects.toMatchObject({ code: 'forbidden' })
  expect(await isSiteCurrencyFixed(system)).toBe(false)
  await order(500n)
  expect(await isSiteCurrencyFixed(system)).toBe(true)
  await expect(setSiteCurrency(system, { currency: 'USD' })).rejects.toMatchObject({ code: 'conflict' })
  await setSiteCurrency(system, { currency: 'CNY' })
  expect(await getSetting(system, 'site_currency')).toBe('CNY')
  await setSetting(system, { key: 'site_currency', value: 'USD' })
})
