import { findClientViolations } from './client-files.ts'
import { findCycles } from './cycles.ts'
import { domainOf, type Edge, edgesOf, isTest, roomOf } from './module-graph.ts'
import type { SourceFile } from './source.ts'

/** Domains by height: a domain imports only domains that lie lower. */
const TIERS: readonly (readonly string[])[] = [
  ['ledger', 'settings', 'prompts', 'users', 'i18n'],
  ['models', 'api-keys', 'auth', 'teams'],
  ['inference'],
  ['chat', 'payments'],
  ['reports', 'support'],
  ['jobs'],
]

/** A person's wallet is opened in the transaction that makes the person. */
const SAME_TIER_EXCEPTIONS = new Set(['users → ledger'])

/** Loaded when somebody asks for a demonstration; what serves in production does without tests. */
const TEST_EXCEPTIONS = new Set(['scripts/demo-pay/start.ts → tests/support/stripe/stand-in.ts'])

/** Packages that only one room may use, so that it alone has to change when they do. */
const PACKAGE_HOMES: Record<string, string> = {
  openai: 'lib/inference',
  stripe: 'lib/payments',
  'next-auth': 'lib/auth',
}

const DATABASE_PACKAGES = new Set(['drizzle-orm', 'drizzle-kit', 'pg'])
const FRAMEWORK_PACKAGES = new Set(['next', 'react', 'react-dom'])
const FRAMEWORK_DOMAINS = new Set(['auth', 'i18n'])

/**
 * Holds the imports of the checkout against the rules of the house.
 * @returns one line for each violation, `file:line: what is wrong`; empty when there is none
 */
export function findViolations(files: readonly SourceFile[]): string[] {
  const known = new Set(files.map((file) => file.path))
  const edges = edgesOf(files)
  const lines = edges.flatMap((edge) => {
    const complaint = isTest(edge.from) ? complainOfMissing(edge, known) : complain(edge, known)
    return complaint ? [`${edge.from}:${edge.line}: ${complaint}`] : []
  })
  return [...lines, ...findClientViolations(files, edges), ...findCycles(files, edges)]
}

function complain(edge: Edge, known: ReadonlySet<string>): string | undefined {
  if (edge.target === undefined) return complainOfPackage(edge.from, edge.packageName)
  return complainOfMissing(edge, known) ?? complainOfModule(edge, edge.target)
}

function complainOfMissing(edge: Edge, known: ReadonlySet<string>): string | undefined {
  const { target } = edge
  if (target === undefined || known.has(target) || /\.(css|json|mjs|mts|svg|png)$/.test(target)) return undefined
  return `'${edge.specifier}' is no module of ours (write the ending, .ts or .tsx)`
}

function complainOfPackage(from: string, packageName: string): string | undefined {
  const room = roomOf(from)
  const home = PACKAGE_HOMES[packageName]
  if (home && room !== home) return `${packageName} is used in ${home} only`
  if (room === 'app' && DATABASE_PACKAGES.has(packageName))
    return `app may not import ${packageName}: call a verb in lib`
  if (room === 'db' && !DATABASE_PACKAGES.has(packageName) && !packageName.startsWith('node:')) {
    return `db may import Drizzle and the driver, not ${packageName}`
  }
  const domain = domainOf(from)
  const framed = domain === undefined ? room === 'foundation' : !FRAMEWORK_DOMAINS.has(domain)
  if (framed && FRAMEWORK_PACKAGES.has(packageName)) return `${room} may not import ${packageName}`
  return undefined
}

function complainOfModule(edge: Edge, target: string): string | undefined {
  const from = roomOf(edge.from)
  const to = roomOf(target)
  if (from === to) return undefined
  if (edge.specifier.startsWith('.') && from !== 'root') return `import across rooms as '#${target}'`
  if (isTest(target)) return TEST_EXCEPTIONS.has(`${edge.from} → ${target}`) ? undefined : 'nothing imports a test'
  switch (from) {
    case 'root':
      return undefined
    case 'db':
      return target === 'lib/env.ts' ? undefined : `db may not import ${target}`
    case 'foundation':
      return to === 'db' ? undefined : `foundation (lib/*.ts) may not import ${target}`
    case 'app':
      if (to === 'db' || to === 'scripts') return `app may not import ${target}: call a verb in lib`
      return complainOfDoor(target)
    case 'scripts':
      return to === 'app' ? `scripts may not import ${target}` : complainOfDoor(target)
    case 'tests':
      return undefined
    default:
      if (to === 'app' || to === 'scripts') return `${from} may not import ${target}`
      return complainOfTier(edge.from, target) ?? complainOfDoor(target)
  }
}

/** A domain shows what it offers in `index.ts`, and what browsers may have in `shared.ts`. */
function complainOfDoor(target: string): string | undefined {
  const domain = domainOf(target)
  if (domain === undefined || target === 'lib/auth/client.ts') return undefined
  const doors = [`lib/${domain}/index.ts`, `lib/${domain}/shared.ts`]
  return doors.includes(target) ? undefined : `reach lib/${domain} through its index.ts or shared.ts, not ${target}`
}

function complainOfTier(from: string, target: string): string | undefined {
  const lower = domainOf(target)
  const upper = domainOf(from)
  if (lower === undefined || upper === undefined) return undefined
  const heightOf = (domain: string) => TIERS.findIndex((tier) => tier.includes(domain))
  const unplaced = [upper, lower].find((domain) => heightOf(domain) === -1)
  if (unplaced) return `lib/${unplaced} has no place among the tiers (scripts/checks/boundaries.ts)`
  if (heightOf(lower) < heightOf(upper) || SAME_TIER_EXCEPTIONS.has(`${upper} → ${lower}`)) return undefined
  return `lib/${upper} may not import lib/${lower}, which is not below it`
}
