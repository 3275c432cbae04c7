/** `first`: finish in good order; `again`: the person insists, end at once. */
export type StopRequest = 'first' | 'again'

// One Ctrl-C arrives several times: from the terminal to the whole group, and passed on by npm and by the runner.
const SAME_REQUEST_MS = 500

/**
 * Listens for requests to stop this process: signals, and the death of the process that runs it.
 * @param signals which ones count; a supervised process leaves Ctrl-C to its supervisor
 */
export function onStopRequest(
  stop: (request: StopRequest) => void,
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'],
): void {
  const request = countRequests(stop)
  for (const signal of signals) process.on(signal, request)
  process.once('disconnect', request)
  process.channel?.unref()
}

/**
 * Tells a second request from the echoes of the first.
 * @param now a clock in milliseconds
 */
export function countRequests(stop: (request: StopRequest) => void, now = () => performance.now()): () => void {
  let firstAt: number | undefined
  return () => {
    const at = now()
    if (firstAt === undefined) {
      firstAt = at
      stop('first')
    } else if (at - firstAt > SAME_REQUEST_MS) stop('again')
  }
}
