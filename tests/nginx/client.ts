import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestTls } from 'node:https'
import { text } from 'node:stream/consumers'

export type Reply = { status: number; headers: IncomingHttpHeaders; body: string; tls: string | null }

export type Sent = {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  tls?: boolean
}

/** One request on a connection of its own. */
export async function send(port: number, path: string, sent: Sent = {}): Promise<Reply> {
  const response = await open(port, path, sent)
  const socket = response.socket as { getProtocol?(): string | null }
  const tls = socket.getProtocol?.() ?? null
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response), tls }
}

/** The same, and the body may be read as it comes. */
export function open(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body, tls = false }: Sent = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false as const, rejectUnauthorized: false }
    const outgoing = (tls ? requestTls : request)(options, resolve)
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** An HTTP/2 connection that is closed with `close`. */
export function openHttp2(port: number) {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => undefined)
  return {
    session,
    /** Status and body of one request; the body as it comes. */
    async send(
      headers: Record<string, string>,
      body?: string,
    ): Promise<{ status: number; headers: IncomingHttpHeaders; chunks: AsyncIterable<string> }> {
      const stream = session.request(headers, { endStream: body === undefined })
      if (body !== undefined) stream.end(body)
      stream.setEncoding('utf8')
      const got = await new Promise<IncomingHttpHeaders & { ':status'?: number }>((resolve, reject) => {
        stream.once('response', resolve)
        stream.once('error', reject)
      })
      return { status: got[':status'] ?? 0, headers: got, chunks: stream as AsyncIterable<string> }
    },
    close: () => session.destroy(),
  }
}
