import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { PlainError } from '#scripts/run-main.ts'
import { renderEntryPages } from './pages.ts'

const PACKABLE = /\.(js|mjs|css|svg|json|map|txt|html|wasm|webmanifest|ico)$/
/** Below this a packed file saves no packet. */
const WORTH_PACKING_BYTES = 1_000

/**
 * Writes what nginx serves by itself: `static/` with the built and the public files, each with a packed copy beside it,
 * and `pages/` for when the service is away.
 * @param root a checkout with a finished build
 * @param out made anew
 * @throws {PlainError} when there is no build
 */
export function writeEntryFiles(root: string, out: string): { files: number; packed: number } {
  const built = path.join(root, '.next', 'static')
  if (!statSync(built, { throwIfNoEntry: false })) throw new PlainError('there is no build: npm run build makes one')
  rmSync(out, { recursive: true, force: true })
  const folder = path.join(out, 'static')
  mkdirSync(path.join(out, 'pages'), { recursive: true })
  cpSync(path.join(root, 'public'), folder, { recursive: true, preserveTimestamps: true })
  cpSync(built, path.join(folder, '_next', 'static'), { recursive: true, preserveTimestamps: true })
  for (const { name, html } of renderEntryPages()) writeFileSync(path.join(out, 'pages', name), html)
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  const packed = files.filter((entry) => pack(path.join(entry.parentPath, entry.name)))
  return { files: files.length, packed: packed.length }
}

function pack(file: string): boolean {
  if (!PACKABLE.test(file)) return false
  const plain = readFileSync(file)
  const packed = gzipSync(plain, { level: 9 })
  if (plain.length < WORTH_PACKING_BYTES || packed.length >= plain.length) return false
  const { atime, mtime } = statSync(file)
  writeFileSync(`${file}.gz`, packed)
  // nginx makes its ETag of size and time.
  utimesSync(`${file}.gz`, atime, mtime)
  return true
}
