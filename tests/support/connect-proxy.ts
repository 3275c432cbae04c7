import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export type ConnectProxy = {
  url: string
  /** Every `host:port` a tunnel was asked for. */
  tunnels: string[]
  /** Requests that came without a tunnel; there should be none. */
  forwarded: string[]
  close(): Promise<void>
}

/**
 * A real HTTP proxy that only tunnels (CONNECT).
 * @param credentials `user:password` it demands
 * @param resolve where a tunnel really leads, for hosts that don't exist; null refuses it
 */
export async function startConnectProxy(
  options: { credentials?: string; resolve?: (target: string) => { host: string; port: number } | null } = {},
): Promise<ConnectProxy> {
  const tunnels: string[] = []
  const forwarded: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    forwarded.push(request.url ?? '')
    response.writeHead(405).end()
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('connect', (request, client: Socket, head: Buffer) => {
    const target = request.url ?? ''
    const wanted = options.credentials && `Basic ${Buffer.from(options.credentials).toString('base64')}`
    if (wanted && request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    tunnels.push(target)
    const [host = '', port = ''] = target.split(/:(?=\d+$)/)
    const address = options.resolve ? options.resolve(target) : { host, port: Number(port) }
    if (!address) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const upstream = connect(address, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client)
      client.pipe(upstream)
    })
    sockets.add(upstream)
    upstream.on('close', () => sockets.delete(upstream))
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.credentials ? `${options.credentials}@` : ''}127.0.0.1:${port}`,
    tunnels,
    forwarded,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
