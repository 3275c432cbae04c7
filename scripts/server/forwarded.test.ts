import { describe, expect, test } from 'vitest'
import { parseTrustedProxies } from '#scripts/server/addresses.ts'
import { readOrigin, writeOrigin } from '#scripts/server/forwarded.ts'

const loopback = parseTrustedProxies('loopback')

describe('a connection that is no trusted proxy', () => {
  test('is believed nothing', () => {
    const headers = {
      host: 'a.test',
      'x-forwarded-for': '1.1.1.1',
      'x-forwarded-host': 'b.test',
      'x-forwarded-proto': 'https',
    }
    expect(readOrigin('203.0.113.9', headers, loopback)).toEqual({
      clientIp: '203.0.113.9',
      host: 'a.test',
      proto: 'http',
    })
  })

  test('is not taken for loopback because of how IPv6 writes an address', () => {
    expect(readOrigin('::ffff:203.0.113.9', { host: 'a' }, loopback).clientIp).toBe('203.0.113.9')
    expect(readOrigin('::ffff:203.0.113.9', { host: 'a', 'x-forwarded-host': 'b' }, loopback).host).toBe('a')
  })
})

describe('a trusted proxy', () => {
  test('tells the client, the host and the scheme', () => {
    const headers = {
      host: 'app:3000',
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-host': 'a.test',
      'x-forwarded-proto': 'https',
    }
    expect(readOrigin('::ffff:127.0.0.1', headers, loopback)).toEqual({
      clientIp: '198.51.100.7',
      host: 'a.test',
      proto: 'https',
    })
    expect(readOrigin('::1', headers, loopback).clientIp).toBe('198.51.100.7')
  })

  test('passes on what the client forged, which is not believed', () => {
    const headers = { host: 'a', 'x-forwarded-for': '9.9.9.9, 127.0.0.1, 198.51.100.7' }
    expect(readOrigin('127.0.0.1', headers, loopback).clientIp).toBe('198.51.100.7')
  })

  test('may stand behind other trusted ones', () => {
    const trusted = parseTrustedProxies('loopback, 10.0.0.0/8 fd00::/8')
    const headers = { host: 'a', 'x-forwarded-for': '9.9.9.9, 198.51.100.7, fd00::2, 10.2.3.4' }
    expect(readOrigin('127.0.0.1', headers, trusted).clientIp).toBe('198.51.100.7')
  })

  test('that says nothing leaves what the connection says', () => {
    expect(readOrigin('127.0.0.1', { host: 'a' }, loopback)).toEqual({
      clientIp: '127.0.0.1',
      host: 'a',
      proto: 'http',
    })
  })

  test.each([
    ['unknown', '127.0.0.1'],
    ['198.51.100.7, unknown', '127.0.0.1'],
    ['198.51.100.7:5555', '198.51.100.7'],
    ['[2001:db8::9]:5555', '2001:db8::9'],
    ['2001:DB8::9', '2001:db8::9'],
    ['', '127.0.0.1'],
  ])('forwards %j: the client is %s', (chain, client) => {
    expect(readOrigin('127.0.0.1', { host: 'a', 'x-forwarded-for': chain }, loopback).clientIp).toBe(client)
  })

  test('with a scheme that is none is plain http', () => {
    expect(readOrigin('127.0.0.1', { host: 'a', 'x-forwarded-proto': 'javascript' }, loopback).proto).toBe('http')
  })
})

test('what reaches the application is what is known, not what was said', () => {
  const headers = {
    host: 'a',
    forwarded: 'for=1.1.1.1',
    'x-real-ip': '1.1.1.1',
    'x-forwarded-port': '1',
    'x-forwarded-for': '1.1.1.1',
  }
  writeOrigin(headers, { clientIp: '198.51.100.7', host: 'b', proto: 'https' })
  expect(headers).toEqual({
    host: 'b',
    'x-forwarded-for': '198.51.100.7',
    'x-forwarded-host': 'b',
    'x-forwarded-proto': 'https',
  })
})

describe('TRUSTED_PROXIES', () => {
  test.each(['10.0.0.0/33', '10.0.0.0/', 'nginx', '::1/129', '1.2.3', '10.0.0.0/8/8', '10.0.0.0/-1'])(
    '%j is refused by name',
    (text) => {
      expect(() => parseTrustedProxies(text)).toThrow('TRUSTED_PROXIES')
    },
  )

  test('none trusts nobody', () => {
    const headers = { host: 'a', 'x-forwarded-for': '1.1.1.1' }
    expect(readOrigin('127.0.0.1', headers, parseTrustedProxies('none')).clientIp).toBe('127.0.0.1')
  })
})
