import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditEntries, oneTimeLinks, sessions, users } from '#db/schema/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet } from '#lib/ledger/index.ts'
import {
  createUser,
  disableUser,
  enableUser,
  findUserByEmail,
  getUser,
  setRole,
  signOutUser,
  updateProfile,
} from '#lib/users/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx
beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
})
afterAll(() => database.close())

let count = 0
async function makeUser(role: 'user' | 'admin' = 'user') {
  const email = `person${++count}@example.com`
  const userId = await createUser(system, { email, name: 'Person', passwordHash: null, role })
  const sessionId = newId()
  const expiresAt = new Date(Date.now() + 86_400_000)
  await database.db.insert(sessions).values({ id: sessionId, userId, ip: '', userAgent: '', expiresAt })
  const ctx: UserCtx = { db: database.db, actor: { type: 'user', userId, role, sessionId } }
  return { userId, email, ctx }
}

const readUser = async (id: string) => (await database.db.select().from(users).where(eq(users.id, id)))[0]!
const liveSessions = async (id: string) =>
  (await database.db.select().from(sessions).where(eq(sessions.userId, id))).filter(({ revokedAt }) => !revokedAt)
    .length
const audits = (id: string, action: string) =>
  database.db
    .select()
    .from(auditEntries)
    .where(eq(auditEntries.subjectId, id))
    .then((rows) => rows.filter((row) => row.action === action))

describe('createUser', () => {
  it('makes a person with an empty wallet and an audit entry', async () => {
    const userId = await createUser(system, {
      email: '  Ada@Example.COM ',
      name: ' 林黛玉 ',
      passwordHash: 'x',
      role: 'user',
    })
    expect(await readUser(userId)).toMatchObject({
      email: 'ada@example.com',
      name: '林黛玉',
      role: 'user',
      status: 'active',
    })
    expect(await findWallet(system, { ownerType: 'user', ownerId: userId })).toMatchObject({ postedMicros: 0n })
    expect(await audits(userId, 'user.create')).toHaveLength(1)
    expect(JSON.stringify(await audits(userId, 'user.create'))).not.toContain('passwordHash')
  })

  it('refuses an address in use, in any case, also when ten ask at once', async () => {
    const make = (email: string) => createUser(system, { email, name: 'B', passwordHash: null })
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => make(i % 2 ? 'RACE@example.com' : 'race@example.com')),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(make('Race@Example.com')).rejects.toMatchObject({ code: 'email_taken' })
  })

  it('refuses who is not an admin, and what is not an address or a name', async () => {
    const { ctx } = await makeUser()
    const input = { email: 'never@example.com', name: 'N', passwordHash: null }
    await expect(createUser(ctx, input)).rejects.toMatchObject({ code: 'forbidden' })
    for (const bad of [
      { email: 'no' },
      { name: '  ' },
      { name: 'a\nb' },
      { name: '\u202eevil' },
      { name: 'x'.repeat(81) },
    ]) {
      await expect(createUser(system, { ...input, ...bad })).rejects.toThrow()
    }
    expect(await findUserByEmail(system, { email: 'never@example.com' })).toBeNull()
  })
})

describe('getUser and listUsers', () => {
  it('show a person to themselves and to admins, to nobody else', async () => {
    const [me, other, admin] = [await makeUser(), await makeUser(), await makeUser('admin')]
    expect(await getUser(me.ctx, { userId: me.userId })).toMatchObject({ email: me.email })
    expect(await getUser(admin.ctx, { userId: me.userId })).toMatchObject({ email: me.email })
    await expect(getUser(other.ctx, { userId: me.userId })).rejects.toMatchObject({ code: 'not_found' })
    await expect(getUser(system, { userId: newId() })).rejects.toMatchObject({ code: 'not_found' })
    expect(await getUser(me.ctx, { userId: me.userId })).not.toHaveProperty('passwordHash')
  })
})

describe('setRole, disableUser, enableUser', () => {
  it('change a person, end their sessions and are recorded once', async () => {
    const admin = await makeUser('admin')
    const { userId } = await makeUser()
    await setRole(admin.ctx, { userId, role: 'admin' })
    await setRole(admin.ctx, { userId, role: 'admin' })
    expect(await readUser(userId)).toMatchObject({ role: 'admin' })
    expect(await liveSessions(userId)).toBe(0)
    expect(await audits(userId, 'user.set-role')).toMatchObject([{ actorId: admin.userId, before: { role: 'user' } }])

    const other = await makeUser()
    await disableUser(admin.ctx, { userId: other.userId })
    await disableUser(admin.ctx, { userId: other.userId })
    expect(await liveSessions(other.userId)).toBe(0)
    expect(await audits(other.userId, 'user.disable')).toHaveLength(1)
    await enableUser(admin.ctx, { userId: other.userId })
    expect(await readUser(other.userId)).toMatchObject({ status: 'active' })
    expect(await liveSessions(other.userId)).toBe(0)
  })

  it('refuse outsiders and change nothing', async () => {
    const [me, other] = [await makeUser(), await makeUser()]
    await expect(setRole(other.ctx, { userId: other.userId, role: 'admin' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(disableUser(other.ctx, { userId: me.userId })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(disableUser(system, { userId: newId() })).rejects.toMatchObject({ code: 'not_found' })
    expect(await readUser(other.userId)).toMatchObject({ role: 'user' })
    expect(await readUser(me.userId)).toMatchObject({ status: 'active' })
    expect(await liveSessions(me.userId)).toBe(1)
  })

  it('are on record with their reason', async () => {
    const admin = await makeUser('admin')
    const { userId } = await makeUser()
    await disableUser(admin.ctx, { userId, reason: 'sold the account' })
    await enableUser(admin.ctx, { userId, reason: 'bought it back' })
    await setRole(admin.ctx, { userId, role: 'admin', reason: 'helps out' })
    const rows = await database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, userId))
    expect(rows.map(({ action, reason }) => [action, reason])).toEqual([
      ['user.create', null],
      ['user.disable', 'sold the account'],
      ['user.enable', 'bought it back'],
      ['user.set-role', 'helps out'],
    ])
    await expect(disableUser(admin.ctx, { userId, reason: ' x ' })).rejects.toThrow(/3 characters/)
  })

  it('are for others: nobody shuts themselves out', async () => {
    const [admin] = [await makeUser('admin'), await makeUser('admin')]
    const { userId } = admin
    await expect(disableUser(admin.ctx, { userId })).rejects.toMatchObject({ code: 'own_account' })
    await expect(setRole(admin.ctx, { userId, role: 'user' })).rejects.toMatchObject({ code: 'own_account' })
    await expect(signOutUser(admin.ctx, { userId })).rejects.toMatchObject({ code: 'own_account' })
    expect(await readUser(userId)).toMatchObject({ role: 'admin', status: 'active' })
    expect(await liveSessions(userId)).toBe(1)
  })

  it('always leave one admin, also when two take each other away at once', async () => {
    const lonely = await createTestDatabase()
    const service = systemCtx('test', lonely.db)
    const make = (email: string) => createUser(service, { email, name: 'A', passwordHash: null, role: 'admin' })
    const [a, b] = [await make('a@example.com'), await make('b@example.com')]
    const results = await Promise.allSettled([
      setRole(service, { userId: a, role: 'user' }),
      disableUser(service, { userId: b }),
    ])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'last_admin' } })
    await lonely.close()
  })
})

describe('signOutUser', () => {
  const linkOf = (userId: string) =>
    database.db.insert(oneTimeLinks).values({
      id: newId(),
      tokenHash: Buffer.from(newId()),
      purpose: 'sign_in',
      userId,
      expiresAt: new Date(Date.now() + 60_000),
    })
  const usableLinks = async (userId: string) =>
    (await database.db.select().from(oneTimeLinks).where(eq(oneTimeLinks.userId, userId))).filter(
      ({ expiresAt }) => expiresAt > new Date(),
    ).length

  it('ends every session and link of a person, and is on record once', async () => {
    const [admin, person, other] = [await makeUser('admin'), await makeUser(), await makeUser()]
    await linkOf(person.userId)
    await signOutUser(admin.ctx, { userId: person.userId, reason: 'lost their phone' })
    await signOutUser(admin.ctx, { userId: person.userId, reason: 'lost their phone' })
    expect(await liveSessions(person.userId)).toBe(0)
    expect(await usableLinks(person.userId)).toBe(0)
    expect(await readUser(person.userId)).toMatchObject({ status: 'active' })
    expect(await audits(person.userId, 'user.sign-out')).toMatchObject([
      { actorId: admin.userId, reason: 'lost their phone', after: { sessions: 1, links: 1 } },
    ])
    expect(await liveSessions(other.userId)).toBe(1)
  })

  it('refuses outsiders and changes nothing', async () => {
    const [me, other] = [await makeUser(), await makeUser()]
    await expect(signOutUser(other.ctx, { userId: me.userId })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(signOutUser(system, { userId: newId() })).rejects.toMatchObject({ code: 'not_found' })
    expect(await liveSessions(me.userId)).toBe(1)
  })
})

describe('updateProfile', () => {
  it('changes the own name and language, one at a time', async () => {
    const [me, other] = [await makeUser(), await makeUser()]
    await updateProfile(me.ctx, { name: ' New ' })
    await updateProfile(me.ctx, { locale: 'zh-CN' })
    await updateProfile(me.ctx, {})
    expect(await readUser(me.userId)).toMatchObject({ name: 'New', locale: 'zh-CN' })
    expect(await readUser(other.userId)).toMatchObject({ name: 'Person', locale: null })
    await expect(updateProfile(me.ctx, { locale: '<script>' })).rejects.toThrow()
    await expect(updateProfile(system, { name: 'X' })).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('ignores what is not a profile', async () => {
    const me = await makeUser()
    await updateProfile(me.ctx, { name: 'Still', role: 'admin', status: 'disabled' } as never)
    expect(await readUser(me.userId)).toMatchObject({ name: 'Still', role: 'user', status: 'active' })
  })
})
