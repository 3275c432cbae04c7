import cluster, { type Worker } from 'node:cluster'
import net from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'

/** Of what node:cluster sends between its processes, that with which connections are handed over. */
type Message = { cmd?: string; act?: string; seq?: number; ack?: number; accepted?: boolean }
type Handle = { close(): void }

/** What node:cluster keeps to itself: the socket that listens, who takes connections from it, and what is on its way. */
const state = {
  listener: null as Handle | null,
  takers: new Set<Worker>(),
  untaken: new Set<Map<number, Handle>>(),
}

/** To be called once, before the first worker is forked: lets `stopAccepting` find what listens. */
export function watchListening(): void {
  const { createServer } = net
  const watched: typeof createServer = (...options: unknown[]) => {
    const server = Reflect.apply(createServer, net, options) as net.Server & { _handle: Handle }
    server.once('listening', () => {
      state.listener = server._handle
    })
    return server
  }
  Object.assign(net, { createServer: watched })
}

/**
 * Cares for the connections that are sent to a worker which does not take them: node:cluster waits for its answer for
 * ever, and whoever is at the other end would wait as long. Those of one that died are given to another, as node:cluster
 * does for one that is closing; where nobody takes any more, they are closed.
 */
export function watchHandovers(worker: Worker): void {
  const { process: child } = worker
  const untaken = new Map<number, Handle>()
  state.untaken.add(untaken)
  const { send } = child
  child.send = (message: Message, ...rest: unknown[]) => {
    if (message?.act === 'newconn' && message.seq !== undefined) untaken.set(message.seq, rest[0] as Handle)
    return Reflect.apply(send, child, [message, ...rest]) as boolean
  }
  worker.on('listening', () => state.takers.add(worker))
  child.on('internalMessage', ({ act, ack, accepted }: Message) => {
    if (act === 'close') state.takers.delete(worker)
    const handle = ack === undefined ? undefined : untaken.get(ack)
    if (ack === undefined || !handle) return
    untaken.delete(ack)
    if (!accepted && state.takers.size === 0) handle.close()
  })
  worker.once('exit', () => {
    state.takers.delete(worker)
    // With a connection under way it is not known to be disconnected, and would be sent the next one.
    if (cluster.workers?.[worker.id]) worker.disconnect()
    for (const ack of untaken.keys()) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: false })
    state.untaken.delete(untaken)
  })
}

/**
 * Lets nobody in any more. Workers that close one by one would lose who comes in meanwhile.
 * @param withinMs how long a worker may take that does nothing else
 * @returns when those who were let in are with a worker
 */
export async function stopAccepting(withinMs: number): Promise<void> {
  // Who waits at the door is let in.
  await turn()
  state.listener?.close()
  const deadline = performance.now() + withinMs
  // node:cluster sends a worker the next one as soon as it has taken one, so that none waits when none is on its way.
  while (performance.now() < deadline && [...state.untaken].some((untaken) => untaken.size > 0)) await turn()
}
