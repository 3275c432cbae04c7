import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Account } from './account.ts'
import { answerApi, apiRoutes } from './api.ts'
import { answerPage } from './checkout-page.ts'
import type { Faults } from './faults.ts'
import { API_VERSION } from './objects.ts'
import { parseForm } from './parameters.ts'
import { StripeRefusal } from './refusal.ts'

export type LoggedRequest = { method: string; path: string }

type Options = {
  account: Account
  secretKey: string
  faults: Faults
  requests: LoggedRequest[]
  latencyMs: () => number
  /** Called before each request: sessions may have run out meanwhile. */
  beforeEach: () => void
  pagesAt: () => string
}

type Answer = { status: number; body: string; requestId: string; replayed?: boolean }

const KEEP_ANSWERS_S = 24 * 3600
// Longer than clients keep a connection, or one is cut just as the next request is sent.
const KEEP_ALIVE_MS = 120_000

/** The HTTP side: the API below /v1 and the hosted page below /c/pay. */
export function createStripeServer(options: Options): Server {
  const routes = apiRoutes((id) => `${options.pagesAt()}/c/pay/${id}`)
  const server = createServer((request, response) => {
    response.on('error', () => undefined)
    readBody(request)
      .then((body) => handle(options, routes, { request, response, body }))
      .catch((error: unknown) => {
        // A fault of the stand-in's own: shown to whoever asked, so that it is not taken for one of Stripe's.
        response.writeHead(500).end(JSON.stringify({ error: { type: 'api_error', message: `stand-in: ${error}` } }))
      })
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

type Exchange = { request: IncomingMessage; response: ServerResponse; body: string }

async function handle(options: Options, routes: ReturnType<typeof apiRoutes>, exchange: Exchange): Promise<void> {
  const { request, response, body } = exchange
  const method = request.method ?? 'GET'
  const [path = '/', query = ''] = (request.url ?? '/').split('?')
  if (!path.startsWith('/v1/')) {
    options.beforeEach()
    answerPage(options.account, { method, path, form: parseForm(body) }, response)
    return
  }
  options.requests.push({ method, path })
  const latencyMs = options.latencyMs()
  if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs).unref())
  const fault = options.faults.next(method, path)
  if (fault === 'hang') return
  if (fault === 'reset') {
    request.socket.resetAndDestroy()
    return
  }
  options.beforeEach()
  const answer =
    typeof fault === 'number'
      ? struck(options.account, fault)
      : answerOnce(options, routes, { request, method, path, text: body || query })
  if (fault === 'afterEffect') {
    request.socket.resetAndDestroy()
    return
  }
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'request-id': answer.requestId,
    'stripe-version': API_VERSION,
    ...(request.headers['idempotency-key'] && { 'idempotency-key': request.headers['idempotency-key'] }),
    ...(answer.replayed && { 'idempotent-replayed': 'true', 'original-request': answer.requestId }),
  })
  response.end(answer.body)
}

type Call = { request: IncomingMessage; method: string; path: string; text: string }

function answerOnce({ account, secretKey }: Options, routes: ReturnType<typeof apiRoutes>, call: Call): Answer {
  const { store, livemode } = account
  const requestId = store.id('req', 14)
  const key = call.method === 'POST' ? (call.request.headers['idempotency-key'] as string | undefined) : undefined
  const endpoint = `${call.method} ${call.path}`
  const fingerprint = call.text.split('&').sort().join('&')
  try {
    requireKey(call.request, secretKey)
    const stored = key === undefined ? undefined : store.answers.get(key)
    if (stored && stored.at > account.now() - KEEP_ANSWERS_S) {
      requireSame(key as string, stored, { endpoint, fingerprint })
      return { ...stored, replayed: true }
    }
  } catch (error) {
    return refused(error, requestId, livemode)
  }
  const answer = account.during({ id: requestId, idempotency_key: key ?? null }, () => {
    try {
      const value = answerApi(account, routes, { method: call.method, path: call.path, form: parseForm(call.text) })
      return { status: 200, body: JSON.stringify(value, null, 2), requestId }
    } catch (error) {
      return refused(error, requestId, livemode)
    }
  })
  if (key !== undefined) store.answers.set(key, { ...answer, endpoint, fingerprint, at: account.now() })
  if (call.method === 'POST') store.save()
  return answer
}

function requireKey(request: IncomingMessage, secretKey: string): void {
  const [scheme = '', given = ''] = (request.headers.authorization ?? '').split(' ')
  if (!given) {
    throw new StripeRefusal('You did not provide an API key.', { status: 401 })
  }
  const key = scheme === 'Basic' ? Buffer.from(given, 'base64').toString().split(':')[0] : given
  if (key !== secretKey) {
    throw new StripeRefusal(`Invalid API Key provided: ${given.slice(0, 8)}****${given.slice(-4)}`, { status: 401 })
  }
}

function requireSame(
  key: string,
  stored: { endpoint: string; fingerprint: string },
  now: { endpoint: string; fingerprint: string },
): void {
  if (stored.endpoint !== now.endpoint) {
    throw new StripeRefusal(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${now.endpoint}' instead of '${stored.endpoint}'). Try using a key other than '${key}' if you meant to execute a different request.`,
      { type: 'idempotency_error' },
    )
  }
  if (stored.fingerprint !== now.fingerprint) {
    throw new StripeRefusal(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      { type: 'idempotency_error' },
    )
  }
}

function refused(error: unknown, requestId: string, livemode: boolean): Answer {
  if (!(error instanceof StripeRefusal)) throw error
  return { status: error.status, body: error.body(requestId, livemode), requestId }
}

function struck({ store, livemode }: Account, status: number): Answer {
  const limited = status === 429
  const refusal = new StripeRefusal(limited ? 'Request rate limit exceeded.' : 'An error occurred on our side.', {
    status,
    type: limited ? 'invalid_request_error' : 'api_error',
    ...(limited && { code: 'rate_limit' }),
  })
  return refused(refusal, store.id('req', 14), livemode)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
