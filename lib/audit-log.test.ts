import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { models } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type AuditRow, exportAudit, listAuditEntries } from '#lib/audit-log.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createUser } from '#lib/users/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx
let admin: Ctx
let adminId: string
beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
  adminId = await createUser(system, { email: 'Op@Example.com', name: 'Operator', passwordHash: null, role: 'admin' })
  admin = {
    db: database.db,
    actor: { type: 'user', userId: adminId, role: 'admin', sessionId: newId() },
    request: { id: newId(), ip: '203.0.113.9', userAgent: 'x' },
  }
})
afterAll(() => database.close())

const names = (rows: readonly AuditRow[]) => rows.map((row) => row.action)

describe('the log', () => {
  let start: Date
  beforeEach(async () => {
    const { rows } = await database.db.execute<{ now: string }>(sql`SELECT clock_timestamp()::text AS now`)
    start = new Date(rows[0]!.now)
  })

  it('tells who changed what, from what to what, from where and why, the newest first', async () => {
    await setSetting(admin, { key: 'max_running', value: 4 })
    await recordAudit(system, { action: 'user.disable', subjectType: 'user', subjectId: adminId, reason: 'because' })
    const { items, next } = await listAuditEntries(admin, { from: start })
    expect(next).toBeNull()
    expect(items).toMatchObject([
      {
        action: 'user.disable',
        actorType: 'system',
        actorId: 'test',
        actorName: null,
        subjectName: 'Operator',
        reason: 'because',
        ip: null,
      },
      {
        action: 'setting.set',
        actorType: 'user',
        actorId: adminId,
        actorName: 'Operator',
        subjectType: 'setting',
        subjectId: 'max_running',
        subjectName: null,
        before: { value: 20 },
        after: { value: 4 },
        reason: null,
        ip: '203.0.113.9',
        requestId: admin.request!.id,
      },
    ])
  })

  it('is filtered by person, piece of the service, action, subject and time', async () => {
    await setSetting(admin, { key: 'max_running', value: 5 })
    await setSetting(system, { key: 'site_name', value: 'Other' })
    await recordAudit(system, { action: 'user.disable', subjectType: 'user', subjectId: adminId })
    const found = async (filter: Parameters<typeof listAuditEntries>[1]) =>
      (await listAuditEntries(system, { from: start, ...filter })).items.map(
        ({ action, subjectId }) => `${action} ${subjectId}`,
      )
    const [disabled, named, ran] = [`user.disable ${adminId}`, 'setting.set site_name', 'setting.set max_running']
    expect(await found({})).toEqual([disabled, named, ran])
    expect(await found({ actor: 'op@example.com' })).toEqual([ran])
    expect(await found({ actor: adminId.toUpperCase() })).toEqual([ran])
    expect(await found({ actor: 'test' })).toEqual([disabled, named])
    for (const actor of ['nobody@example.com', 'anonymous', newId()]) expect(await found({ actor })).toEqual([])
    expect(await found({ action: 'setting.set' })).toEqual([named, ran])
    expect(await found({ subjectType: 'setting' })).toEqual([named, ran])
    expect(await found({ subject: 'OP@example.com' })).toEqual([disabled])
    expect(await found({ subject: adminId })).toEqual([disabled])
    expect(await found({ subject: 'site_name' })).toEqual([named])
    expect(await found({ subjectType: 'setting', subjects: ['max_running', 'accent'] })).toEqual([ran])
    expect(await found({ until: start })).toEqual([])
    expect(await found({ from: new Date(start.getTime() + 86_400_000) })).toEqual([])
  })

  it('goes on where a page ended, and is exported whole', async () => {
    for (let index = 0; index < 7; index++) {
      await recordAudit(system, { action: 'paged.line', subjectType: 'line', subjectId: String(index) })
    }
    const seen: string[] = []
    for (let after: string | null | undefined; after !== null; ) {
      const page = await listAuditEntries(system, { action: 'paged.line', limit: 3, after })
      seen.push(...page.items.map((row) => row.subjectId))
      after = page.next
    }
    expect(seen).toEqual(['6', '5', '4', '3', '2', '1', '0'])
    const exported: AuditRow[] = []
    for await (const batch of exportAudit(system, { action: 'paged.line' })) exported.push(...batch)
    expect(exported.map((row) => row.subjectId)).toEqual(seen)
  })

  it('knows models by their names, and what is gone by its id', async () => {
    await database.db.insert(models).values({
      id: 'm1',
      displayName: 'Model One',
      vendor: 'v',
      contextTokens: 1_000,
      maxOutputTokens: 300,
    })
    for (const id of ['m1', 'gone'])
      await recordAudit(system, { action: 'model.set', subjectType: 'model', subjectId: id })
    await recordAudit(system, { action: 'order.refund', subjectType: 'order', subjectId: newId() })
    const { items } = await listAuditEntries(system, { from: start })
    expect(items.map((row) => row.subjectName)).toEqual([null, null, 'Model One'])
  })

  it('is for admins: a person and a visitor read nothing', async () => {
    const person: Ctx = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
    const visitor: Ctx = { db: database.db, actor: { type: 'anonymous' } }
    await expect(listAuditEntries(person)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(listAuditEntries(visitor)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(exportAudit(person).next()).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('names nothing of a log that there is not', async () => {
    expect(names((await listAuditEntries(system, { action: 'no.such' })).items)).toEqual([])
  })
})
