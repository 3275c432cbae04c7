import { describe, expect, test } from 'vitest'
import { isHostAllowed } from '#scripts/server/hosts.ts'

const home = { appUrl: 'http://localhost:3000', acceptPrivate: true }
const production = { appUrl: 'https://chat.example.com', acceptPrivate: false }

describe('with an embedded database or in development', () => {
  test.each([
    'localhost:3000',
    'LOCALHOST',
    'app.localhost:3000',
    '127.0.0.1:3000',
    '127.8.8.8',
    '[::1]:3000',
    '[::ffff:192.168.1.5]:3000',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.1.20:3000',
    '169.254.7.7',
    '100.101.102.103',
    '[fe80::1]:3000',
    '[fd00::5]',
    'macbook.local:3000',
    'nas:8080',
    'localhost.',
  ])('%s is ours', (host) => expect(isHostAllowed(host, home)).toBe(true))

  test.each([
    'evil.example.com',
    'localhost.evil.com',
    '192.168.1.20.evil.com',
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '[2001:4860:4860::8888]',
    '',
    'a b',
    'user@localhost',
    'localhost/path',
    'localhost:3000:3000',
    'localhost#x',
    '[::1',
  ])('%j is not', (host) => expect(isHostAllowed(host, home)).toBe(false))
})

describe("the machine's own addresses, whatever range they are of", () => {
  const listOwnAddresses = () => ['203.0.113.5', '2001:db8::5', 'fe80::1%eth0']

  test.each([
    ['203.0.113.5:3000', true],
    ['[2001:DB8::5]:3000', true],
    ['203.0.113.6', false],
    ['203.0.113.5.evil.com', false],
  ])('%s with private hosts accepted: %s', (host, allowed) => {
    expect(isHostAllowed(host, { ...home, listOwnAddresses })).toBe(allowed)
  })

  test('are not ours to answer for in production', () => {
    expect(isHostAllowed('203.0.113.5', { ...production, listOwnAddresses })).toBe(false)
  })
})

describe('in production with an external database', () => {
  test('the host of APP_URL is ours, on any port and in any case', () => {
    expect(isHostAllowed('chat.example.com', production)).toBe(true)
    expect(isHostAllowed('Chat.Example.COM:8443', production)).toBe(true)
  })

  test.each(['localhost', '127.0.0.1', '192.168.1.20', 'chat', 'www.chat.example.com', 'chat.example.com.evil.com'])(
    '%s is not',
    (host) => expect(isHostAllowed(host, production)).toBe(false),
  )

  test('an address may be what APP_URL says', () => {
    const policy = { appUrl: 'http://[2001:db8::1]:3000', acceptPrivate: false }
    expect(isHostAllowed('[2001:DB8:0::1]:3000', policy)).toBe(true)
    expect(isHostAllowed('[2001:db8::2]:3000', policy)).toBe(false)
  })
})
