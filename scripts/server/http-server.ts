import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as ConnectionServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import type { ServerEnv } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { parseTrustedProxies } from '#scripts/server/addresses.ts'
import { type Origin, readOrigin, writeOrigin } from '#scripts/server/forwarded.ts'
import { refuseHost } from '#scripts/server/host-refusal.ts'
import { type HostPolicy, isHostAllowed } from '#scripts/server/hosts.ts'

/** What answers requests. Without `upgrade`, an upgrade is answered as the plain request it also is. */
export type Application = {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

export type AppServer = {
  port: number
  /**
   * Accepts nothing new. What is open may end; a connection is not kept beyond the next answer that it carries.
   * @param patienceMs how long one may carry none: a question may be on its way, or wait to be read
   */
  close(patienceMs?: number): Promise<void>
  /** Breaks what is still open. */
  closeAllConnections(): void
}

// nginx keeps its connections to us for up to 75 s: closing first would race with a request it has just sent.
const KEEP_ALIVE_MS = 80_000
const HEADERS_MS = 30_000
// A message with attachments over a slow line takes its time; answers are not limited by this.
const REQUEST_MS = 300_000

/**
 * The HTTP server around the application: knows the socket, so what a request says of its origin can be checked.
 * @throws {EnvError} when TRUSTED_PROXIES cannot be read
 */
export async function startAppServer(env: ServerEnv, application: Application): Promise<AppServer> {
  const trusted = parseTrustedProxies(env.TRUSTED_PROXIES)
  const policy = hostPolicyOf(env)
  const allowed = (request: IncomingMessage, origin: Origin) => isHealth(request) || isHostAllowed(origin.host, policy)

  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
  })
  let closing = false
  let patience = 0
  const open = new Set<Socket>()
  /** Those that carry an answer. */
  const busy = new Set<Socket>()
  const leaveSoon = (socket: Socket) => {
    const { bytesRead } = socket
    const leave = () => {
      if (!busy.has(socket) && socket.bytesRead === bytesRead) socket.destroy()
    }
    setTimeout(() => setImmediate(leave), patience)
  }
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.on('request', (request, response) => {
    const { socket } = request
    busy.add(socket)
    response.once('close', () => {
      busy.delete(socket)
      if (closing) leaveSoon(socket)
    })
    const origin = readOrigin(request.socket.remoteAddress ?? '', request.headers, trusted)
    if (closing) response.setHeader('connection', 'close')
    if (!isReadablePath(request.url ?? '')) return refuseToRead(response)
    if (!allowed(request, origin)) return sendRefusal(request, response, origin, env.APP_URL)
    writeOrigin(request.headers, origin)
    guardSharedAnswer(response)
    application.handle(request, response).catch((error: unknown) => fail(response, error))
  })
  const { upgrade } = application
  if (upgrade) {
    server.on('upgrade', (request, socket, head) => {
      const origin = readOrigin(request.socket.remoteAddress ?? '', request.headers, trusted)
      if (allowed(request, origin)) upgrade(request, socket, head)
      else socket.destroy()
    })
  }
  const port = await listen(server, env.PORT)
  const close = (patienceMs = 0) => {
    closing = true
    patience = patienceMs
    for (const socket of open) if (!busy.has(socket)) leaveSoon(socket)
    // The way of HTTP servers breaks idle connections at once, and knows nothing of those that never carried anything.
    return new Promise<void>((resolve) => ConnectionServer.prototype.close.call(server, () => resolve()))
  }
  return { port, close, closeAllConnections: () => server.closeAllConnections() }
}

function hostPolicyOf(env: ServerEnv): HostPolicy {
  const { APP_URL: appUrl } = env
  // A demonstration gives credits to everybody who reaches it: a public address of this machine is no way to it.
  if (env.UB_DEMO_PAY) return { appUrl, acceptPrivate: true }
  const acceptPrivate = env.NODE_ENV === 'development' || env.UB_DATABASE === 'embedded'
  return { appUrl, acceptPrivate, listOwnAddresses }
}

function listOwnAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => entries?.map(({ address }) => address) ?? [])
}

/**
 * What may be kept for everybody is decided before a page is made. Where it could not be made, or says something to one
 * browser alone, nobody keeps it; and Next names again what an answer differs by, so what ours differ by is added last.
 */
function guardSharedAnswer(response: ServerResponse): void {
  const { writeHead } = response
  response.writeHead = ((status: number, ...rest: unknown[]) => {
    if (/\bs-maxage\b/.test(String(response.getHeader('cache-control') ?? ''))) {
      if (status !== 200 || response.hasHeader('set-cookie')) response.setHeader('cache-control', 'no-store')
      else response.appendHeader('vary', 'Accept-Language, Cookie')
    }
    return Reflect.apply(writeHead, response, [status, ...rest])
  }) as typeof writeHead
}

// Next would redirect a whole address to its own host, whoever's it is, and fail on bytes that are no text.
function isReadablePath(target: string): boolean {
  if (!target.startsWith('/')) return false
  try {
    decodeURIComponent(target.replace(/[?#].*$/, ''))
    return true
  } catch {
    return false
  }
}

function refuseToRead(response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end('Bad Request')
}

// Whoever watches the service asks by whatever address the machine has.
function isHealth(request: IncomingMessage): boolean {
  return /^\/api\/health(\?|$)/.test(request.url ?? '')
}

function sendRefusal(request: IncomingMessage, response: ServerResponse, origin: Origin, appUrl: string): void {
  const { status, headers, body } = refuseHost(request.url ?? '/', origin.host, appUrl)
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body)
}

function fail(response: ServerResponse, error: unknown): void {
  log.error({ err: error }, 'request failed outside of the application')
  if (response.headersSent) response.destroy()
  else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error')
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}
