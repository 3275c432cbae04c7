import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ERROR_STATUS } from '#lib/errors.ts'
import { resolveLocale } from '#lib/i18n/index.ts'
import { open, send } from './client.ts'
import { createPrefix, type Entry, type Prefix, startEntry } from './entry.ts'
import { type Scripted, startScripted } from './scripted.ts'

// What proxy.ts says of such a page.
const SHARED = 'public, max-age=0, must-revalidate, s-maxage=10, stale-if-error=86400'

let prefix: Prefix
let service: Scripted
let entry: Entry
beforeAll(async () => {
  prefix = createPrefix()
  service = await startScripted()
  entry = await startEntry(prefix, {
    BACKEND_URL: `127.0.0.1:${service.port}`,
    TLS: 'off',
    REAL_IP_FROM: '127.0.0.1/32',
  })
})
afterAll(async () => {
  await entry?.stop()
  await service?.stop()
  prefix?.remove()
})
beforeEach(() => {
  service.seen.length = 0
  service.answer((_request, response) => response.end('ok'))
})

// Each test asks from an address of its own, so that none uses up what another may ask.
let lastAddress = 0
const from = () => {
  const number = ++lastAddress
  return { 'x-forwarded-for': `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}` }
}

describe('what the service is told', () => {
  it('is where the request came from, and nothing that a client made up', async () => {
    await send(entry.http, '/account?x=1', {
      headers: {
        host: 'chat.example',
        'x-forwarded-for': '9.9.9.9, 203.0.113.7',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'front.example',
        forwarded: 'for=1.1.1.1',
        'x-real-ip': '1.1.1.1',
        cookie: 'ub-session=x',
      },
    })
    const [{ url, headers }] = service.seen as [(typeof service.seen)[0]]
    expect(url).toBe('/account?x=1')
    expect(headers).toMatchObject({
      host: 'chat.example',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'front.example',
      cookie: 'ub-session=x',
    })
    for (const name of ['forwarded', 'x-real-ip', 'accept-encoding']) expect(headers).not.toHaveProperty(name)
  })

  it('comes over connections that are kept', async () => {
    const ports = new Set<number | undefined>()
    service.answer((request, response) => {
      ports.add(request.socket.remotePort)
      response.end('ok')
    })
    // With two processes each may have one.
    for (let i = 0; i < 12; i++) await send(entry.http, '/account', { headers: from() })
    expect(ports.size).toBeLessThan(12)
  })

  it('at /admin and /v1 is what was asked', async () => {
    for (const path of ['/admin', '/admin/people?q=a', '/v1/models', '/v1/chat/completions', '/api/status', '/c/1']) {
      expect((await send(entry.http, path, { headers: from() })).body).toBe('ok')
      expect(service.seen.at(-1)?.url).toBe(path)
    }
  })
})

describe('pages for everybody', () => {
  const fresh = (cacheControl = SHARED) => {
    let count = 0
    service.answer((_request, response) => {
      response.writeHead(200, {
        'content-type': 'text/html',
        'cache-control': cacheControl,
        vary: 'rsc, accept-language',
      })
      response.end(`page ${++count}`)
    })
  }
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const { status, body, headers: got } = await send(entry.http, path, { headers: { ...from(), ...headers } })
    return { status, body, cache: got['x-cache'] }
  }

  it('are asked for once, by host, address and language', async () => {
    fresh()
    expect(await ask('/?a')).toMatchObject({ body: 'page 1', cache: 'MISS' })
    expect(await ask('/?a', { 'accept-language': 'en-GB,en;q=0.9', cookie: 'theme=dark' })).toMatchObject({
      body: 'page 1',
      cache: 'HIT',
    })
    expect(await ask('/?a', { 'accept-language': 'zh-TW,zh;q=0.9,en;q=0.8' })).toMatchObject({
      body: 'page 2',
      cache: 'MISS',
    })
    expect(await ask('/?a', { 'accept-language': 'en', cookie: 'x=1; locale=zh-CN' })).toMatchObject({
      body: 'page 2',
      cache: 'HIT',
    })
    expect(await ask('/?b')).toMatchObject({ body: 'page 3', cache: 'MISS' })
    expect(await ask('/?a', { host: 'other.example' })).toMatchObject({ body: 'page 4', cache: 'MISS' })
    expect(service.seen.map(({ headers }) => [headers['accept-language'], headers.cookie])).toEqual([
      ['en', undefined],
      ['zh-CN', undefined],
      ['en', undefined],
      ['en', undefined],
    ])
  })

  it.each(['ub-session=abc', '__Host-ub-session=abc', 'theme=dark; __Host-ub-session=abc'])(
    'are not those of who has %s',
    async (cookie) => {
      fresh()
      const path = `/prices?${encodeURIComponent(cookie)}`
      expect(await ask(path)).toMatchObject({ cache: 'MISS' })
      const headers = { cookie, 'accept-language': 'fr, zh' }
      expect(await ask(path, headers)).toMatchObject({ body: 'page 2', cache: 'BYPASS' })
      expect(service.seen.at(-1)?.headers).toMatchObject(headers)
      expect(await ask(path)).toMatchObject({ body: 'page 1', cache: 'HIT' })
    },
  )

  it('are not what Next asks for beside them, nor forms', async () => {
    fresh()
    await ask('/terms')
    expect(await ask('/terms', { rsc: '1' })).toMatchObject({ body: 'page 2', cache: 'BYPASS' })
    const form = await send(entry.http, '/terms', {
      method: 'POST',
      body: 'x',
      headers: { ...from(), cookie: 'locale=en' },
    })
    expect(form).toMatchObject({ body: 'page 3' })
    expect(service.seen.at(-1)?.headers.cookie).toBe('locale=en')
  })

  it('that bring a cookie, or say that they are nobody else’s, are not kept', async () => {
    service.answer((_request, response) => {
      response.writeHead(200, { 'cache-control': SHARED, 'set-cookie': 'a=b' }).end('page')
    })
    expect(await ask('/privacy?cookie')).toMatchObject({ cache: 'MISS' })
    expect(await ask('/privacy?cookie')).toMatchObject({ cache: 'MISS' })
    fresh('private, no-cache, no-store, max-age=0, must-revalidate')
    expect(await ask('/privacy?own')).toMatchObject({ cache: 'MISS' })
    expect(await ask('/privacy?own')).toMatchObject({ cache: 'MISS' })
  })

  it('are shown as they were when the service is away or broken, and anew when it is back', async () => {
    // Fresh for the shortest time there is.
    const old = 'public, s-maxage=1, stale-if-error=86400'
    fresh(old)
    await ask('/?old')
    const whenOld = async () => {
      for (;;) {
        const reply = await ask('/?old')
        if (reply.cache !== 'HIT') return reply
      }
    }
    service.answer((_request, response) => response.writeHead(500).end('broken'))
    expect(await whenOld()).toEqual({ status: 200, body: 'page 1', cache: 'STALE' })
    service.answer((request) => request.socket.destroy())
    expect(await whenOld()).toEqual({ status: 200, body: 'page 1', cache: 'STALE' })
    await service.stop()
    expect(await ask('/?old')).toEqual({ status: 200, body: 'page 1', cache: 'STALE' })
    await service.start()
    fresh(old)
    expect(await ask('/?old')).toEqual({ status: 200, body: 'page 1', cache: 'MISS' })
    expect(service.seen.length).toBeGreaterThan(3)
  })
})

describe('the language', () => {
  // Only lists in the order of liking, as browsers send them.
  it.each([
    [undefined, undefined],
    ['zh-CN,zh;q=0.9,en;q=0.8', undefined],
    ['zh-TW', undefined],
    ['en-GB,en;q=0.9', undefined],
    ['fr, en;q=0.7, zh;q=0.2', undefined],
    ['fr,de;q=0.9 , zh;q=0.2,en;q=0.1', undefined],
    ['fr, en;q=0, zh;q=0.1', undefined],
    ['zh;q=0.0,en', undefined],
    ['zh;q=0', undefined],
    ['ZH-cn', undefined],
    [';;;q=,*;q=0.5,', undefined],
    ['zhx, enm;q=0.5', undefined],
    ['zh', 'en'],
    ['en', 'zh-CN'],
    ['zh', 'tlh'],
  ])('of %s with the choice %s is the one that the service would choose', async (acceptLanguage, cookie) => {
    const headers = {
      ...from(),
      ...(acceptLanguage && { 'accept-language': acceptLanguage }),
      ...(cookie && { cookie: `a=1; locale=${cookie}` }),
    }
    await send(entry.http, `/?${encodeURIComponent(`${acceptLanguage} ${cookie}`)}`, { headers })
    expect(service.seen.at(-1)?.headers['accept-language']).toBe(resolveLocale({ cookie, acceptLanguage }))
  })
})

describe('a fault is told in the shape of its route', () => {
  const shapes = [
    { path: '/api/conversations', kind: 'api' },
    { path: '/api/generations', kind: 'api' },
    { path: '/api/admin/site-files/logo', kind: 'api' },
    { path: '/v1/chat/completions', kind: 'v1' },
    { path: '/admin/people', kind: 'page' },
    { path: '/c/1', kind: 'page' },
    { path: '/prices', kind: 'page' },
  ] as const

  const judge = (kind: (typeof shapes)[number]['kind'], reply: Awaited<ReturnType<typeof send>>) => {
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.headers['x-content-type-options']).toBe('nosniff')
    if (kind === 'page') {
      expect(reply.headers['content-type']).toBe('text/html; charset=utf-8')
      expect(reply.headers['content-security-policy']).toContain("default-src 'none'")
      return /<html lang="([\w-]+)">/.exec(reply.body)?.[1]
    }
    expect(reply.headers['content-type']).toBe('application/json')
    const { error } = JSON.parse(reply.body) as { error: Record<string, unknown> }
    if (kind === 'api') {
      expect(Object.keys(error)).toEqual(['code', 'params', 'requestId'])
      expect(error.requestId).toMatch(/^[0-9a-f]{32}$/)
      // A 504 has no code of its own.
      if (reply.status !== 504) expect(ERROR_STATUS[error.code as keyof typeof ERROR_STATUS]).toBe(reply.status)
    } else {
      expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code'])
    }
    return String(error.code)
  }

  it.each(shapes)('$path while the service is away', async ({ path, kind }) => {
    await service.stop()
    try {
      for (const method of ['GET', 'POST']) {
        const reply = await send(entry.http, path, { method, headers: from() })
        expect(reply.status).toBe(503)
        expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
        expect(judge(kind, reply)).toBe(kind === 'page' ? 'en' : 'unavailable')
      }
      const chinese = await send(entry.http, path, { headers: { ...from(), 'accept-language': 'zh' } })
      if (kind === 'page') expect(judge(kind, chinese)).toBe('zh-CN')
    } finally {
      await service.start()
    }
  })

  it.each(shapes)('$path when the service hangs up without an answer', async ({ path, kind }) => {
    service.answer((request) => request.socket.destroy())
    const reply = await send(entry.http, path, { method: 'POST', headers: from() })
    expect(reply.status).toBe(503)
    judge(kind, reply)
  })

  it.each(shapes)('$path for a body that is too large', async ({ path, kind }) => {
    // Nothing of it is sent: the declared length is enough.
    const headers = { ...from(), 'content-length': String(34 * 1024 * 1024), expect: '100-continue' }
    const reply = await send(entry.http, path, { method: 'PUT', headers }).catch((error: Error) => error)
    if (reply instanceof Error) throw reply
    expect(reply.status).toBe(413)
    expect(judge(kind, reply)).toBe({ page: 'en', api: 'message_too_large', v1: 'request_too_large' }[kind])
    expect(service.seen).toEqual([])
  })

  it.each([
    { path: '/sign-in', kind: 'page', allowed: 11 },
    { path: '/register', kind: 'page', allowed: 11 },
    { path: '/link/token', kind: 'page', allowed: 11 },
    { path: '/api/auth/callback/credentials', kind: 'api', allowed: 11 },
    { path: '/api/conversations', kind: 'api', allowed: 101 },
    { path: '/v1/chat/completions', kind: 'v1', allowed: 101 },
  ] as const)('$path asked more than $allowed times at once', async ({ path, kind, allowed }) => {
    const headers = from()
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => send(entry.http, path, { method: 'POST', headers })),
    )
    const refused = replies.filter(({ status }) => status === 429)
    const passed = replies.filter(({ status }) => status === 200)
    expect(passed.length + refused.length).toBe(200)
    // Who takes long to ask two hundred times may do a few more.
    expect(passed.length).toBeGreaterThanOrEqual(Math.min(allowed, 99))
    expect(refused.length).toBeGreaterThan(0)
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
    judge(kind, refused[0]!)
    expect((await send(entry.http, path, { method: 'POST', headers: from() })).status).toBe(200)
  })

  it('and looking at a page is not counted as a try', async () => {
    const headers = from()
    for (let i = 0; i < 30; i++) expect((await send(entry.http, '/sign-in', { headers })).status).toBe(200)
  })

  it('and one customer of a network with IPv6 is one, whatever address he takes', async () => {
    const post = (address: string) =>
      send(entry.http, '/sign-in', { method: 'POST', headers: { 'x-forwarded-for': address } })
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, i) => post(`2001:db8:1:2::${(i + 1).toString(16)}`)),
    )
    expect(replies.filter(({ status }) => status === 429).length).toBeGreaterThan(0)
    expect((await post('2001:db8:1:3::1')).status).toBe(200)
  })

  it('and one address has a hundred connections', async () => {
    const headers = from()
    service.answer((_request, response) => void response.writeHead(200).write('begun'))
    const open_ = await Promise.all(Array.from({ length: 100 }, () => open(entry.http, '/c/1', { headers })))
    // A GET of a page, which no rate holds back.
    expect((await send(entry.http, '/c/1', { headers })).status).toBe(429)
    for (const reply of open_) reply.destroy()
  })

  it('and what the service itself says of a fault is handed on', async () => {
    service.answer((_request, response) => response.writeHead(503, { 'content-type': 'text/plain' }).end('own words'))
    for (const { path } of shapes) {
      expect(await send(entry.http, path, { method: 'POST', headers: from() })).toMatchObject({
        status: 503,
        body: 'own words',
      })
    }
  })
})

describe('a process of the service that dies while it is asked', () => {
  const dieOnce = async () => {
    // No connection is known any more.
    await service.stop()
    await service.start()
    let died = false
    service.answer((request, response) => {
      if (died) return void response.end('from another')
      died = true
      request.socket.destroy()
    })
  }

  it('is not noticed by who only reads, because another one is asked', async () => {
    for (const path of ['/account', '/api/status', '/api/generations/1/events']) {
      await dieOnce()
      expect(await send(entry.http, path, { headers: from() })).toMatchObject({ status: 200, body: 'from another' })
    }
  })

  it('may have done what it was told to, so nobody else is', async () => {
    await dieOnce()
    service.seen.length = 0
    const reply = await send(entry.http, '/api/generations', { method: 'POST', body: '{}', headers: from() })
    expect(reply.status).toBe(503)
    expect(JSON.parse(reply.body)).toMatchObject({ error: { code: 'unavailable' } })
    expect(service.seen).toHaveLength(1)
  })
})

describe('the log', () => {
  it('is a JSON object for each request and holds no secret', async () => {
    const headers = {
      ...from(),
      cookie: 'ub-session=SECRETcookie',
      authorization: 'Bearer SECRETkey',
      referer: 'http://x/link/SECRETreferrer?SECRET',
      'user-agent': 'agent "quoted" \\',
    }
    const paths = [
      '/link/SECRETtoken',
      '/link/SECRETtoken?next=SECRET',
      '//link/SECRETtoken',
      '/s/SECRETshare',
      '/c/1?code=SECRET',
      '/v1/models?key=SECRET',
    ]
    for (const path of paths) await send(entry.http, path, { headers })
    await service.stop()
    for (const path of paths) await send(entry.http, path, { headers, method: 'POST' })
    await service.start()
    const lines = await entry.accessLog(headers['x-forwarded-for'], 2 * paths.length)
    const got = lines.filter(({ method }) => method === 'GET')
    // Two processes write it, each when it comes to it.
    const logged = ['/link/…', '/link/…', '//link/…', '/s/…', '/c/1', '/v1/models']
    expect(got.map(({ path }) => path).toSorted()).toEqual(logged.toSorted())
    expect(got[0]).toMatchObject({
      status: 200,
      protocol: 'HTTP/1.1',
      upstreamStatus: '200',
      userAgent: headers['user-agent'],
    })
    for (const line of lines.filter(({ method }) => method === 'POST')) {
      expect(line).toMatchObject({ status: 503, upstreamStatus: '502, 502, 502, 502' })
    }
    const raw = readFileSync(`${entry.state}/access.log`, 'utf8')
    expect(raw).not.toContain('SECRET')
    expect(entry.output()).not.toContain('SECRET')
    expect(raw).not.toContain('entry-health')
  })
})

// As the name of a container does, which is there while it runs.
describe('a service whose name comes and goes', () => {
  let names: Names
  let late: Entry
  beforeAll(async () => {
    names = await startNames()
    late = await startEntry(prefix, {
      BACKEND_URL: `http://app.later:${service.port}`,
      RESOLVER: `127.0.0.1:${names.port}`,
      TLS: 'off',
    })
  })
  afterAll(async () => {
    await late?.stop()
    await names?.stop()
  })
  const ask = async (path: string, init: { method?: string; headers?: Record<string, string> } = {}) => {
    const { status, body, headers } = await send(late.http, path, init)
    return { status, body, cache: headers['x-cache'] }
  }
  const frontPageNot = async (outcome: string) => {
    for (;;) {
      const reply = await ask('/')
      if (reply.cache !== outcome) return reply
    }
  }

  it('is found when its name appears', async () => {
    expect((await ask('/c/1')).status).toBe(503)
    names.known = true
    expect(await untilOther(503, () => ask('/c/1'))).toMatchObject({ status: 200, body: 'ok' })
  })

  it('has its pages for everybody shown as they were while its name is gone, and anew when it is back', async () => {
    let body = 'old'
    service.answer((_request, response) => {
      response.writeHead(200, { 'cache-control': 'public, s-maxage=1, stale-if-error=86400' }).end(body)
    })
    expect(await untilOther(503, () => ask('/'))).toMatchObject({ body: 'old', cache: 'MISS' })
    names.known = false
    await service.stop()
    // Until nginx no longer knows where the service was: it believes a name server for some seconds.
    names.askedInVain = 0
    while (names.askedInVain === 0) {
      expect((await ask('/c/1')).status).toBe(503)
      await wait(50)
    }
    expect(await frontPageNot('HIT')).toEqual({ status: 200, body: 'old', cache: 'STALE' })
    expect(await ask('/')).toEqual({ status: 200, body: 'old', cache: 'STALE' })
    // What nobody keeps has no old page: another address, a form, who is signed in.
    expect(await ask('/prices')).toMatchObject({ status: 503, body: expect.stringContaining('<html') })
    expect(await ask('/', { method: 'POST' })).toMatchObject({ status: 503 })
    expect(await ask('/', { headers: { cookie: 'ub-session=abc' } })).toMatchObject({ status: 503 })
    // It would hold whole requests, and one line for each.
    expect(late.output()).toBe('')

    body = 'new'
    await service.start()
    names.known = true
    expect(await frontPageNot('STALE')).toEqual({ status: 200, body: 'new', cache: 'MISS' })
  })
})

async function untilOther<T extends { status: number }>(status: number, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const reply = await ask()
    if (reply.status !== status) return reply
  }
}

type Names = {
  port: number
  /** Whether there is any name. */
  known: boolean
  /** How often there was none. */
  askedInVain: number
  stop(): Promise<void>
}

/** A name server that knows every name, while there is one, to be this machine. */
async function startNames(): Promise<Names> {
  const socket = createSocket('udp4')
  const names: Names = {
    port: 0,
    known: false,
    askedInVain: 0,
    stop: () => new Promise((resolve) => socket.close(resolve)),
  }
  socket.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12) + 5
    const wantsIpv4 = query.readUInt16BE(end - 4) === 1
    const answers = names.known && wantsIpv4
    const head = Buffer.from(query.subarray(0, end))
    head.writeUInt16BE(names.known ? 0x8180 : 0x8183, 2)
    head.writeUInt16BE(answers ? 1 : 0, 6)
    head.writeUInt32BE(0, 8)
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1])
    socket.send(answers ? Buffer.concat([head, record]) : head, port, address)
    if (!names.known) names.askedInVain++
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  names.port = socket.address().port
  return names
}
