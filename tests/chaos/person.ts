import { setTimeout as wait } from 'node:timers/promises'
import type { StartFrame } from '#lib/chat/shared.ts'
import { newId } from '#lib/id.ts'
import type { Client, Told } from './client.ts'
import type { Random } from './random.ts'

type Conversation = {
  id: string
  /** The finished answer that a next message follows. */
  headId: string | null
}

type Options = { random: Random; client: Client; modelId: string; over: AbortSignal; onFailure(error: unknown): void }

/** How long somebody looks at an answer that does not end before they turn to another conversation. */
const PATIENCE_MS = 4_000
/** Whoever was refused thinks for a moment. */
const REFUSED_PAUSE_MS = 1_000

/** Somebody who keeps writing, retries, stops, sends twice, and does not wait for ever. */
export class Person {
  readonly told: Told[] = []
  readonly #options: Options
  readonly #free: Conversation[] = []
  /** Requests whose end has not been seen. */
  readonly #open = new Set<Promise<void>>()

  constructor(options: Options) {
    this.#options = options
  }

  /** Writes until told to end; then reads on until every answer has ended for this reader. */
  async live(isEnough: () => boolean): Promise<void> {
    const { random, over } = this.#options
    while (!isEnough() && !over.aborted) {
      const conversation = this.#chooseConversation()
      const done = this.#sendOne(conversation).catch(this.#options.onFailure)
      this.#open.add(done)
      void done.finally(() => this.#open.delete(done))
      await Promise.race([done, wait(PATIENCE_MS, undefined, { signal: over }).catch(() => undefined)])
      await wait(random.int(0, 150), undefined, { signal: over }).catch(() => undefined)
    }
    await Promise.all(this.#open)
  }

  #chooseConversation(): Conversation {
    const { random } = this.#options
    if (this.#free.length === 0 || random.chance(0.2)) return { id: newId(), headId: null }
    return this.#free.splice(random.int(0, this.#free.length - 1), 1)[0]!
  }

  async #sendOne(conversation: Conversation): Promise<void> {
    const { random, client, modelId, over } = this.#options
    const requestId = newId()
    const isRetry = conversation.headId !== null && random.chance(0.2)
    const text = isRetry ? null : `${requestId} ${'word '.repeat(random.chance(0.1) ? 4_000 : random.int(1, 60))}`
    const told: Told = { requestId, text, starts: [], ends: [], shown: [], refusedWith: [] }
    this.told.push(told)
    const path = isRetry ? '/api/generations/retry' : '/api/generations'
    const body = isRetry
      ? { requestId, messageId: conversation.headId }
      : { requestId, conversationId: conversation.id, parentId: conversation.headId, text, modelId }

    let toStop = random.chance(0.15)
    const stopAfterMs = random.int(0, 1_500)
    const onStart = ({ generationId }: StartFrame) => {
      if (!toStop) return
      toStop = false
      const stopped = wait(stopAfterMs).then(() => client.stop(generationId))
      this.#open.add(stopped)
      void stopped.finally(() => this.#open.delete(stopped))
    }
    const times = random.chance(0.2) ? 2 : 1
    await Promise.all(Array.from({ length: times }, () => client.send(path, body, told, onStart)))
    if (told.refusedWith.length > 0) await wait(REFUSED_PAUSE_MS, undefined, { signal: over }).catch(() => undefined)
    const [start] = told.starts
    if (told.ends.length > 0 && start) this.#free.push({ ...conversation, headId: start.assistantMessageId })
    else if (conversation.headId) this.#free.push(conversation)
  }
}
