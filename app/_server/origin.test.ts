import { describe, expect, it } from 'vitest'
import { isSameOrigin, safeNextPath } from '#app/_server/origin.ts'

describe('isSameOrigin', () => {
  it.each([
    { origin: 'http://localhost:3000', host: 'localhost:3000', expected: true },
    { origin: 'https://chat.example', host: 'chat.example', expected: true },
    { origin: 'https://chat.example', host: 'chat.example:443', expected: true },
    { origin: 'http://192.168.1.7:3000', host: '192.168.1.7:3000', expected: true },
    { origin: 'https://evil.example', host: 'chat.example', expected: false },
    { origin: 'http://localhost:3001', host: 'localhost:3000', expected: false },
    { origin: 'https://chat.example.evil.example', host: 'chat.example', expected: false },
    { origin: 'null', host: 'chat.example', expected: false },
    { origin: undefined, host: 'chat.example', expected: false },
    { origin: 'https://chat.example', host: '', expected: false },
    { origin: 'moz-extension://chat.example', host: 'chat.example', expected: false },
  ])('$origin to $host → $expected', ({ origin, host, expected }) => {
    const headers = new Headers({ 'x-forwarded-host': host, host: 'inside:1' })
    if (origin) headers.set('origin', origin)
    expect(isSameOrigin(headers)).toBe(expected)
  })
})

describe('safeNextPath', () => {
  it.each(['/', '/account', '/c/0190?x=1#end', '/c/%E4%BD%A0'])('keeps %s', (path) => {
    expect(safeNextPath(path)).toBe(path)
  })

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n//evil.example',
    '/x\\..\\y',
    '/..//evil.example',
    '/.//evil.example',
    'javascript:alert(1)',
    'account',
    '',
    undefined,
    ['/account'],
    '/sign-in?next=/sign-in',
    '/register',
    '/api/auth/signout',
    `/${'x'.repeat(3_000)}`,
  ])('replaces %j', (path) => {
    expect(safeNextPath(path)).toBe('/')
  })
})
