import { encode } from 'next-auth/jwt'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { newId } from '#lib/id.ts'

const SECRET = 'a secret for tests that guards nothing at all'

// The environment is read once per process; each case needs another one.
async function loadWith(appUrl: string) {
  vi.resetModules()
  vi.stubEnv('APP_URL', appUrl)
  return await import('#lib/auth/token.ts')
}
afterEach(() => vi.unstubAllEnvs())

describe('authCookies', () => {
  it.each([
    { appUrl: 'http://localhost:3000', proto: 'http', host: 'localhost:3000', name: 'ub-session', secure: false },
    { appUrl: 'http://localhost:3000', proto: 'http', host: '192.168.1.7:3000', name: 'ub-session', secure: false },
    {
      appUrl: 'http://localhost:3000',
      proto: 'https',
      host: 'tunnel.example',
      name: '__Host-ub-session',
      secure: true,
    },
    { appUrl: 'https://chat.example', proto: 'https', host: 'chat.example', name: '__Host-ub-session', secure: true },
    { appUrl: 'https://chat.example', proto: 'http', host: 'chat.example', name: '__Host-ub-session', secure: true },
    { appUrl: 'https://chat.example', proto: 'http', host: '192.168.1.7:3000', name: 'ub-session', secure: false },
  ] as const)('$proto://$host of $appUrl → $name', async ({ appUrl, proto, host, name, secure }) => {
    const { authCookies } = await loadWith(appUrl)
    const { session, csrf, callback } = authCookies({ proto, host })
    expect(session).toEqual({ name, options: { httpOnly: true, sameSite: 'lax', path: '/', secure } })
    expect(new Set([session.name, csrf.name, callback.name]).size).toBe(3)
  })
})

describe('decodeToken', () => {
  it('reads what we made', async () => {
    const { decodeToken, encodeToken } = await loadWith('http://localhost:3000')
    const sessionId = newId()
    expect(await decodeToken(await encodeToken(sessionId))).toBe(sessionId)
  })

  it('takes anything else for nobody', async () => {
    const { decodeToken, encodeToken } = await loadWith('http://localhost:3000')
    const good = await encodeToken(newId())
    const strange = [
      undefined,
      '',
      'garbage',
      'a.b.c.d.e',
      good.slice(0, -2),
      await encode({ token: { sid: newId() }, secret: 'the secret of another service on this machine' }),
      await encode({ token: { sid: newId() }, secret: SECRET, maxAge: -60 }),
      await encode({ token: { sid: 'not an id' }, secret: SECRET }),
      await encode({ token: {}, secret: SECRET }),
    ]
    for (const token of strange) expect(await decodeToken(token)).toBeNull()
  })
})
