import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { parseServerEnv } from '#lib/env.ts'
import { type Application, type AppServer, startAppServer } from '#scripts/server/http-server.ts'

const cleanups: (() => void)[] = []

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

async function start(handle: Application['handle'], env: Record<string, string> = {}): Promise<AppServer> {
  const full = parseServerEnv({
    ...process.env,
    PORT: '0',
    APP_URL: 'http://app.test',
    UB_DATABASE: 'external',
    ...env,
  })
  const server = await startAppServer(full, { handle })
  cleanups.push(() => server.closeAllConnections())
  cleanups.push(() => void server.close())
  return server
}

async function ask(server: AppServer, path: string, headers: Record<string, string>, agent?: Agent) {
  const asked: ClientRequest = request({ port: server.port, host: '127.0.0.1', path, headers, agent }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

const echo: Application['handle'] = async (incoming, response) => {
  response.end(JSON.stringify(incoming.headers))
}

test('the application sees the client and the host that a trusted proxy tells', async () => {
  const server = await start(echo)
  const forwarded = { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.test' }
  const { body } = await ask(server, '/', { host: 'internal:3000', ...forwarded })
  expect(JSON.parse(body)).toMatchObject({ host: 'app.test', ...forwarded })
})

test('without a trusted proxy it sees the connection, whatever is said', async () => {
  const server = await start(echo, { TRUSTED_PROXIES: 'none' })
  const forged = { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.test' }
  const { body } = await ask(server, '/', { host: 'app.test', ...forged })
  expect(JSON.parse(body)).toMatchObject({
    host: 'app.test',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'app.test',
  })
})

test('a request for another host never reaches the application, but for the health check', async () => {
  const seen: string[] = []
  const server = await start(async (incoming, response) => {
    seen.push(incoming.url ?? '')
    response.end()
  })
  expect(await ask(server, '/', { host: 'evil.test' })).toMatchObject({ status: 421 })
  expect(await ask(server, '/v1/models', { host: '127.0.0.1' })).toMatchObject({ status: 421 })
  expect(await ask(server, '/api/health/../x', { host: 'evil.test' })).toMatchObject({ status: 421 })
  expect(await ask(server, '/api/health?full', { host: '127.0.0.1' })).toMatchObject({ status: 200 })
  expect(seen).toEqual(['/api/health?full'])
})

test.each(['http://evil.test/', '*', '/c/%ff', '/%', '/%E0%A4%A?x', 'http://app.test/'])(
  'what is no readable path (%s) never reaches the application',
  async (path) => {
    const seen: string[] = []
    const server = await start(async (incoming, response) => {
      seen.push(incoming.url ?? '')
      response.end()
    })
    expect(await ask(server, path, { host: 'app.test' })).toMatchObject({ status: 400, body: 'Bad Request' })
    expect(await ask(server, '/%E4%BD%A0?q=%', { host: 'app.test' })).toMatchObject({ status: 200 })
    expect(seen).toEqual(['/%E4%BD%A0?q=%'])
  },
)

test('an application that throws is an internal error without its words', async () => {
  const server = await start(() => Promise.reject(new Error('secret')))
  const { status, body } = await ask(server, '/', { host: 'app.test' })
  expect(status).toBe(500)
  expect(body).not.toContain('secret')
})

test('closing lets the running answer end, answers once more on what is open, and accepts nothing new', async () => {
  let finish = () => {}
  const server = await start(async (incoming, response) => {
    if (incoming.url !== '/slow') return void response.end('quick')
    response.write('begun ')
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    response.end('ended')
  })
  const [asking, idle] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })]
  for (const agent of [asking, idle]) cleanups.push(() => agent.destroy())
  for (const agent of [asking, idle]) await ask(server, '/quick', { host: 'app.test' }, agent)
  const unused = connect(server.port, '127.0.0.1')
  await once(unused, 'connect')

  const slow = request({
    port: server.port,
    host: '127.0.0.1',
    path: '/slow',
    headers: { host: 'app.test' },
    agent: false,
  }).end()
  const [response] = (await once(slow, 'response')) as [IncomingMessage]
  const closed = server.close(60_000)
  await expect(ask(server, '/quick', { host: 'app.test' })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(await ask(server, '/quick', { host: 'app.test' }, asking)).toMatchObject({
    status: 200,
    headers: { connection: 'close' },
  })
  finish()
  expect(await text(response)).toBe('begun ended')
  // Those that ask nothing are waited for; a spare one of a browser's as well.
  idle.destroy()
  unused.destroy()
  await closed
})

test('connections that carry nothing are closed when patience is over', async () => {
  const server = await start(async (_request, response) => void response.end('quick'))
  const agent = new Agent({ keepAlive: true })
  cleanups.push(() => agent.destroy())
  await ask(server, '/', { host: 'app.test' }, agent)
  const unused = connect(server.port, '127.0.0.1')
  await once(unused, 'connect')
  // The server has it when it has answered somebody who came later.
  await ask(server, '/', { host: 'app.test' })
  await Promise.all([server.close(1), once(unused, 'close')])
})

test('a connection that was promised to stay open is closed after the answer that was under way', async () => {
  let finish = () => {}
  const server = await start(async (_request, response) => {
    response.write('begun ')
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    response.end('ended')
  })
  const agent = new Agent({ keepAlive: true })
  cleanups.push(() => agent.destroy())
  const asked = request({ port: server.port, host: '127.0.0.1', headers: { host: 'app.test' }, agent }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  expect(response.headers.connection).toBe('keep-alive')
  const closed = server.close()
  finish()
  expect(await text(response)).toBe('begun ended')
  await closed
})

test.each([
  ['a page that could be made', 200, {}, 'public, s-maxage=10'],
  ['one that could not', 500, {}, 'no-store'],
  ['one that is not there', 404, {}, 'no-store'],
  ['one that is for one browser alone', 200, { 'set-cookie': 'a=b' }, 'no-store'],
])('a cache keeps %s as long as it may', async (_, status, headers: Record<string, string>, kept) => {
  const server = await start(async (_request, response) => {
    response.setHeader('cache-control', 'public, s-maxage=10')
    response.setHeader('vary', 'rsc')
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    response.statusCode = status
    response.end('x')
  })
  const { headers: sent } = await ask(server, '/', { host: 'app.test' })
  expect(sent['cache-control']).toBe(kept)
  expect(sent.vary).toBe(kept === 'no-store' ? 'rsc' : 'rsc, Accept-Language, Cookie')
})
