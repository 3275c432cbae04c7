import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHttp2, send } from './client.ts'
import { checkEntry, createPrefix, type Entry, own, type Prefix, startEntry } from './entry.ts'
import { type Scripted, startScripted } from './scripted.ts'

let prefix: Prefix
let service: Scripted
let backend: { BACKEND_URL: string }
beforeAll(async () => {
  prefix = createPrefix()
  service = await startScripted()
  backend = { BACKEND_URL: `http://127.0.0.1:${service.port}/` }
  service.answer((_request, response) => response.setHeader('strict-transport-security', 'max-age=5').end('ok'))
})
afterAll(async () => {
  await service?.stop()
  prefix?.remove()
})

async function withEntry(env: Record<string, string>, use: (entry: Entry) => Promise<void>): Promise<void> {
  const entry = await startEntry(prefix, { ...backend, ...env })
  try {
    await use(entry)
  } finally {
    await entry.stop()
  }
}

/** What a client that knows only these versions gets; null when it is refused. */
function handshake(port: number, version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, minVersion: version, maxVersion: version, rejectUnauthorized: false }
    // Otherwise our own side would not even speak the old ones.
    const socket = connect({ ...options, ciphers: 'ALL:@SECLEVEL=0' }, () => {
      resolve(socket.getProtocol())
      socket.destroy()
    })
    socket.on('error', () => resolve(null))
  })
}

describe('without a certificate', () => {
  it('one is made at the first start and kept at the second, for the name people use', async () => {
    const APP_URL = 'http://chat.example.com'
    const file = path.join(prefix.certificates, 'self-signed.pem')
    await withEntry({ APP_URL }, async (entry) => {
      expect(entry.output()).toContain('self-signed certificate for chat.example.com')
      expect(
        execFileSync('openssl', ['x509', '-in', file, '-noout', '-ext', 'subjectAltName'], { encoding: 'utf8' }),
      ).toContain('DNS:chat.example.com')
      const reply = await send(entry.https, '/account', { tls: true })
      expect(reply).toMatchObject({ status: 200, body: 'ok', tls: 'TLSv1.3' })
      expect(service.seen.at(-1)?.headers['x-forwarded-proto']).toBe('https')
      // A browser would refuse the self-signed one for good.
      expect(reply.headers).not.toHaveProperty('strict-transport-security')
      // Nobody said that people come by https: plain http goes on.
      expect(await send(entry.http, '/account')).toMatchObject({ status: 200, body: 'ok' })
    })
    const first = readFileSync(file)
    await withEntry({ APP_URL }, async (entry) => {
      expect(entry.output()).not.toContain('self-signed')
      expect((await send(entry.https, '/account', { tls: true })).status).toBe(200)
    })
    expect(readFileSync(file)).toEqual(first)
  })

  it('only TLS 1.2 and 1.3 are spoken, and HTTP/2', async () => {
    await withEntry({ TLS: 'self-signed' }, async (entry) => {
      expect(await handshake(entry.https, 'TLSv1')).toBeNull()
      expect(await handshake(entry.https, 'TLSv1.1')).toBeNull()
      expect(await handshake(entry.https, 'TLSv1.2')).toBe('TLSv1.2')
      expect(await handshake(entry.https, 'TLSv1.3')).toBe('TLSv1.3')
      const client = openHttp2(entry.https)
      expect((await client.send({ ':path': '/account' })).status).toBe(200)
      expect(client.session.alpnProtocol).toBe('h2')
      client.close()
    })
  })

  it('people are sent to https where the operator said so', async () => {
    await withEntry({ APP_URL: 'https://chat.example.com:8443' }, async (entry) => {
      const reply = await send(entry.http, '/c/1?x=%20', { headers: { host: 'chat.example.com:8080' } })
      expect(reply).toMatchObject({ status: 308, headers: { location: 'https://chat.example.com:8443/c/1?x=%20' } })
    })
  })
})

describe('with a mounted certificate', () => {
  const file = (name: string) => path.join(prefix.certificates, name)
  beforeAll(() => {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=mounted',
        '-keyout',
        file('privkey.pem'),
        '-out',
        file('fullchain.pem'),
      ],
      { stdio: 'ignore' },
    )
    own(file('privkey.pem'))
  })
  afterAll(() => {
    for (const name of ['privkey.pem', 'fullchain.pem']) rmSync(file(name))
  })

  it('it is taken, http leads to https, and browsers are told to stay there', async () => {
    await withEntry({}, async (entry) => {
      const reply = await send(entry.https, '/account', { tls: true })
      expect(reply.headers['strict-transport-security']).toBe('max-age=31536000')
      const missing = await send(entry.https, '/icon.svg', { tls: true })
      expect(missing.headers['strict-transport-security']).toBe('max-age=31536000')
      const redirect = await send(entry.http, '/account', { headers: { host: 'a.test' } })
      expect(redirect).toMatchObject({ status: 308, headers: { location: 'https://a.test/account' } })
      expect(redirect.headers).not.toHaveProperty('strict-transport-security')
      // An authority that checks who owns the name asks by http.
      expect((await send(entry.http, '/.well-known/acme-challenge/none')).status).toBe(404)
    })
  })

  it('a key without its certificate stops the start', async () => {
    rmSync(file('fullchain.pem'))
    const { code, output } = await checkEntry(prefix, backend)
    expect(code).toBe(1)
    expect(output).toContain('fullchain.pem')
    execFileSync('openssl', [
      'req',
      '-x509',
      '-key',
      file('privkey.pem'),
      '-days',
      '2',
      '-subj',
      '/CN=mounted',
      '-out',
      file('fullchain.pem'),
    ])
  })
})

describe('without TLS', () => {
  it('nobody is sent anywhere, and what the service says of https is handed on', async () => {
    await withEntry({ TLS: 'off', APP_URL: 'https://behind.example.com' }, async (entry) => {
      const reply = await send(entry.http, '/account')
      expect(reply).toMatchObject({ status: 200, headers: { 'strict-transport-security': 'max-age=5' } })
      await expect(send(entry.https, '/account', { tls: true })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    })
  })
})

describe('the configuration', () => {
  it.each<Record<string, string>>([
    { BACKEND_URL: 'app.example:3000', RESOLVER: '127.0.0.1' },
    { BACKEND_URL: 'http://localhost:3000' },
    { BACKEND_URL: '[::1]:3000', REAL_IP_FROM: '10.0.0.0/8, fd00::/8' },
    { BACKEND_URL: '127.0.0.1', TLS: 'off' },
    { APP_URL: 'http://192.168.1.5:8080', RESOLVER: '127.0.0.1' },
  ])('of %j is one that nginx takes without a warning', async (env) => {
    const { code, output } = await checkEntry(prefix, env)
    expect(output).toContain('test is successful')
    expect(output).not.toMatch(/\[(warn|emerg|error)\]/)
    expect(code).toBe(0)
  })

  it.each([
    [{ BACKEND_URL: 'https://app:3000' }, 'BACKEND_URL'],
    [{ BACKEND_URL: 'app:3000/path' }, 'BACKEND_URL'],
    [{ BACKEND_URL: 'app:30a0' }, 'BACKEND_URL'],
    [{ BACKEND_URL: 'app:3000;include x' }, 'BACKEND_URL'],
    [{ APP_URL: 'chat.example.com' }, 'APP_URL'],
    [{ APP_URL: 'https://a b;' }, 'APP_URL'],
    [{ TLS: 'on' }, 'TLS'],
    [{ REAL_IP_FROM: '10.0.0.0/8; include x' }, 'REAL_IP_FROM'],
  ])('%j stops the start and is named', async (env, name) => {
    const { code, output } = await checkEntry(prefix, { ...backend, ...env })
    expect(code).toBe(1)
    expect(output).toMatch(/^entry: .*\n$/)
    expect(output).toContain(name)
  })
})
