import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sitePrompts } from '#db/schema/index.ts'
import { listAuditEntries } from '#lib/audit-log.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  addSitePrompt,
  deleteSitePrompt,
  listSitePrompts,
  listStarters,
  moveSitePrompt,
  updateSitePrompt,
} from '#lib/prompts/index.ts'
import { PROMPT_LIMITS, STARTERS_MAX } from '#lib/prompts/shared.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx
let person: Ctx
beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
  person = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
})
afterAll(() => database.close())
beforeEach(() => database.db.delete(sitePrompts))

const add = (title: string, rest: { locale?: 'en' | 'zh-CN' | null; visible?: boolean } = {}) =>
  addSitePrompt(system, { title, text: `${title}: do it`, ...rest })
const titles = async () => (await listSitePrompts(system)).map((prompt) => prompt.title)
const audits = async () => (await listAuditEntries(system, { subjectType: 'prompt' })).items

describe('prompts for everybody', () => {
  it('are offered to those who read their language, in their order, while they are visible', async () => {
    await add('one')
    await add('二', { locale: 'zh-CN' })
    await add('two', { locale: 'en' })
    await add('hidden', { visible: false })
    const offered = async (locale: string) => (await listStarters(person, { locale })).map((starter) => starter.title)
    expect(await offered('en')).toEqual(['one', 'two'])
    expect(await offered('zh-CN')).toEqual(['one', '二'])
    expect(await listStarters(person, { locale: 'en' })).toContainEqual({
      id: expect.any(String),
      title: 'one',
      text: 'one: do it',
    })
    for (let index = 0; index < STARTERS_MAX; index++) await add(`more ${index}`)
    expect(await offered('en')).toHaveLength(STARTERS_MAX)
  })

  it('change as they were seen, once, with what was before in the log', async () => {
    const prompt = await add('plan')
    const changed = await updateSitePrompt(system, { id: prompt.id, version: 1, title: 'plans', visible: false })
    expect(changed).toEqual({ ...prompt, title: 'plans', visible: false, version: 2 })
    await expect(updateSitePrompt(system, { id: prompt.id, version: 1, title: 'stale' })).rejects.toMatchObject({
      code: 'changed_meanwhile',
    })
    const before = await audits()
    expect(await updateSitePrompt(system, { id: prompt.id, version: 2, title: 'plans' })).toEqual(changed)
    expect(await audits()).toEqual(before)
    expect(before[0]).toMatchObject({
      action: 'prompt.set',
      subjectId: prompt.id,
      before: { title: 'plan', visible: true },
      after: { title: 'plans', visible: false },
    })
    await expect(updateSitePrompt(system, { id: newId(), version: 1, title: 'x' })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('move by one place, and not beyond the ends', async () => {
    const [a, , c] = [await add('a'), await add('b'), await add('c')]
    await moveSitePrompt(system, { id: c.id, direction: 'up' })
    expect(await titles()).toEqual(['a', 'c', 'b'])
    await moveSitePrompt(system, { id: a.id, direction: 'down' })
    expect(await titles()).toEqual(['c', 'a', 'b'])
    const before = await audits()
    await moveSitePrompt(system, { id: c.id, direction: 'up' })
    expect(await titles()).toEqual(['c', 'a', 'b'])
    expect(await audits()).toEqual(before)
    await expect(moveSitePrompt(system, { id: newId(), direction: 'up' })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('are deleted once', async () => {
    const prompt = await add('gone')
    await expect(deleteSitePrompt(system, { id: prompt.id, version: 9 })).rejects.toMatchObject({
      code: 'changed_meanwhile',
    })
    await deleteSitePrompt(system, { id: prompt.id, version: 1 })
    expect(await titles()).toEqual([])
    await expect(deleteSitePrompt(system, { id: prompt.id, version: 1 })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('are refused where they are no text, too long or too many', async () => {
    const bad = [
      { title: '', text: 'x' },
      { title: 'two\nlines', text: 'x' },
      { title: 'x'.repeat(PROMPT_LIMITS.title + 1), text: 'x' },
      { title: 'x', text: '  ' },
      { title: 'x', text: 'x\0' },
      { title: 'x', text: 'x'.repeat(PROMPT_LIMITS.text + 1) },
      { title: 'x', text: 'x', locale: 'tlh' as never },
    ]
    for (const input of bad) await expect(addSitePrompt(system, input)).rejects.toThrow()
    expect(await titles()).toEqual([])
    for (let index = 0; index < PROMPT_LIMITS.count; index++) await add(`p${index}`)
    await expect(add('one more')).rejects.toMatchObject({ code: 'conflict' })
    expect(await titles()).toHaveLength(PROMPT_LIMITS.count)
  })

  it('are made by admins, and offered to nobody who is not signed in', async () => {
    const prompt = await add('kept')
    const visitor: Ctx = { db: database.db, actor: { type: 'anonymous' } }
    for (const [ctx, code] of [
      [person, 'forbidden'],
      [visitor, 'unauthenticated'],
    ] as const) {
      await expect(addSitePrompt(ctx, { title: 'x', text: 'x' })).rejects.toMatchObject({ code })
      await expect(updateSitePrompt(ctx, { id: prompt.id, version: 1, title: 'x' })).rejects.toMatchObject({ code })
      await expect(moveSitePrompt(ctx, { id: prompt.id, direction: 'up' })).rejects.toMatchObject({ code })
      await expect(deleteSitePrompt(ctx, { id: prompt.id, version: 1 })).rejects.toMatchObject({ code })
      await expect(listSitePrompts(ctx)).rejects.toMatchObject({ code })
    }
    await expect(listStarters(visitor, { locale: 'en' })).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(await listSitePrompts(system)).toEqual([prompt])
  })
})
