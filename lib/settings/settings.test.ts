import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditEntries, settings } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  type ChangeSettingsInput,
  changeSettings,
  getSetting,
  getSettings,
  getSite,
  listSettings,
  setSetting,
} from '#lib/settings/index.ts'
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
      accent: 'teal',
      contact: null,
      terms: null,
      privacy: null,
      registration_number: null,
      notice_text: null,
      notice_tone: 'info',
      notice_dismissable: 'on',
      languages: ['en', 'zh-CN'],
      time_zone: 'UTC',
      site_currency: 'USD',
      markup_percent: 20,
      max_running: 20,
      default_model_id: null,
      system_prompt: null,
      free_failures_per_day: 50,
      adjustment_approval_above_micros: null,
      bin_days: 30,
      manual_payment: 'off',
      manual_payment_text: null,
      payment_text: null,
      stripe_methods: ['card', 'alipay', 'wechat_pay'],
      first_steps: 'open',
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

  it('change together or not at all, and only as they were seen', async () => {
    await setSetting(system, { key: 'bin_days', value: 7 })
    const seen = await listSettings(system)
    expect(seen.bin_days).toEqual({ value: 7, default: 30, version: 1 })
    expect(seen.accent).toEqual({ value: 'teal', default: 'teal', version: 0 })
    const versions = { bin_days: seen.bin_days.version, accent: seen.accent.version }

    await expect(
      changeSettings(system, { changes: { bin_days: 9, accent: 'mauve' as never }, versions }),
    ).rejects.toMatchObject({ code: 'invalid_input', params: { field: 'accent' } })
    await changeSettings(system, { changes: { bin_days: 9, accent: 'blue' }, versions })
    const now = await listSettings(system)
    expect([now.bin_days.version, now.accent.version]).toEqual([2, 1])

    // A second admin pressed save on the form as it was before: neither of their changes is made.
    await expect(changeSettings(system, { changes: { accent: 'rose', bin_days: 90 }, versions })).rejects.toMatchObject(
      { code: 'changed_meanwhile' },
    )
    // Nor is one of a form in which only one setting is old.
    await expect(
      changeSettings(system, { changes: { accent: 'rose', bin_days: 90 }, versions: { ...versions, bin_days: 2 } }),
    ).rejects.toMatchObject({ code: 'changed_meanwhile' })
    expect(await listSettings(system)).toEqual(now)
  })

  it('of two admins who press at once one is told, and nothing of theirs is kept', async () => {
    const press = (accent: 'blue' | 'rose', days: number) =>
      changeSettings(system, { changes: { accent, bin_days: days }, versions: { accent: 0, bin_days: 0 } })
    const outcomes = await Promise.allSettled([press('blue', 1), press('rose', 2)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const { accent, bin_days: days } = await getSettings(system)
    expect([
      ['blue', 1],
      ['rose', 2],
    ]).toContainEqual([accent, days])
  })

  it('take a time zone only where both the service and the database know it', async () => {
    await setSetting(system, { key: 'time_zone', value: 'Asia/Shanghai' })
    for (const value of ['Mars/Olympus', '+08:00', 'UTC+8', '', 'Asia/Shanghai\0']) {
      await expect(setSetting(system, { key: 'time_zone', value })).rejects.toMatchObject({
        code: 'invalid_input',
        params: { field: 'time_zone' },
      })
    }
    expect(await getSetting(system, 'time_zone')).toBe('Asia/Shanghai')
  })

  it('never leave people without a language, nor a name that breaks a title', async () => {
    for (const changes of [
      { languages: [] },
      { languages: ['tlh' as never] },
      { site_name: '   ' },
      { site_name: 'a\nb' },
      { site_name: 'x'.repeat(61) },
      { contact: '' },
      { notice_text: 'x'.repeat(161) },
      { system_prompt: 'x\0' },
      { site_currency: 'EUR' } as never,
    ] satisfies ChangeSettingsInput['changes'][]) {
      await expect(changeSettings(system, { changes })).rejects.toMatchObject({ code: 'invalid_input' })
    }
    expect(await database.db.select().from(settings)).toEqual([])
  })

  it('are listed and changed together by admins only', async () => {
    const person: Ctx = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
    await expect(listSettings(person)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(changeSettings(person, { changes: { accent: 'blue' } })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await database.db.select().from(settings)).toEqual([])
  })

  it('tell everybody how the service looks', async () => {
    const visitor: Ctx = { db: database.db, actor: { type: 'anonymous' } }
    const plain = await getSite(visitor)
    expect(plain).toEqual({
      name: 'Undefined Behavior',
      accent: 'teal',
      contact: null,
      languages: ['en', 'zh-CN'],
      logoVersion: null,
      notice: null,
    })
    await changeSettings(system, {
      changes: { site_name: 'Lab', notice_text: 'Down at 3', notice_tone: 'warning', notice_dismissable: 'off' },
    })
    expect(await getSite(visitor)).toEqual({
      ...plain,
      name: 'Lab',
      notice: { text: 'Down at 3', tone: 'warning', dismissable: false },
    })
  })

  it('fall back to the default when a stored value no longer fits', async () => {
    await database.db.insert(settings).values({ key: 'max_running', value: 'many' })
    expect(await getSetting(system, 'max_running')).toBe(20)
  })
})
