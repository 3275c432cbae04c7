type Entry = { instance: unknown; sharers: Set<symbol> }

const REGISTRY = Symbol.for('undefined-behavior.singletons')
const shared = globalThis as { [REGISTRY]?: Map<string, Entry> }
shared[REGISTRY] ??= new Map()
const registry = shared[REGISTRY]

/** Stands for this copy of the module. */
const copy = Symbol('copy')

/**
 * Next loads a module several times in one process (route handlers, pages with actions and
 * instrumentation each get a copy). Whatever must exist once per process is made here.
 * The registry notes which copies share an instance, so that a test can see that they do.
 *
 * @param name unique name of the instance in this process
 * @param create makes the instance on first use
 * @returns the one instance of this process
 */
export function singleton<T>(name: string, create: () => T): T {
  let entry = registry.get(name)
  if (!entry) {
    entry = { instance: create(), sharers: new Set() }
    registry.set(name, entry)
  }
  entry.sharers.add(copy)
  return entry.instance as T
}
