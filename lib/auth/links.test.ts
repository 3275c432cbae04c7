import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { oneTimeLinks, users } from '#db/schema/index.ts'
import {
  acceptLink,
  createAccount,
  createFirstAdmin,
  createFirstAdminLink,
  createSignInLink,
  getLink,
  registerUser,
  setPassword,
  signIn,
} from '#lib/auth/index.ts'
import { findSession } from '#lib/auth/sessions.ts'
import { sha256 } from '#lib/crypto.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { disableUser, enableUser, setRole } from '#lib/users/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let system: Ctx
const opened: TestDatabase[] = []
// Whether there is an admin belongs to the whole database, so each test has its own.
beforeEach(async () => {
  database = await createTestDatabase({ poolMax: 12 })
  opened.push(database)
  system = systemCtx('test', database.db)
})
afterAll(() => Promise.all(opened.map((one) => one.close())))

let count = 0
const visitor = (): Ctx => ({
  db: database.db,
  actor: { type: 'anonymous' },
  request: { id: newId(), ip: `10.9.0.${++count % 250}`, userAgent: '' },
})
const ADMIN = { email: 'boss@example.com', name: 'Boss', password: 'tram lamp seven' }
const listUsers = () => database.db.select().from(users)
const walletOf = (userId: string) => findWallet(system, { ownerType: 'user', ownerId: userId })

async function firstAdminToken() {
  const link = await createFirstAdminLink(system)
  return link!.token
}

describe('the first admin’s link', () => {
  it('makes the admin, gives the grant, signs in, and is then used up', async () => {
    const token = await firstAdminToken()
    expect(await getLink(visitor(), { token })).toEqual({ purpose: 'first_admin', email: null, minPassword: 15 })
    const { userId, sessionId } = await acceptLink(visitor(), { token, ...ADMIN })
    expect(await findSession(system, { sessionId })).toMatchObject({ actor: { userId, role: 'admin' } })
    expect(await walletOf(userId)).toMatchObject({ postedMicros: 100_000_000n })
    await expect(getLink(visitor(), { token })).rejects.toMatchObject({ code: 'link_invalid' })
    await expect(acceptLink(visitor(), { token, ...ADMIN })).rejects.toMatchObject({ code: 'link_invalid' })
    expect(await createFirstAdminLink(system)).toBeNull()
    expect(await listUsers()).toHaveLength(1)
    await signIn(visitor(), ADMIN)
  })

  it('is not used up by looking, nor by a refused form', async () => {
    const token = await firstAdminToken()
    for (let i = 0; i < 5; i++) await getLink(visitor(), { token })
    const send = (change: object) => acceptLink(visitor(), { token, ...ADMIN, ...change })
    await expect(send({ password: 'short one' })).rejects.toMatchObject({
      code: 'password_too_short',
      params: { min: 15 },
    })
    await expect(send({ email: undefined })).rejects.toMatchObject({
      code: 'invalid_input',
      params: { field: 'email' },
    })
    await expect(send({ name: undefined })).rejects.toMatchObject({ code: 'invalid_input', params: { field: 'name' } })
    expect(await listUsers()).toEqual([])
    await send({})
  })

  it('has one winner when ten forms are sent at once', async () => {
    const token = await firstAdminToken()
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => acceptLink(visitor(), { token, ...ADMIN, email: `boss${i}@example.com` })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'link_invalid' })
    expect(await listUsers()).toHaveLength(1)
  })

  it('stops working when a newer one is made, an admin exists, or a day has passed', async () => {
    const [old, current] = [await firstAdminToken(), await firstAdminToken()]
    await expect(getLink(visitor(), { token: old })).rejects.toMatchObject({ code: 'link_invalid' })
    await getLink(visitor(), { token: current })
    await database.db.update(oneTimeLinks).set({ expiresAt: sql`now() - interval '1 second'` }).where(sql`true`)
    await expect(acceptLink(visitor(), { token: current, ...ADMIN })).rejects.toMatchObject({ code: 'link_invalid' })
    const last = await firstAdminToken()
    await createAccount(system, { ...ADMIN, email: 'other@example.com', role: 'admin' })
    await expect(acceptLink(visitor(), { token: last, ...ADMIN })).rejects.toMatchObject({ code: 'link_invalid' })
    expect(await listUsers()).toHaveLength(1)
  })

  it('is handed out again where that is asked for, while it is good for an hour and the secret is the same', async () => {
    const again = async () => (await createFirstAdminLink(system, { reuse: true }))!.token
    const token = await again()
    const rows = await database.db.select().from(oneTimeLinks)
    expect(await again()).toBe(token)
    expect(await database.db.select().from(oneTimeLinks)).toEqual(rows)
    await getLink(visitor(), { token })

    await database.db.update(oneTimeLinks).set({ expiresAt: sql`now() + interval '59 minutes'` })
    const next = await again()
    expect(next).not.toBe(token)
    await expect(getLink(visitor(), { token })).rejects.toMatchObject({ code: 'link_invalid' })
    // As it would be kept had it been made under another secret.
    const tokenHash = sha256('another')
    await database.db
      .update(oneTimeLinks)
      .set({ tokenHash })
      .where(eq(oneTimeLinks.tokenHash, sha256(next)))
    const last = await again()
    expect(last).not.toBe(next)
    await acceptLink(visitor(), { token: last, ...ADMIN })
    expect(await createFirstAdminLink(system, { reuse: true })).toBeNull()
  })

  it('makes an account that was registered before the admin’s', async () => {
    const token = await firstAdminToken()
    const before = await registerUser(visitor(), { ...ADMIN, name: 'Early', password: 'early tram lamp' })
    const { userId } = await acceptLink(visitor(), { token, ...ADMIN })
    expect(userId).toBe(before.userId)
    expect(await listUsers()).toMatchObject([{ role: 'admin', name: 'Boss' }])
    expect(await findSession(system, { sessionId: before.sessionId })).toBeNull()
    await signIn(visitor(), ADMIN)
  })

  it('is made by the service only, and kept as a hash', async () => {
    await expect(createFirstAdminLink(visitor())).rejects.toMatchObject({ code: 'forbidden' })
    const token = await firstAdminToken()
    expect(token).toMatch(/^[\w-]{43}$/)
    const [row] = await database.db.select().from(oneTimeLinks)
    expect(JSON.stringify({ ...row, tokenHash: row!.tokenHash.toString('latin1') })).not.toContain(token)
  })
})

describe('createFirstAdmin', () => {
  it('makes the configured admin once, also when two processes start at once', async () => {
    const made = await Promise.all([
      createFirstAdmin(system, ADMIN),
      createFirstAdmin(system, ADMIN),
      createFirstAdmin(system, ADMIN),
    ])
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(await createFirstAdmin(system, { ...ADMIN, email: 'b@example.com' })).toBeNull()
    expect(await listUsers()).toMatchObject([{ email: ADMIN.email, role: 'admin' }])
    expect(await walletOf(made.find(Boolean)!)).toMatchObject({ postedMicros: 100_000_000n })
    await expect(createFirstAdmin(visitor(), ADMIN)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('shuts the link that was printed before', async () => {
    const token = await firstAdminToken()
    await createFirstAdmin(system, ADMIN)
    await expect(getLink(visitor(), { token })).rejects.toMatchObject({ code: 'link_invalid' })
  })
})

describe('a sign-in link', () => {
  let person: { userId: string; sessionId: string }
  const EMAIL = 'ada@example.com'
  beforeEach(async () => {
    person = await registerUser(visitor(), { email: EMAIL, name: 'Ada', password: 'tram lamp seven' })
  })

  it('sets a new password, ends the old sessions and signs in, once', async () => {
    const { token } = await createSignInLink(system, { userId: person.userId })
    expect(await getLink(visitor(), { token })).toEqual({ purpose: 'sign_in', email: EMAIL, minPassword: 8 })
    const after = await acceptLink(visitor(), {
      token,
      password: 'new tram lamp',
      email: 'other@example.com',
      name: 'Other',
    })
    expect(after.userId).toBe(person.userId)
    expect(await findSession(system, { sessionId: after.sessionId })).toMatchObject({ email: EMAIL, name: 'Ada' })
    expect(await findSession(system, { sessionId: person.sessionId })).toBeNull()
    await signIn(visitor(), { email: EMAIL, password: 'new tram lamp' })
    await expect(acceptLink(visitor(), { token, password: 'third tram lamp' })).rejects.toMatchObject({
      code: 'link_invalid',
    })
  })

  it('has one winner when ten forms are sent at once', async () => {
    const { token } = await createSignInLink(system, { userId: person.userId })
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => acceptLink(visitor(), { token, password: `tram lamp ${i}${i}` })),
    )
    const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
    expect(winners).toHaveLength(1)
    await signIn(visitor(), { email: EMAIL, password: `tram lamp ${winners[0]}${winners[0]}` })
  })

  it('is made by admins and the service; a newer one, an hour or disabling ends it', async () => {
    const ctx: Ctx = { ...visitor(), actor: { type: 'user', role: 'user', ...person } }
    await expect(createSignInLink(ctx, { userId: person.userId })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(createSignInLink(system, { userId: newId() })).rejects.toMatchObject({ code: 'not_found' })
    const old = await createSignInLink(system, { userId: person.userId })
    const current = await createSignInLink(system, { userId: person.userId })
    await expect(getLink(visitor(), old)).rejects.toMatchObject({ code: 'link_invalid' })
    await getLink(visitor(), current)
    const [row] = await database.db
      .select({ minutes: sql<string>`extract(epoch FROM expires_at - created_at) / 60` })
      .from(oneTimeLinks)
      .where(sql`expires_at > now()`)
    expect(Number(row!.minutes)).toBeCloseTo(60, 0)
    await disableUser(system, { userId: person.userId })
    await expect(acceptLink(visitor(), { ...current, password: 'new tram lamp' })).rejects.toMatchObject({
      code: 'link_invalid',
    })
    await expect(createSignInLink(system, { userId: person.userId })).rejects.toMatchObject({
      code: 'account_disabled',
    })
    const [user] = await database.db.select().from(users).where(eq(users.id, person.userId))
    expect(user!.status).toBe('disabled')
  })

  it.each([
    ['a new password', () => setPassword(system, { userId: person.userId, password: 'from the terminal' })],
    ['another role', () => setRole(system, { userId: person.userId, role: 'admin' })],
    [
      'being shut out and let in again',
      async () => {
        await disableUser(system, { userId: person.userId })
        await enableUser(system, { userId: person.userId })
      },
    ],
  ])('stops working with %s', async (_, change) => {
    const { token } = await createSignInLink(system, { userId: person.userId })
    await change()
    await expect(getLink(visitor(), { token })).rejects.toMatchObject({ code: 'link_invalid' })
    await expect(acceptLink(visitor(), { token, password: 'tram lamp seven' })).rejects.toMatchObject({
      code: 'link_invalid',
    })
  })

  it('never gives an admin a short password, however form and promotion meet', async () => {
    for (let i = 0; i < 5; i++) {
      const email = `meet${i}@example.com`
      const userId = await createAccount(system, { email, name: 'M', password: null })
      const { token } = await createSignInLink(system, { userId })
      const outcomes = await Promise.allSettled([
        acceptLink(visitor(), { token, password: 'short one' }),
        setRole(system, { userId, role: 'admin' }),
      ])
      expect(outcomes[1].status).toBe('fulfilled')
      if (outcomes[0].status === 'rejected') expect(outcomes[0].reason).toMatchObject({ code: 'link_invalid' })
      await expect(signIn(visitor(), { email, password: 'short one' })).rejects.toMatchObject({
        code: 'wrong_credentials',
      })
    }
  })

  it.each(['', 'nonsense', 'x'.repeat(150)])('that nobody made (%s) opens nothing', async (token) => {
    await expect(getLink(visitor(), { token })).rejects.toMatchObject({ code: 'link_invalid' })
    await expect(acceptLink(visitor(), { token, password: 'new tram lamp' })).rejects.toMatchObject({
      code: 'link_invalid',
    })
  })
})
