import { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import next from 'next'
import type { ServerEnv } from '#lib/env.ts'
import type { Application } from '#scripts/server/http-server.ts'

/**
 * Makes Next ready to answer: the production build, or in development what is compiled when asked for.
 * @param dir the folder of the application
 */
export async function prepareNext(env: ServerEnv, dir: string): Promise<Application> {
  const dev = env.NODE_ENV === 'development'
  // Where Next asks itself for the page that an action leads to. It would take the scheme from the request, and speak TLS
  // to our plain port wherever a proxy ends it; its own server sets the same.
  process.env.__NEXT_PRIVATE_ORIGIN = `http://localhost:${env.PORT}`
  // Next listens for upgrades on what it is given; ours come through the host check first.
  const upgrades = new EventEmitter()
  const app = next({ dev, dir, hostname: 'localhost', port: env.PORT, httpServer: upgrades as Server })
  await app.prepare()
  const handle = app.getRequestHandler()
  if (!dev) return { handle }
  return { handle, upgrade: (request, socket, head) => void upgrades.emit('upgrade', request, socket, head) }
}
