import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditEntries, channels, rateLimits, sessions, transfers, users } from '#db/schema/index.ts'
import {
  changePassword,
  createAccount,
  findViewer,
  getSignUpCredit,
  getSignUpTerms,
  isViewerShutOut,
  listSessions,
  makeSessionCookie,
  registerUser,
  revokeOtherSessions,
  revokeSession,
  setPassword,
  signIn,
} from '#lib/auth/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { disableUser, enableUser, setRole } from '#lib/users/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx
beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  system = systemCtx('test', database.db)
})
afterAll(() => database.close())

let count = 0
const freshIp = () => `10.${Math.floor(++count / 250)}.${count % 250}.1`
const visitor = (ip = freshIp()): Ctx => ({
  db: database.db,
  actor: { type: 'anonymous' },
  request: { id: newId(), ip, userAgent: 'Browser/1' },
})
const PASSWORD = 'tram lamp seven'

async function register() {
  const email = `person${++count}@example.com`
  const { userId, sessionId } = await registerUser(visitor(), { email, name: 'Person', password: PASSWORD })
  const ctx: UserCtx = { ...visitor(), actor: { type: 'user', userId, role: 'user', sessionId } }
  return { userId, sessionId, email, ctx }
}

const origin = { proto: 'http', host: 'localhost:3000' } as const
async function viewerOf(sessionId: string) {
  const cookie = await makeSessionCookie(origin, sessionId)
  return await findViewer(visitor(), {
    readCookie: (name) => (name === cookie.name ? cookie.value : undefined),
    origin,
  })
}
const walletOf = (userId: string) => findWallet(system, { ownerType: 'user', ownerId: userId })
const readUser = async (id: string) => (await database.db.select().from(users).where(eq(users.id, id)))[0]!
const countUsers = async () => (await database.db.select({ id: users.id }).from(users)).length

describe('registerUser', () => {
  it('makes an account, signs it in and gives it the sign-up credit', async () => {
    const me = await register()
    expect(await viewerOf(me.sessionId)).toMatchObject({ actor: me.ctx.actor, email: me.email, name: 'Person' })
    expect(await walletOf(me.userId)).toMatchObject({ postedMicros: 10_000_000n })
    const [transfer] = await database.db
      .select()
      .from(transfers)
      .where(eq(transfers.idempotencyKey, `sign-up:${me.userId}`))
    expect(transfer).toMatchObject({ kind: 'promotion', amountMicros: 10_000_000n })
    expect((await readUser(me.userId)).passwordHash).toMatch(/^\$argon2id\$/)
    expect((await readUser(me.userId)).role).toBe('user')
  })

  it('gives nothing as soon as a channel exists, until the operator says otherwise', async () => {
    expect(await getSignUpCredit(system)).toBe(10_000_000n)
    expect(await getSignUpTerms(system)).toEqual({ automaticMicros: 10_000_000n, isPaid: false })
    await expect(getSignUpTerms({ ...system, actor: { type: 'anonymous' } })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    const id = newId()
    await database.db.insert(channels).values({ id, name: 'c', vendor: 'openai', baseUrl: 'http://localhost:1/v1' })
    expect(await getSignUpTerms(system)).toEqual({ automaticMicros: 0n, isPaid: true })
    const me = await register()
    expect(await walletOf(me.userId)).toMatchObject({ postedMicros: 0n })
    await setSetting(system, { key: 'sign_up_credit_micros', value: '250000' })
    expect(await getSignUpCredit(system)).toBe(250_000n)
    expect(await walletOf((await register()).userId)).toMatchObject({ postedMicros: 250_000n })
    await setSetting(system, { key: 'sign_up_credit_micros', value: null })
    await database.db.delete(channels).where(eq(channels.id, id))
  })

  it('makes one account when the form is sent ten times at once', async () => {
    const before = await countUsers()
    const ctx = visitor()
    const input = { email: 'twice@example.com', name: 'Twice', password: PASSWORD }
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => registerUser(ctx, input)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'email_taken' })
    expect(await countUsers()).toBe(before + 1)
  })

  it('refuses bad passwords and closed doors, and makes nothing', async () => {
    const before = await countUsers()
    const input = { email: 'no@example.com', name: 'No', password: PASSWORD }
    await expect(registerUser(visitor(), { ...input, password: 'password' })).rejects.toMatchObject({
      code: 'password_common',
    })
    await expect(registerUser(visitor(), { ...input, password: 'x' })).rejects.toMatchObject({
      code: 'password_too_short',
    })
    await expect(
      registerUser(visitor(), { ...input, role: 'admin', email: 'not an address' } as never),
    ).rejects.toThrow()
    await setSetting(system, { key: 'registration', value: 'closed' })
    await expect(registerUser(visitor(), input)).rejects.toMatchObject({ code: 'registration_closed' })
    expect(await getSignUpCredit(system)).toBe(0n)
    await setSetting(system, { key: 'registration', value: 'open' })
    expect(await countUsers()).toBe(before)
  })

  it('cannot make an admin, whatever the form says', async () => {
    const { userId } = await registerUser(visitor(), {
      email: 'sneaky@example.com',
      name: 'S',
      password: PASSWORD,
      role: 'admin',
    } as never)
    expect((await readUser(userId)).role).toBe('user')
  })

  it('is limited by address', async () => {
    const ctx = visitor()
    const tries = await Promise.allSettled(
      Array.from({ length: 31 }, () =>
        registerUser(ctx, { email: 'sneaky@example.com', name: 'M', password: PASSWORD }),
      ),
    )
    const codes = tries.map((result) => (result.status === 'rejected' ? result.reason.code : 'ok'))
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(1)
  })
})

describe('createAccount', () => {
  it('is for admins and the service', async () => {
    const me = await register()
    const input = { email: 'made@example.com', name: 'Made', password: null, role: 'user' } as const
    await expect(createAccount(me.ctx, input)).rejects.toMatchObject({ code: 'forbidden' })
    const userId = await createAccount(system, input)
    expect(await readUser(userId)).toMatchObject({ email: 'made@example.com', passwordHash: null })
    await expect(createAccount(system, input)).rejects.toMatchObject({ code: 'email_taken' })
    const admin = { email: 'made2@example.com', name: 'A', role: 'admin' } as const
    await expect(createAccount(system, { ...admin, password: 'tram lamp 77' })).rejects.toMatchObject({
      code: 'password_too_short',
      params: { min: 15 },
    })
  })
})

describe('signIn', () => {
  it('begins a new session each time, whatever case the address is typed in', async () => {
    const me = await register()
    const first = await signIn(visitor(), { email: me.email, password: PASSWORD })
    const second = await signIn(visitor(), { email: ` ${me.email.toUpperCase()} `, password: PASSWORD })
    expect(new Set([me.sessionId, first.sessionId, second.sessionId]).size).toBe(3)
    expect(await viewerOf(second.sessionId)).toMatchObject({ email: me.email })
  })

  it('says the same of a stranger, a wrong password, a missing password and nonsense', async () => {
    const me = await register()
    const bare = await createAccount(system, { email: 'bare@example.com', name: 'B', password: null })
    expect(bare).toBeTruthy()
    const refused = { code: 'wrong_credentials', params: {} }
    await expect(signIn(visitor(), { email: me.email, password: 'wrong' })).rejects.toMatchObject(refused)
    await expect(signIn(visitor(), { email: 'stranger@example.com', password: 'wrong' })).rejects.toMatchObject(refused)
    await expect(signIn(visitor(), { email: 'bare@example.com', password: '' })).rejects.toMatchObject(refused)
    await expect(signIn(visitor(), { email: "' OR 1=1 --", password: 'x' })).rejects.toMatchObject(refused)
    await expect(signIn(visitor(), { email: me.email, password: 'x'.repeat(5_000) })).rejects.toMatchObject(refused)
  })

  it('slows down guessing at one account from many addresses, and a stranger’s account alike', async () => {
    const me = await register()
    for (const email of [me.email, 'nobody@example.com']) {
      const guesses = await Promise.allSettled(
        Array.from({ length: 105 }, () => signIn(visitor(), { email, password: 'wrong' })),
      )
      const codes = guesses.map((guess) => (guess.status === 'rejected' ? guess.reason.code : 'ok'))
      expect(codes.filter((code) => code === 'wrong_credentials')).toHaveLength(100)
      expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(5)
    }
    await expect(signIn(visitor(), { email: me.email, password: PASSWORD })).rejects.toMatchObject({
      code: 'rate_limited',
    })
  })

  it('lets one address shut itself out of an account, and not its owner', async () => {
    const me = await register()
    const stranger = visitor()
    const guesses = await Promise.allSettled(
      Array.from({ length: 60 }, () => signIn(stranger, { email: me.email, password: 'wrong' })),
    )
    const codes = guesses.map((guess) => (guess.status === 'rejected' ? guess.reason.code : 'ok'))
    expect(codes.filter((code) => code === 'wrong_credentials')).toHaveLength(20)
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(40)
    await signIn(visitor(), { email: me.email, password: PASSWORD })
    await expect(signIn(stranger, { email: me.email, password: PASSWORD })).rejects.toMatchObject({
      code: 'rate_limited',
    })
  })

  it('slows down one address that guesses at many accounts', async () => {
    const ctx = visitor('2001:db8:1:2::1')
    const neighbour = visitor('2001:db8:1:2:ffff::9')
    await signIn(ctx, { email: 'x1@example.com', password: 'wrong' }).catch(() => undefined)
    await database.db
      .update(rateLimits)
      .set({ points: 100 })
      .where(sql`${rateLimits.key} LIKE 'sign-in-address:2001:%'`)
    await expect(signIn(neighbour, { email: 'x2@example.com', password: 'wrong' })).rejects.toMatchObject({
      code: 'rate_limited',
    })
    await expect(
      signIn(visitor('2001:db8:1:3::1'), { email: 'x3@example.com', password: 'wrong' }),
    ).rejects.toMatchObject({
      code: 'wrong_credentials',
    })
  })

  it('does not hold honest sign-ins against anybody', async () => {
    const me = await register()
    const ctx = visitor()
    for (let i = 0; i < 25; i++) await signIn(ctx, { email: me.email, password: PASSWORD })
  })

  it('refuses a disabled person, and tells only who knows the password', async () => {
    const me = await register()
    await disableUser(system, { userId: me.userId })
    await expect(signIn(visitor(), { email: me.email, password: PASSWORD })).rejects.toMatchObject({
      code: 'account_disabled',
    })
    await expect(signIn(visitor(), { email: me.email, password: 'wrong' })).rejects.toMatchObject({
      code: 'wrong_credentials',
    })
  })
})

describe('a session', () => {
  it('ends at the next request of a disabled person, and stays ended when they are enabled', async () => {
    const me = await register()
    await database.db.update(users).set({ status: 'disabled' }).where(eq(users.id, me.userId))
    expect(await viewerOf(me.sessionId)).toBeNull()
    const other = await register()
    await disableUser(system, { userId: other.userId })
    await enableUser(system, { userId: other.userId })
    expect(await viewerOf(other.sessionId)).toBeNull()
  })

  it('ends when its role changes and after thirty idle days, and moves its end when used', async () => {
    const me = await register()
    const age = (interval: string) =>
      database.db
        .update(sessions)
        .set({
          lastSeenAt: sql`now() - ${interval}::interval`,
          expiresAt: sql`now() - ${interval}::interval + interval '30 days'`,
        })
        .where(eq(sessions.id, me.sessionId))
    await age('29 days')
    expect(await viewerOf(me.sessionId)).not.toBeNull()
    const [used] = await database.db
      .select({
        fresh: sql<boolean>`expires_at > now() + interval '29 days' AND last_seen_at > now() - interval '1 minute'`,
      })
      .from(sessions)
      .where(eq(sessions.id, me.sessionId))
    expect(used).toEqual({ fresh: true })
    await age('30 days 1 second')
    expect(await viewerOf(me.sessionId)).toBeNull()

    const other = await register()
    await setRole(system, { userId: other.userId, role: 'admin' })
    expect(await viewerOf(other.sessionId)).toBeNull()
  })

  it('is listed for its owner, with the one in use marked', async () => {
    const me = await register()
    const phone = await signIn(visitor(), { email: me.email, password: PASSWORD })
    await register()
    const list = await listSessions(me.ctx)
    expect(list.map(({ id }) => id).sort()).toEqual([me.sessionId, phone.sessionId].sort())
    expect(list.filter(({ current }) => current).map(({ id }) => id)).toEqual([me.sessionId])
  })

  it('can be revoked by its owner, twice, and by nobody else', async () => {
    const [me, other] = [await register(), await register()]
    const phone = await signIn(visitor(), { email: me.email, password: PASSWORD })
    await expect(revokeSession(other.ctx, { sessionId: phone.sessionId })).rejects.toMatchObject({ code: 'not_found' })
    await expect(revokeSession(visitor(), { sessionId: phone.sessionId })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    expect(await viewerOf(phone.sessionId)).not.toBeNull()
    await revokeSession(me.ctx, { sessionId: phone.sessionId })
    const [first] = await database.db.select().from(sessions).where(eq(sessions.id, phone.sessionId))
    await revokeSession(me.ctx, { sessionId: phone.sessionId })
    const [again] = await database.db.select().from(sessions).where(eq(sessions.id, phone.sessionId))
    expect(again).toEqual(first)
    expect(await viewerOf(phone.sessionId)).toBeNull()
    expect(await viewerOf(me.sessionId)).not.toBeNull()
  })

  it('survives when its owner revokes all others', async () => {
    const [me, other] = [await register(), await register()]
    const phone = await signIn(visitor(), { email: me.email, password: PASSWORD })
    await revokeOtherSessions(me.ctx)
    expect(await viewerOf(phone.sessionId)).toBeNull()
    expect(await viewerOf(me.sessionId)).not.toBeNull()
    expect(await viewerOf(other.sessionId)).not.toBeNull()
  })
})

describe('changePassword', () => {
  it('needs the old one, ends every session and begins a new one', async () => {
    const me = await register()
    const phone = await signIn(visitor(), { email: me.email, password: PASSWORD })
    const wrong = { currentPassword: 'wrong', newPassword: 'other tram lamp' }
    await expect(changePassword(me.ctx, wrong)).rejects.toMatchObject({ code: 'wrong_password' })
    const weak = { currentPassword: PASSWORD, newPassword: 'password' }
    await expect(changePassword(me.ctx, weak)).rejects.toMatchObject({ code: 'password_common' })
    expect(await viewerOf(phone.sessionId)).not.toBeNull()

    const { sessionId } = await changePassword(me.ctx, { currentPassword: PASSWORD, newPassword: 'other tram lamp' })
    expect(await viewerOf(me.sessionId)).toBeNull()
    expect(await viewerOf(phone.sessionId)).toBeNull()
    expect(await viewerOf(sessionId)).toMatchObject({ email: me.email })
    await expect(signIn(visitor(), { email: me.email, password: PASSWORD })).rejects.toMatchObject({
      code: 'wrong_credentials',
    })
    await signIn(visitor(), { email: me.email, password: 'other tram lamp' })
    const trail = await database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, me.userId))
    expect(trail.filter(({ action }) => action === 'user.change-password')).toMatchObject([{ actorId: me.userId }])
    expect(JSON.stringify(trail)).not.toMatch(/argon2|tram/)
  })

  it('cannot be used to guess the password of a session left open', async () => {
    const me = await register()
    const wrong = { currentPassword: 'wrong', newPassword: 'other tram lamp' }
    for (let i = 0; i < 20; i++) await changePassword(me.ctx, wrong).catch(() => undefined)
    await expect(changePassword(me.ctx, { ...wrong, currentPassword: PASSWORD })).rejects.toMatchObject({
      code: 'rate_limited',
    })
  })
})

describe('setPassword', () => {
  it('is for admins and the service, and ends every session', async () => {
    const [me, other] = [await register(), await register()]
    const input = { userId: me.userId, password: 'given tram lamp' }
    await expect(setPassword(other.ctx, input)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(setPassword(me.ctx, input)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await viewerOf(me.sessionId)).not.toBeNull()
    await signIn(visitor(), { email: me.email, password: PASSWORD })
    await setPassword(system, input)
    expect(await viewerOf(me.sessionId)).toBeNull()
    await signIn(visitor(), { email: me.email, password: 'given tram lamp' })
    await expect(setPassword(system, { ...input, userId: newId() })).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('the sessions of somebody else', () => {
  it('are listed and ended by an admin, once and on record, and by nobody else', async () => {
    const [me, other] = [await register(), await register()]
    const bossId = await createAccount(system, {
      email: 'sessions-boss@example.com',
      name: 'B',
      password: null,
      role: 'admin',
    })
    const boss: UserCtx = { ...visitor(), actor: { type: 'user', userId: bossId, role: 'admin', sessionId: newId() } }
    const { sessionId } = await signIn(visitor(), { email: me.email, password: PASSWORD })
    const input = { userId: me.userId, sessionId, reason: 'seen in another country' }
    await expect(listSessions(other.ctx, { userId: me.userId })).rejects.toMatchObject({ code: 'not_found' })
    await expect(revokeSession(other.ctx, input)).rejects.toMatchObject({ code: 'not_found' })
    await expect(revokeSession(boss, { ...input, userId: other.userId })).rejects.toMatchObject({ code: 'not_found' })
    expect(await listSessions(boss, { userId: me.userId })).toHaveLength(2)
    await revokeSession(boss, input)
    await revokeSession(boss, input)
    expect((await listSessions(boss, { userId: me.userId })).map(({ id }) => id)).not.toContain(sessionId)
    const ended = await database.db.select().from(auditEntries).where(eq(auditEntries.action, 'user.end-session'))
    expect(ended).toMatchObject([{ subjectId: me.userId, reason: input.reason, after: { sessionId } }])
  })
})

describe('isViewerShutOut', () => {
  const isShutOut = async (sessionId: string) => {
    const cookie = await makeSessionCookie(origin, sessionId)
    return isViewerShutOut(visitor(), {
      readCookie: (name) => (name === cookie.name ? cookie.value : undefined),
      origin,
    })
  }

  it('tells a browser that was signed in that its account is disabled, and no other', async () => {
    const me = await register()
    expect(await isShutOut(me.sessionId)).toBe(false)
    await revokeSession(me.ctx, { sessionId: me.sessionId })
    expect(await isShutOut(me.sessionId)).toBe(false)
    await disableUser(system, { userId: me.userId })
    expect(await isShutOut(me.sessionId)).toBe(true)
    expect(await isShutOut(newId())).toBe(false)
    expect(await isViewerShutOut(visitor(), { readCookie: () => 'forged', origin })).toBe(false)
    await enableUser(system, { userId: me.userId })
    expect(await isShutOut(me.sessionId)).toBe(false)
  })
})
