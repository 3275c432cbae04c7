import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type AnswerState,
  applyFrame,
  createFrameParser,
  EMPTY_ANSWER,
  formatPosition,
  type StartFrame,
  type WireFrame,
} from '#lib/chat/shared.ts'
import { newId } from '#lib/id.ts'
import type { Told } from './client.ts'

/** What went wrong for somebody, and on which of their ports. */
export type Failure = { at: number; what: string; how: string; port: number | undefined; isStream: boolean }

/** The time between two pieces of one answer on one connection. */
type Gap = { at: number; ms: number; generationId: string; port: number | undefined }

type Target = { port: number; cookie: string }

const REFUSED = 'ECONNREFUSED'

/** People who read answers, pages and figures at once, each over connections of their own, and note how they fared. */
export class Load {
  readonly failures: Failure[] = []
  /** Nobody listened. */
  readonly refusals: number[] = []
  readonly gaps: Gap[] = []
  readonly told: Told[] = []
  /** When an answer was seen to end. */
  readonly endedAt = new Map<string, number>()
  answered = 0
  resumed = 0
  readonly #over = new AbortController()
  #sending = true
  readonly #lives: Promise<void>[] = []

  /** Somebody who asks one question after the other and reads the answers, as the browser does. */
  addReader(target: Target, modelId: string): void {
    this.#lives.push(this.#read(target, modelId))
  }

  /** Somebody who asks for a page again and again, on a connection that stays open, or on a new one each time. */
  addAsker(target: Target, path: string, options: { keepAlive: boolean; pauseMs: number }): void {
    this.#lives.push(this.#ask(target, path, options))
  }

  /** No question is begun any more; resolves when the answers that run have been read to their ends. */
  async finish(withinMs: number): Promise<boolean> {
    this.#sending = false
    const all = await Promise.race([Promise.all(this.#lives).then(() => true), wait(withinMs, false)])
    this.#over.abort()
    await Promise.all(this.#lives)
    return all
  }

  async #ask(target: Target, path: string, { keepAlive, pauseMs }: { keepAlive: boolean; pauseMs: number }) {
    const agent = keepAlive ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined
    while (this.#sending) {
      const response = await this.#open({ target, path, agent: agent ?? false })
      if (response) await this.#drain(response, path)
      await wait(pauseMs)
    }
    agent?.destroy()
  }

  async #drain(response: Opened, path: string): Promise<void> {
    const { message, port } = response
    try {
      const body = await text(message)
      if ((message.statusCode ?? 0) >= 500) {
        this.#fail(path, `status ${message.statusCode} ${body.slice(0, 200)}`, port, false)
      } else this.answered++
    } catch (error) {
      this.#fail(path, nameOf(error), port, false)
    }
  }

  async #read(target: Target, modelId: string): Promise<void> {
    while (this.#sending) {
      const requestId = newId()
      const text = `${requestId} please`
      const told: Told = { requestId, text, starts: [], ends: [], shown: [], refusedWith: [] }
      this.told.push(told)
      await this.#readAnswer(target, { requestId, conversationId: newId(), parentId: null, text, modelId }, told)
    }
  }

  async #readAnswer(target: Target, body: object, told: Told): Promise<void> {
    let answer: AnswerState = EMPTY_ANSWER
    let started: StartFrame | undefined
    while (!answer.end && !this.#over.signal.aborted) {
      const path = started ? `/api/generations/${started.generationId}/events` : '/api/generations'
      const headers: Record<string, string> = answer.position
        ? { 'last-event-id': formatPosition(answer.position) }
        : {}
      if (started) this.resumed++
      const response = await this.#open({ target, path, agent: false, headers, body: started ? undefined : body })
      if (!response) {
        await wait(200)
        continue
      }
      const { message, port } = response
      const status = message.statusCode ?? 0
      if (status !== 200) {
        message.resume()
        this.#fail(path, `status ${status}`, port, true)
        if (status < 500) return
        await wait(200)
        continue
      }
      let lastAt: number | undefined
      const take = (frame: WireFrame) => {
        if (frame.type === 'start') {
          started = frame
          told.starts.push(frame)
          return
        }
        answer = applyFrame(answer, frame)
        const at = performance.now()
        if (frame.type === 'text' && lastAt !== undefined) {
          this.gaps.push({ at, ms: at - lastAt, generationId: started!.generationId, port })
        }
        lastAt = at
      }
      const parse = createFrameParser()
      try {
        message.setEncoding('utf8')
        for await (const piece of message) for (const frame of parse(piece as string)) take(frame)
        // Whose process ends may close a stream before its end; whoever reads comes back.
      } catch (error) {
        this.#fail(path, nameOf(error), port, true)
      }
      if (!answer.end) await wait(100)
    }
    if (!answer.end || !started) return
    this.answered++
    this.endedAt.set(started.generationId, performance.now())
    told.ends.push(answer.end)
    told.shown.push(answer.text)
  }

  /** @returns null when there was no answer, which is noted */
  #open({ target, path, agent, headers, body }: Asked): Promise<Opened | null> {
    return new Promise((resolve) => {
      let port: number | undefined
      const isStream = path.startsWith('/api/generations')
      const outgoing: ClientRequest = request({
        host: '127.0.0.1',
        port: target.port,
        path,
        agent,
        method: body ? 'POST' : 'GET',
        headers: {
          host: `localhost:${target.port}`,
          cookie: target.cookie,
          origin: `http://localhost:${target.port}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        signal: this.#over.signal,
      })
      outgoing.on('socket', (socket) => {
        port = socket.localPort
        if (!socket.connecting) return
        socket.once('connect', () => {
          port = socket.localPort
        })
      })
      outgoing.once('response', (message) => resolve({ message, port }))
      outgoing.once('error', (error) => {
        if (this.#over.signal.aborted) return resolve(null)
        if (nameOf(error) === REFUSED) this.refusals.push(performance.now())
        else this.#fail(path, `${nameOf(error)}${outgoing.reusedSocket ? ' on a kept connection' : ''}`, port, isStream)
        resolve(null)
      })
      outgoing.end(body ? JSON.stringify(body) : undefined)
    })
  }

  #fail(what: string, how: string, port: number | undefined, isStream: boolean): void {
    this.failures.push({ at: performance.now(), what, how, port, isStream })
  }
}

type Asked = {
  target: Target
  path: string
  agent: Agent | false
  headers?: Record<string, string>
  body?: object | undefined
}
type Opened = { message: IncomingMessage; port: number | undefined }

function nameOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
