import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authHandler, findViewer, registerUser } from '#lib/auth/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { disableUser } from '#lib/users/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

let count = 0
const visitor = (): Ctx => ({
  db: database.db,
  actor: { type: 'anonymous' },
  request: { id: newId(), ip: `10.7.0.${++count}`, userAgent: 'Browser/1' },
})
const PASSWORD = 'tram lamp seven'
async function register() {
  const email = `person${++count}@example.com`
  return { email, ...(await registerUser(visitor(), { email, name: 'P', password: PASSWORD })) }
}

/** What a browser does with cookies, for one host. */
class Browser {
  cookies = new Map<string, string>()
  origin: { proto: 'http' | 'https'; host: string }
  constructor(host = 'localhost:3000', proto: 'http' | 'https' = 'http') {
    this.origin = { host, proto }
  }
  async send(method: 'GET' | 'POST', path: string, fields: Record<string, string> = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await authHandler({
      method,
      path: path.split('/'),
      headers: new Headers({ cookie }),
      fields: new URLSearchParams(fields),
      ctx: visitor(),
      origin: this.origin,
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (/max-age=0/i.test(line)) this.cookies.delete(name!)
      else this.cookies.set(name!, value!)
    }
    return { response, data: response.status === 404 ? null : await response.json() }
  }
  async signIn(email: string, password: string): Promise<string | null> {
    const { csrfToken } = (await this.send('GET', 'csrf')).data
    const { data } = await this.send('POST', 'callback/credentials', { email, password, csrfToken, json: 'true' })
    return new URL(data.url).searchParams.get('error')
  }
  async signOut() {
    const { csrfToken } = (await this.send('GET', 'csrf')).data
    await this.send('POST', 'signout', { csrfToken, json: 'true' })
  }
  viewer() {
    return findViewer(visitor(), { readCookie: (name) => this.cookies.get(name), origin: this.origin })
  }
}

describe('signing in and out', () => {
  it.each([
    ['localhost:3000', 'http', 'ub-session'],
    ['192.168.1.7:3000', 'http', 'ub-session'],
    ['chat.example', 'https', '__Host-ub-session'],
  ] as const)('works at %s over %s', async (host, proto, name) => {
    const me = await register()
    const browser = new Browser(host, proto)
    expect(await browser.signIn(me.email, PASSWORD)).toBeNull()
    expect(browser.cookies.has(name)).toBe(true)
    expect(await browser.viewer()).toMatchObject({ email: me.email })
    const stolen = new Browser(host, proto)
    stolen.cookies = new Map(browser.cookies)
    await browser.signOut()
    expect(browser.cookies.has(name)).toBe(false)
    expect(await browser.viewer()).toBeNull()
    expect(await stolen.viewer()).toBeNull()
  })

  it('puts nothing but the session’s id into the cookie, for this host alone', async () => {
    const me = await register()
    const browser = new Browser()
    const { csrfToken } = (await browser.send('GET', 'csrf')).data
    const { response } = await browser.send('POST', 'callback/credentials', {
      email: me.email,
      password: PASSWORD,
      csrfToken,
      json: 'true',
    })
    const lines = response.headers.getSetCookie().filter((line) => line.startsWith('ub-session='))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/)
    const { decode } = await import('next-auth/jwt')
    const token = await decode({ token: browser.cookies.get('ub-session'), secret: process.env.AUTH_SECRET! })
    expect(Object.keys(token!).sort()).toEqual(['exp', 'iat', 'jti', 'sid'])
  })

  it('answers with a code and nothing else when it refuses', async () => {
    const me = await register()
    expect(await new Browser().signIn(me.email, 'wrong')).toBe('wrong_credentials')
    expect(await new Browser().signIn('', '')).toBe('wrong_credentials')
    await disableUser(systemCtx('test', database.db), { userId: me.userId })
    expect(await new Browser().signIn(me.email, PASSWORD)).toBe('account_disabled')
  })

  it('says internal, and nothing of the fault, when the database is gone', async () => {
    const gone = await createTestDatabase()
    await gone.close()
    const browser = new Browser()
    const { csrfToken } = (await browser.send('GET', 'csrf')).data
    const response = await authHandler({
      method: 'POST',
      path: ['callback', 'credentials'],
      headers: new Headers({ cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; ') }),
      fields: new URLSearchParams({ email: 'a@example.com', password: 'x', csrfToken, json: 'true' }),
      ctx: { ...visitor(), db: gone.db },
      origin: browser.origin,
    })
    expect(new URL((await response.json()).url).search).toBe('?error=internal')
  })
})

describe('no login loop', () => {
  it.each(['garbage', 'a%7Cb', '%E0%A4%A', 'not a url', ''])('with %j left in every cookie', async (garbage) => {
    const me = await register()
    const browser = new Browser()
    for (const name of ['ub-session', 'ub-csrf', 'ub-return']) browser.cookies.set(name, garbage)
    expect(await browser.viewer()).toBeNull()
    expect(await browser.signIn(me.email, PASSWORD)).toBeNull()
    expect(await browser.viewer()).toMatchObject({ email: me.email })
  })

  it('with the cookies of another service on this host, or of a secret that was changed', async () => {
    const me = await register()
    const browser = new Browser()
    const { encode } = await import('next-auth/jwt')
    browser.cookies.set(
      'ub-session',
      await encode({ token: { sid: me.sessionId }, secret: 'the secret before this one, long enough' }),
    )
    browser.cookies.set('ub-csrf', `${'a'.repeat(64)}%7C${'b'.repeat(64)}`)
    browser.cookies.set('next-auth.session-token', 'x')
    browser.cookies.set('next-auth.callback-url', 'nonsense')
    expect(await browser.viewer()).toBeNull()
    expect(await browser.signIn(me.email, PASSWORD)).toBeNull()
    expect(await browser.viewer()).toMatchObject({ email: me.email })
  })

  it('with the cookie of a session that ended elsewhere', async () => {
    const me = await register()
    const [phone, laptop] = [new Browser(), new Browser()]
    await phone.signIn(me.email, PASSWORD)
    laptop.cookies = new Map(phone.cookies)
    await laptop.signOut()
    expect(await phone.viewer()).toBeNull()
    expect(await phone.signIn(me.email, PASSWORD)).toBeNull()
    expect(await phone.viewer()).toMatchObject({ email: me.email })
  })
})

describe('what is shut', () => {
  it.each([
    ['GET', 'session'],
    ['POST', 'session'],
    ['GET', 'providers'],
    ['GET', 'signin'],
    ['GET', 'signout'],
    ['GET', 'error'],
    ['GET', 'callback/credentials'],
    ['POST', '_log'],
    ['POST', 'signin/credentials'],
  ] as const)('%s %s', async (method, path) => {
    expect((await new Browser().send(method, path)).response.status).toBe(404)
  })

  it('signing in or out without the token of one of our pages', async () => {
    const me = await register()
    const browser = new Browser()
    await browser.send('POST', 'callback/credentials', {
      email: me.email,
      password: PASSWORD,
      csrfToken: 'x',
      json: 'true',
    })
    expect(await browser.viewer()).toBeNull()
    await browser.signIn(me.email, PASSWORD)
    await browser.send('POST', 'signout', { csrfToken: 'x', json: 'true' })
    expect(await browser.viewer()).toMatchObject({ email: me.email })
  })

  it('return addresses, of ours or of anybody’s', async () => {
    const me = await register()
    const browser = new Browser()
    const { csrfToken } = (await browser.send('GET', 'csrf')).data
    const fields = { email: me.email, password: PASSWORD, csrfToken, json: 'true', callbackUrl: 'https://evil.example' }
    const { data } = await browser.send('POST', 'callback/credentials', fields)
    expect(new URL(data.url).host).not.toBe('evil.example')
  })
})
