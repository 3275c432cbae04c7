import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import path from 'node:path'
import { type Program, parseSync } from 'oxc-parser'

/** One import or re-export as written. `typeOnly` ones vanish when the program runs. */
export type Import = { specifier: string; typeOnly: boolean; line: number }

/** A module of ours, read once for all checks. `path` is relative to the checkout's root, with `/`. */
export type SourceFile = {
  path: string
  text: string
  program: Program
  /** Directives at the top, such as `use client`. */
  directives: string[]
  imports: Import[]
}

/** Rooms whose modules are checked, and the modules that lie beside them. */
const PATTERNS = ['{app,lib,db,scripts,tests}/**/*.{ts,tsx}', '*.ts']

/**
 * Reads and parses every module of the checkout.
 * @throws {Error} naming the file that cannot be parsed
 */
export async function readSources(root: string): Promise<SourceFile[]> {
  const files: SourceFile[] = []
  for await (const file of glob(PATTERNS, { cwd: root, exclude: (name) => name === 'node_modules' })) {
    if (file.endsWith('.d.ts')) continue
    files.push(parseSource(file.split(path.sep).join('/'), readFileSync(path.join(root, file), 'utf8')))
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/**
 * Parses one module.
 * @throws {Error} naming the file when it is not TypeScript
 */
export function parseSource(file: string, text: string): SourceFile {
  const result = parseSync(file, text)
  const fault = result.errors.find((error) => error.severity === 'Error')
  if (fault) throw new Error(`${file}: ${fault.message}`)
  const lineOf = lineFinder(text)
  const imports: Import[] = []
  for (const found of result.module.staticImports) {
    const typeOnly = found.entries.length > 0 && found.entries.every((entry) => entry.isType)
    imports.push({ specifier: found.moduleRequest.value, typeOnly, line: lineOf(found.start) })
  }
  for (const found of result.module.staticExports) {
    const [first] = found.entries
    if (!first?.moduleRequest) continue
    const typeOnly = found.entries.every((entry) => entry.isType)
    imports.push({ specifier: first.moduleRequest.value, typeOnly, line: lineOf(found.start) })
  }
  for (const found of result.module.dynamicImports) {
    const literal = /^['"`]([^'"`$]+)['"`]$/.exec(text.slice(found.moduleRequest.start, found.moduleRequest.end))
    if (literal) imports.push({ specifier: literal[1]!, typeOnly: false, line: lineOf(found.start) })
  }
  const directives = result.program.body.flatMap((node) =>
    'directive' in node && node.directive ? [node.directive] : [],
  )
  return { path: file, text, program: result.program, directives, imports }
}

/** Finds the line of an offset; lines count from 1. */
export function lineFinder(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
