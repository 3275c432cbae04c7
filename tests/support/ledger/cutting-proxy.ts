import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** When the cable breaks: COMMIT never arrives, arrives while nobody is left to answer, or is done and its answer lost. */
export type Cut = 'before' | 'during' | 'after'

export type CuttingProxy = {
  /** The database as it is reached through the proxy. */
  url: string
  /** Breaks the connection that commits next. */
  cutNext(cut: Cut): void
  close(): Promise<void>
}

const COMMIT = /commit\0/i

/** A cable to PostgreSQL that breaks at a COMMIT when it is told to. */
export async function startCuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let next: Cut | null = null
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) })
    let answersLost = false
    const cut = () => {
      client.destroy()
      upstream.destroySoon()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', cut)
      socket.on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    client.on('data', (data) => {
      if (next === null || !COMMIT.test(data.toString('latin1'))) {
        upstream.write(data)
        return
      }
      const moment = next
      next = null
      if (moment !== 'before') upstream.write(data)
      if (moment === 'after') answersLost = true
      else cut()
    })
    upstream.on('data', (data) => {
      if (answersLost) cut()
      else client.write(data)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    cutNext: (cut) => {
      next = cut
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
