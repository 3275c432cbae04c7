const TRIES_MAX = 6
const FIRST_DELAY_MS = 1_000

/**
 * Loads a part of the program, again and again for a minute when the connection fails it.
 * @returns what gives up; `done` is not called afterwards
 */
export function loadAgain<T>(load: () => Promise<T>, done: (part: T) => void): () => void {
  let isWanted = true
  let tries = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const attempt = () =>
    void load().then(
      (part) => isWanted && done(part),
      () => {
        tries++
        if (isWanted && tries < TRIES_MAX) timer = setTimeout(attempt, FIRST_DELAY_MS * 2 ** (tries - 1))
      },
    )
  attempt()
  return () => {
    isWanted = false
    clearTimeout(timer)
  }
}
