import { domainOf, type Edge, isTest, roomOf } from './module-graph.ts'
import type { SourceFile } from './source.ts'

/** Modules of lib that are made for browsers, beside each domain's `shared.ts`. */
const BROWSER_MODULES = new Set(['lib/money.ts', 'lib/id.ts', 'lib/auth/client.ts'])

/** Packages that need a server, or would cost a browser dearly. */
const SERVER_PACKAGES = new Set([
  '@node-rs/argon2',
  'drizzle-orm',
  'gpt-tokenizer',
  'openai',
  'pg',
  'pino',
  'server-only',
  'undici',
  'zod',
])
const SERVER_ENTRIES = new Set(['next/headers', 'next/server', 'next/cache', 'next-intl/server', 'next-auth'])

/**
 * Follows what browsers load: every `use client` file, and all that it imports, however deep.
 * @returns one line for each import that must not reach a browser, with the way that led to it
 */
export function findClientViolations(files: readonly SourceFile[], edges: readonly Edge[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const edgesFrom = Map.groupBy(edges, (edge) => edge.from)
  const entries = files.filter((file) => file.directives.includes('use client') && !isTest(file.path))
  const ways = new Map<string, string[]>(entries.map((file) => [file.path, [file.path]]))
  const queue = [...ways.keys()]
  const lines: string[] = []
  for (let current = queue.shift(); current !== undefined; current = queue.shift()) {
    const way = ways.get(current)!
    for (const edge of edgesFrom.get(current) ?? []) {
      const target = edge.target === undefined ? undefined : byPath.get(edge.target)
      // An action is called by reference: its file stays on the server.
      if (target?.directives.includes('use server')) continue
      const complaint = complain(edge)
      if (complaint) {
        const led = way.length > 1 ? ` (${way.join(' → ')})` : ''
        lines.push(`${current}:${edge.line}: a browser loads this file${led}: ${complaint}`)
      }
      if (complaint || edge.typeOnly || !target || ways.has(target.path)) continue
      ways.set(target.path, [...way, target.path])
      queue.push(target.path)
    }
  }
  return lines
}

function complain(edge: Edge): string | undefined {
  if (edge.target === undefined) {
    const needsServer =
      SERVER_PACKAGES.has(edge.packageName) || SERVER_ENTRIES.has(edge.specifier) || edge.specifier.startsWith('node:')
    return needsServer && !edge.typeOnly ? `${edge.specifier} is for the server` : undefined
  }
  const { target } = edge
  switch (roomOf(target)) {
    case 'app':
      return edge.typeOnly || !/^app\/(_server|api|v1)\/|\/route\.ts$/.test(target)
        ? undefined
        : `${target} is for the server`
    case 'foundation':
      return edge.typeOnly || BROWSER_MODULES.has(target) ? undefined : `${target} is for the server`
    case 'db':
    case 'scripts':
      return `${target} is for the server`
    default:
      return complainOfDomain(edge, target)
  }
}

function complainOfDomain(edge: Edge, target: string): string | undefined {
  const domain = domainOf(target)
  if (domain === undefined || target === `lib/${domain}/shared.ts` || BROWSER_MODULES.has(target)) return undefined
  // What a shared.ts builds on inside its own domain is followed instead.
  if (domainOf(edge.from) === domain) return undefined
  return `${target} is for the server; a domain's shared.ts is what browsers may have`
}
