import type { Service } from '#tests/support/service.ts'

/** What a service must be started with to be asked. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

/**
 * Evaluates an expression in the serving process through Node's inspector, so that the app needs no door for tests.
 * @returns what it came to, by value
 */
export async function evaluateInService<T>(service: Service, expression: string): Promise<T> {
  const address = /Debugger listening on (ws:\/\/\S+)/.exec(service.output())?.[1]
  if (!address) throw new Error(`the service was not started with INSPECTED:\n${service.output()}`)
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  const reply = new Promise<{ result: { value: T }; exceptionDetails?: { text: string } }>((resolve) => {
    socket.addEventListener('message', ({ data }) => resolve(JSON.parse(String(data)).result))
  })
  const params = { expression, returnByValue: true, awaitPromise: true }
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }))
  try {
    const { result, exceptionDetails } = await reply
    if (exceptionDetails) throw new Error(`${exceptionDetails.text}: ${expression}`)
    return result.value
  } finally {
    socket.close()
  }
}
