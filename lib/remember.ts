import { log } from '#lib/log.ts'

/**
 * Remembers what was loaded, for everybody in this process. Who asks while it loads waits for the same; where it cannot
 * be loaded, what was known last stays.
 * @param freshMs how old it may be before it is loaded again
 * @param now milliseconds that never go back
 * @returns asks for it
 * @throws what `load` throws, while nothing is known
 */
export function remember<T>(
  freshMs: number,
  load: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let known: { value: T; until: number } | undefined
  let loading: Promise<T> | undefined

  async function loadAgain(): Promise<T> {
    try {
      const value = await load()
      known = { value, until: now() + freshMs }
      return value
    } catch (error) {
      if (!known) throw error
      log.warn({ err: error }, 'what was known is shown on')
      known.until = now() + freshMs
      return known.value
    } finally {
      loading = undefined
    }
  }

  return async () => {
    if (known && now() < known.until) return known.value
    loading ??= loadAgain()
    return await loading
  }
}
