import { describe, expect, it } from 'vitest'
import { checkPassword, hashPassword, verifyPassword } from '#lib/auth/passwords.ts'

const person = { role: 'user', email: 'ada@example.com' } as const
const admin = { role: 'admin', email: 'ada@example.com' } as const

describe('checkPassword', () => {
  it.each([
    { password: 'short7!', who: person, code: 'password_too_short', params: { min: 8 } },
    { password: '密码密码密码密', who: person, code: 'password_too_short', params: { min: 8 } },
    { password: 'fourteen chars', who: admin, code: 'password_too_short', params: { min: 15 } },
    { password: 'x1'.repeat(101), who: person, code: 'password_too_long', params: { max: 200 } },
    { password: 'Password1', who: person, code: 'password_common', params: {} },
    { password: 'QWERTYUIOP', who: person, code: 'password_common', params: {} },
    { password: 'aaaaaaaaaaaa', who: person, code: 'password_common', params: {} },
    { password: 'Ada@Example.com', who: person, code: 'password_common', params: {} },
    // In full width and with ligatures: after normalising, which is what counts, these are on the list or too short.
    { password: 'ｐａｓｓｗｏｒｄ１', who: person, code: 'password_common', params: {} },
    { password: 'ﷺ', who: admin, code: 'password_too_short', params: { min: 15 } },
    { password: `${'e\u0301'.repeat(4)}abc`, who: person, code: 'password_too_short', params: { min: 8 } },
    { password: '1qaz2wsx3edc4rfv', who: admin, code: 'password_common', params: {} },
  ])('refuses $password for $who.role', async ({ password, who, code, params }) => {
    await expect(checkPassword(password, who)).rejects.toMatchObject({ code, params })
  })

  it.each([
    { password: 'tram lamp 7', who: person },
    { password: '正确的马电池订书钉', who: person },
    { password: '🦊🐻🌲🌊🔥🌙⭐🍎', who: person },
    { password: 'fifteen chars!!', who: admin },
    { password: 'tram lamp seven '.repeat(12), who: admin },
  ])('accepts $password', async ({ password, who }) => {
    await expect(checkPassword(password, who)).resolves.toBeUndefined()
  })
})

describe('hashing', () => {
  it('is Argon2id with at least 19 MiB, salted', async () => {
    const [one, two] = await Promise.all([hashPassword('tram lamp 7'), hashPassword('tram lamp 7')])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(one).not.toBe(two)
    expect(await verifyPassword(one, 'tram lamp 7')).toBe(true)
    expect(await verifyPassword(one, 'tram lamp 8')).toBe(false)
  })

  it('takes the same characters from another keyboard', async () => {
    expect(await verifyPassword(await hashPassword('caf\u00e9 lamp'), 'cafe\u0301 lamp')).toBe(true)
  })

  it.each([null, undefined])('is never right without a hash (%s)', async (none) => {
    expect(await verifyPassword(none, '')).toBe(false)
  })
})
