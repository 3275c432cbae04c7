import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Application } from '#scripts/server/http-server.ts'

const PAGE = /^\/c\/pay\/\w+$/
// The name of a button.
const FORM_MAX = 1_000
const HEADERS = ['content-type', 'content-security-policy', 'cache-control', 'location']

/**
 * Shows the hosted page of the stand-in for Stripe at the service's own address: whatever browser reaches the service
 * reaches it, while the stand-in itself keeps to this machine.
 * @param standIn where the stand-in listens
 */
export function withPayPage(application: Application, standIn: string): Application {
  const handle: Application['handle'] = (request, response) =>
    PAGE.test(request.url ?? '') ? passOn(request, response, standIn) : application.handle(request, response)
  return { ...application, handle }
}

async function passOn(request: IncomingMessage, response: ServerResponse, standIn: string): Promise<void> {
  const { method, url, headers } = request
  const isForm = method === 'POST'
  if (isForm && !(Number(headers['content-length']) <= FORM_MAX)) {
    response.writeHead(413, { connection: 'close' }).end()
    return
  }
  const body = isForm ? await text(request) : undefined
  const answer = await fetch(new URL(url ?? '/', standIn), {
    method: isForm ? 'POST' : 'GET',
    body,
    redirect: 'manual',
  })
  response.writeHead(answer.status, Object.fromEntries([...answer.headers].filter(([name]) => HEADERS.includes(name))))
  response.end(method === 'HEAD' ? undefined : await answer.text())
}
