import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { answerTo } from './demo-vendor/answers.ts'

const FIRST_TOKEN_MS = 250
const TOKEN_MS = 20
const BODY_MAX = 8_388_608

type Message = { role?: unknown; content?: unknown }
type CompletionRequest = { messages?: Message[]; stream?: boolean; max_tokens?: number; max_completion_tokens?: number }

/**
 * A small local server that speaks the OpenAI wire format and says prepared things, so that a fresh installation
 * shows a paid stream without any account. It listens on loopback only.
 * @returns its base URL, and what stops it
 */
export async function startDemoVendor({
  port = 0,
}: {
  port?: number
} = {}): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else sendJson(response, 400, { error: { message: String(error), type: 'invalid_request_error' } })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    sendJson(response, 404, { error: { message: 'no such path', type: 'invalid_request_error' } })
    return
  }
  const { messages = [], stream, ...limits } = JSON.parse(await readBody(request)) as CompletionRequest
  const texts = messages.map(({ content }) => (typeof content === 'string' ? content : ''))
  const cap = limits.max_completion_tokens ?? limits.max_tokens ?? Number.POSITIVE_INFINITY
  const whole = tokensOf(answerTo(texts.at(-1) ?? ''))
  const tokens = whole.slice(0, cap)
  const promptTokens = texts.reduce((sum, text) => sum + tokensOf(text).length + 4, 3)
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: tokens.length,
    total_tokens: promptTokens + tokens.length,
  }
  const finishReason = tokens.length < whole.length ? 'length' : 'stop'
  if (stream) await sendStream(response, tokens, finishReason, usage)
  else {
    const message = { role: 'assistant', content: tokens.join('') }
    sendJson(response, 200, {
      ...envelope('chat.completion'),
      choices: [{ index: 0, message, finish_reason: finishReason }],
      usage,
    })
  }
}

async function sendStream(
  response: ServerResponse,
  tokens: string[],
  finishReason: string,
  usage: object,
): Promise<void> {
  const left = new AbortController()
  response.on('close', () => left.abort())
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const send = (fields: object) =>
    void response.write(`data: ${JSON.stringify({ ...envelope('chat.completion.chunk'), ...fields })}\n\n`)
  const sendChoice = (delta: object, finish: string | null = null) =>
    send({ choices: [{ index: 0, delta, finish_reason: finish }] })

  sendChoice({ role: 'assistant', content: '' })
  for (const [index, token] of tokens.entries()) {
    await pause(index === 0 ? FIRST_TOKEN_MS : TOKEN_MS, undefined, { signal: left.signal }).catch(() => undefined)
    // Whoever stopped reading has stopped the answer.
    if (left.signal.aborted) return
    sendChoice({ content: token })
  }
  sendChoice({}, finishReason)
  send({ choices: [], usage })
  response.end('data: [DONE]\n\n')
}

/** Cuts a text into what the demo counts as tokens: words with the space before them, Chinese by twos. */
export function tokensOf(text: string): string[] {
  return (
    text.match(
      /\p{Script=Han}{1,2}|\s*[\p{L}\p{N}_]+?(?=\p{Script=Han}|[^\p{L}\p{N}_]|$)|\s+|[^\s\p{L}\p{N}]{1,3}/gu,
    ) ?? []
  )
}

function envelope(object: string): object {
  return { id: 'chatcmpl-demo', object, created: Math.floor(Date.now() / 1000), model: 'demo' }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += (part as Buffer).length
    if (size > BODY_MAX) throw new Error('request is too large')
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts).toString('utf8')
}
