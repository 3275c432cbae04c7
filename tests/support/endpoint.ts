import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Endpoint = { url: string; close(): Promise<void> }

/** A real HTTP server that answers POST with a route's handler. */
export async function startEndpoint(answer: (request: Request) => Promise<Response>): Promise<Endpoint> {
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as [string, string])
    const request = new Request(`http://localhost${incoming.url}`, {
      method: 'POST',
      headers,
      body: Buffer.concat(parts),
    })
    const response = await answer(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
