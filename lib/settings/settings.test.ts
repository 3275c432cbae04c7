import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditEntries, settings } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { getSetting, getSettings, setSetting } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx
beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.db.delete(settings).where(eq(settings.key, settings.key))
})

const audits = (key: string) => database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, key))

describe('settings', () => {
  it('are their defaults until somebody changes them', async () => {
    expect(await getSettings(system)).toEqual({
      registration: 'open',
      sign_up_credit_micros: null,
      site_name: 'Undefined Behavior',
      time_zone: 'UTC',
      site_currency: 'USD',
      markup_percent: 20,
      max_running: 20,
      default_model_id: null,
      free_failures_per_day: 50,
      adjustment_approval_above_micros: null,
      manual_payment: 'off',
      manual_payment_text: null,
      payment_text: null,
      stripe_methods: ['card', 'alipay', 'wechat_pay'],
    })
  })

  it('keep what was set, null included, and record who changed what', async () => {
    await setSetting(system, { key: 'max_running', value: 3 })
    await setSetting(system, { key: 'sign_up_credit_micros', value: '500000' })
    await setSetting(system, { key: 'sign_up_credit_micros', value: null })
    expect(await getSetting(system, 'max_running')).toBe(3)
    await setSetting(system, { key: 'site_name', value: 'true' })
    expect(await getSetting(system, 'site_name')).toBe('true')
    expect((await getSettings(system)).sign_up_credit_micros).toBeNull()
    expect(await audits('max_running')).toMatchObject([
      { action: 'setting.set', actorType: 'system', before: { value: 20 }, after: { value: 3 } },
    ])
  })

  it('change nothing when set to the same value again', async () => {
    await setSetting(system, { key: 'registration', value: 'closed' })
    await setSetting(system, { key: 'registration', value: 'closed' })
    expect(await audits('registration')).toHaveLength(1)
    expect(await database.db.select().from(settings).where(eq(settings.key, 'registration'))).toMatchObject([
      { version: 1 },
    ])
  })

  it('keep a choice of several in one order, each once', async () => {
    await setSetting(system, { key: 'stripe_methods', value: ['wechat_pay', 'card', 'card'] })
    await setSetting(system, { key: 'stripe_methods', value: ['card', 'wechat_pay'] })
    expect(await getSetting(system, 'stripe_methods')).toEqual(['card', 'wechat_pay'])
    expect(await audits('stripe_methods')).toHaveLength(1)
    await setSetting(system, { key: 'stripe_methods', value: [] })
    expect(await getSetting(system, 'stripe_methods')).toEqual([])
    await expect(setSetting(system, { key: 'stripe_methods', value: ['cash' as never] })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  it('refuse people who are not admins, unknown keys and impossible values', async () => {
    const person: Ctx = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
    const change = { key: 'max_running', value: 7 } as const
    await expect(setSetting(person, change)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(setSetting({ ...person, actor: { type: 'anonymous' } }, change)).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    await expect(setSetting(system, { key: 'max_running', value: 0 })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(setSetting(system, { key: 'max_running', value: undefined as never })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await expect(setSetting(system, { key: 'toString' as never, value: 1 as never })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    expect(await database.db.select().from(settings)).toEqual([])
  })

  it('fall back to the default when a stored value no longer fits', async () => {
    await database.db.insert(settings).values({ key: 'max_running', value: 'many' })
    expect(await getSetting(system, 'max_running')).toBe(20)
  })
})
