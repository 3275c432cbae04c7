import path from 'node:path'
import type { Import, SourceFile } from './source.ts'

/** An import with what it means: a module of ours, or a package. */
export type Edge = Import & { from: string } & (
    | { target: string; packageName?: undefined }
    | { packageName: string; target?: undefined }
  )

/** A part of the house within which relative imports stay; a domain is a room of its own. */
export type Room = 'app' | 'foundation' | `lib/${string}` | 'db' | 'scripts' | 'tests' | 'root'

/** The room a module lies in. Next's own entry files beside the folders belong to `app`. */
export function roomOf(file: string): Room {
  const [top, second, third] = file.split('/')
  if (second === undefined) return file === 'proxy.ts' || file === 'instrumentation.ts' ? 'app' : 'root'
  if (top === 'lib') return third === undefined ? 'foundation' : `lib/${second}`
  return top === 'app' || top === 'db' || top === 'scripts' || top === 'tests' ? top : 'root'
}

/** The domain a module belongs to, such as `ledger`; undefined outside of domains. */
export function domainOf(file: string): string | undefined {
  const room = roomOf(file)
  return room.startsWith('lib/') ? room.slice('lib/'.length) : undefined
}

/** Tests may look everywhere; nothing looks at them. */
export function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || file.startsWith('tests/')
}

/** Where an import of ours points, as a path from the root; undefined for a package. */
function targetOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1)
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(from), specifier)
  return undefined
}

/** The name under which a package is installed: `next/link` → `next`, `@scope/name/x` → `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** All imports of the modules, in the modules' order. */
export function edgesOf(files: readonly SourceFile[]): Edge[] {
  return files.flatMap((file) =>
    file.imports.map((found) => {
      const target = targetOf(file.path, found.specifier)
      const base = { ...found, from: file.path }
      return target === undefined ? { ...base, packageName: packageOf(found.specifier) } : { ...base, target }
    }),
  )
}
