/**
 * Next loads a module several times in one process (route handlers, pages with actions and
 * instrumentation each get a copy). Whatever must exist once per process is made here.
 *
 * @param name unique name of the instance in this process
 * @param create makes the instance on first use
 * @returns the one instance of this process
 */
export function singleton<T>(name: string, create: () => T): T {
  const key = Symbol.for(`undefined-behavior.${name}`)
  const store = globalThis as unknown as Record<symbol, T | undefined>
  let instance = store[key]
  if (instance === undefined) {
    instance = create()
    store[key] = instance
  }
  return instance
}
