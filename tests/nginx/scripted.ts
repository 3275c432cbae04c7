import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: string }

/** Stands where the service would: answers as the test says and keeps what it was asked. */
export type Scripted = {
  port: number
  seen: Seen[]
  answer(with_: (request: IncomingMessage, response: ServerResponse) => void): void
  stop(): Promise<void>
  /** Listens on the same port again. */
  start(): Promise<void>
}

/** Starts a service that says `ok` to everything. */
export async function startScripted(): Promise<Scripted> {
  const seen: Seen[] = []
  let behave: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.end('ok')
  }
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      behave(request, response)
    })
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    seen,
    answer: (next) => {
      behave = next
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
    start: () => listen(port),
  }
}
