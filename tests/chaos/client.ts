import { setTimeout as wait } from 'node:timers/promises'
import {
  type AnswerState,
  applyFrame,
  createFrameParser,
  EMPTY_ANSWER,
  type EndFrame,
  formatPosition,
  type StartFrame,
  type WireFrame,
} from '#lib/chat/shared.ts'

/** What a person who sent something was told about it, by whichever of their connections. */
export type Told = {
  requestId: string
  /** Null for a retry, which sends no text. */
  text: string | null
  starts: StartFrame[]
  ends: EndFrame[]
  /** What stood on the screen when the end came. */
  shown: string[]
  refusedWith: string[]
}

/** What must not happen to a client, in one line. */
class BrokenPromise extends Error {}

const PAUSE_MS = 200

/** Signs in by the form's own endpoint, without the page. @returns the session's cookies */
export async function signIn(url: string, { email, password }: { email: string; password: string }): Promise<string> {
  const first = await fetch(`${url}/api/auth/csrf`)
  const { csrfToken } = (await first.json()) as { csrfToken: string }
  const reply = await fetch(`${url}/api/auth/callback/credentials`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookiesOf(first), origin: url, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrfToken, email, password, json: 'true' }),
  })
  if (!reply.ok) throw new Error(`signing in failed: ${reply.status} ${await reply.text()}`)
  await reply.body?.cancel()
  return [cookiesOf(first), cookiesOf(reply)].join('; ')
}

/** Somebody's browser: it asks again until it is answered, as ours does, and writes down what it was told. */
export class Client {
  readonly #url: string
  readonly #cookie: string
  /** No client asks on after this. */
  readonly #over: AbortSignal

  constructor(url: string, cookie: string, over: AbortSignal) {
    this.#url = url
    this.#cookie = cookie
    this.#over = over
  }

  /**
   * Sends a message or a retry and reads its answer to the end, over as many connections as it takes.
   * @param onStart called with what the request became, once for each connection that was told
   */
  async send(path: string, body: object, told: Told, onStart: (start: StartFrame) => void): Promise<void> {
    let answer: AnswerState = EMPTY_ANSWER
    let started: StartFrame | undefined
    const onFrame = (frame: WireFrame) => {
      if (frame.type === 'start') {
        started = frame
        told.starts.push(frame)
        onStart(frame)
        return
      }
      answer = applyFrame(answer, frame)
    }
    while (!this.#over.aborted && !answer.end) {
      const reply: Response | null = await this.#fetch(
        started
          ? `/api/generations/${started.generationId}/events${answer.position ? `?after=${formatPosition(answer.position)}` : ''}`
          : path,
        started ? undefined : body,
      )
      if (!reply || reply.status >= 500) {
        await reply?.body?.cancel().catch(() => undefined)
        await this.#pause()
        continue
      }
      if (!reply.ok) {
        const refusal = (await reply.json().catch(() => null)) as { error: { code: string } } | null
        // The server was killed while it said why not.
        if (!refusal) continue
        const { error } = refusal
        if (started) throw new BrokenPromise(`generation ${started.generationId} was acknowledged, then ${error.code}`)
        told.refusedWith.push(error.code)
        return
      }
      await readFrames(reply, onFrame)
    }
    if (!answer.end) return
    told.ends.push(answer.end)
    told.shown.push(answer.text)
  }

  /** Asks for an answer to stop, until somebody has heard it or nobody asks any more. */
  async stop(generationId: string): Promise<void> {
    while (!this.#over.aborted) {
      const reply = await this.#fetch(`/api/generations/${generationId}/stop`, {})
      await reply?.body?.cancel().catch(() => undefined)
      if (reply && reply.status < 500) return
      await this.#pause()
    }
  }

  /** @returns null when there is no connection to be had */
  async #fetch(path: string, body?: object): Promise<Response | null> {
    try {
      return await fetch(`${this.#url}${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { cookie: this.#cookie, origin: this.#url, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: this.#over,
      })
    } catch {
      return null
    }
  }

  async #pause(): Promise<void> {
    await wait(PAUSE_MS, undefined, { signal: this.#over }).catch(() => undefined)
  }
}

/** Reads until the stream ends or its connection breaks. */
async function readFrames(reply: Response, onFrame: (frame: WireFrame) => void): Promise<void> {
  const parse = createFrameParser()
  const decoder = new TextDecoder()
  try {
    for await (const piece of reply.body ?? []) {
      for (const frame of parse(decoder.decode(piece as Uint8Array, { stream: true }))) onFrame(frame)
    }
  } catch {
    // The server was killed: what had come stands.
  }
}

function cookiesOf(reply: Response): string {
  return reply.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}
