import { type Edge, isTest } from './module-graph.ts'
import type { SourceFile } from './source.ts'

/**
 * Finds circles of imports. Inside lib an import of types counts too: two modules that know each other's
 * types are one idea in two files.
 * @returns one line for each circle
 */
export function findCycles(files: readonly SourceFile[], edges: readonly Edge[]): string[] {
  const known = new Set(files.filter((file) => !isTest(file.path)).map((file) => file.path))
  const targets = new Map<string, string[]>([...known].map((file) => [file, []]))
  for (const { from, target, typeOnly } of edges) {
    if (target === undefined || !known.has(target) || (typeOnly && !from.startsWith('lib/'))) continue
    targets.get(from)?.push(target)
  }
  const lines: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const way: string[] = []
  const visit = (file: string) => {
    state.set(file, 'open')
    way.push(file)
    for (const target of targets.get(file) ?? []) {
      if (state.get(target) === 'open') {
        lines.push(`${file}: imports in a circle: ${[...way.slice(way.indexOf(target)), target].join(' → ')}`)
      } else if (!state.has(target)) visit(target)
    }
    way.pop()
    state.set(file, 'done')
  }
  for (const file of known) if (!state.has(file)) visit(file)
  return lines
}
