import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type MessageFormatElement, parse, TYPE } from '@formatjs/icu-messageformat-parser'
import { ERROR_STATUS } from '#lib/errors.ts'
import { isTest } from './module-graph.ts'
import type { SourceFile } from './source.ts'
import { findTexts, findUses, type TranslationUse } from './translation-uses.ts'

/** Texts of one language by `namespace.key`. */
export type Catalogue = Map<string, string>

const FOLDER = 'lib/i18n/messages'
/** The language that the others follow. */
const BASE = 'en'

/**
 * Holds the catalogues against each other and against the code.
 * @param root the checkout
 * @returns one line for each fault; empty when there is none
 */
export function checkCatalogues(root: string, files: readonly SourceFile[]): string[] {
  const faults: string[] = []
  const catalogues = new Map<string, Catalogue>()
  for (const locale of readdirSync(path.join(root, FOLDER)).sort()) {
    const catalogue: Catalogue = new Map()
    for (const name of readdirSync(path.join(root, FOLDER, locale)).sort()) {
      const file = `${FOLDER}/${locale}/${name}`
      const namespace = path.basename(name, '.json')
      faults.push(...flatten(file, namespace, JSON.parse(readFileSync(path.join(root, file), 'utf8')), catalogue))
    }
    catalogues.set(locale, catalogue)
  }
  const product = files.filter((file) => !isTest(file.path))
  const elsewhere = product.filter((file) => file.path !== 'lib/i18n/messages.ts').flatMap(findTexts)
  const readWhole = new Set(
    elsewhere.filter((text) => text.endsWith('.json')).map((text) => path.basename(text, '.json')),
  )
  const base = catalogues.get(BASE) ?? new Map<string, string>()
  const codes = Object.keys(ERROR_STATUS)
  const errorTexts = new Set(codes.map((code) => `errors.${code}`))
  return [
    ...faults,
    ...compareCatalogues(catalogues),
    ...findMissingErrorTexts(base, codes),
    ...compareWithUses(
      base,
      product.flatMap(findUses),
      (name) => readWhole.has(name.split('.')[0]!) || errorTexts.has(name),
    ),
  ]
}

function flatten(file: string, prefix: string, value: unknown, into: Catalogue): string[] {
  if (typeof value === 'string') {
    into.set(prefix, value)
    return []
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${file}: ${prefix} is no text`]
  return Object.entries(value).flatMap(([key, entry]) =>
    key === '' || key.includes('.')
      ? [`${file}: the key '${key}' below ${prefix} may not be empty or hold a dot`]
      : flatten(file, `${prefix}.${key}`, entry, into),
  )
}

/** Every language has the same keys with the same values in them, and no text is empty or broken. */
export function compareCatalogues(catalogues: ReadonlyMap<string, Catalogue>): string[] {
  const base = catalogues.get(BASE)
  if (!base) return [`${FOLDER}/${BASE} is missing`]
  const faults: string[] = []
  for (const [locale, catalogue] of catalogues) {
    for (const key of base.keys()) if (!catalogue.has(key)) faults.push(`${locale}: ${key} is missing`)
    for (const [key, text] of catalogue) {
      const fault = textFault(locale, text) ?? compareWithBase(text, base.get(key))
      if (fault) faults.push(`${locale}: ${key} ${fault}`)
    }
  }
  return faults
}

function textFault(locale: string, text: string): string | undefined {
  if (text.trim() === '') return 'is empty'
  if (locale.startsWith('zh') && text.includes('您')) return 'says 您; this house says 你'
  try {
    parse(text)
  } catch (error) {
    return `is not a valid message: ${(error as Error).message}`
  }
  return undefined
}

function compareWithBase(text: string, base: string | undefined): string | undefined {
  if (base === undefined) return `is not in ${BASE}`
  const expected = tryArguments(base)
  const found = tryArguments(text)
  if (!expected || !found || expected.join() === found.join()) return undefined
  const list = (names: string[]) => names.join(', ') || 'nothing'
  return `takes ${list(found)}, but ${BASE} takes ${list(expected)}`
}

function tryArguments(text: string): string[] | undefined {
  try {
    return argumentsOf(text)
  } catch {
    // Reported as not a valid message already.
    return undefined
  }
}

/**
 * The names of the values and tags that a message takes, sorted; a choice among words with its words.
 * @throws {Error} when it is not a valid ICU message
 */
export function argumentsOf(text: string): string[] {
  const names = new Set<string>()
  const walk = (elements: MessageFormatElement[]) => {
    for (const element of elements) {
      switch (element.type) {
        case TYPE.literal:
        case TYPE.pound:
          break
        case TYPE.tag:
          names.add(`<${element.value}>`)
          walk(element.children)
          break
        case TYPE.select:
          names.add(`${element.value} (${Object.keys(element.options).sort().join('|')})`)
          for (const option of Object.values(element.options)) walk(option.value)
          break
        case TYPE.plural:
          names.add(element.value)
          for (const option of Object.values(element.options)) walk(option.value)
          break
        default:
          names.add(element.value)
      }
    }
  }
  walk(parse(text))
  return [...names].sort()
}

/** Every error code has its text. */
export function findMissingErrorTexts(base: Catalogue, codes: readonly string[]): string[] {
  return codes
    .filter((code) => !base.has(`errors.${code}`))
    .map((code) => `${BASE}: errors.${code} is missing (lib/errors.ts)`)
}

/**
 * Every key that the code names is there and gets its values, and every key is used.
 * @param isExcused whether a text is used in a way that no translator shows
 */
export function compareWithUses(
  base: Catalogue,
  uses: readonly TranslationUse[],
  isExcused: (name: string) => boolean,
): string[] {
  const faults: string[] = []
  const used = new Set<string>()
  const namespaces = [...new Set([...base.keys()].map((key) => key.split('.')[0]!))]
  for (const use of uses) {
    const places = (use.namespaces ?? namespaces).map((namespace) => (namespace ? `${namespace}.` : ''))
    for (const key of use.keys) {
      const found = places.map((place) => place + key).filter((name) => base.has(name))
      for (const name of found) used.add(name)
      if (found.length === 0)
        faults.push(`${use.file}:${use.line}: no text ${places.map((place) => place + key).join(' or ')}`)
      const [only, ...others] = found
      const lacking = only && others.length === 0 ? lackingValues(base.get(only)!, use.values) : []
      if (lacking.length > 0) faults.push(`${use.file}:${use.line}: ${only} needs ${lacking.join(', ')}`)
    }
    // A translator of unknown origin with a computed key would excuse every text there is.
    const prefixes = use.namespaces ? use.prefixes : use.prefixes.filter(Boolean)
    const starts = places.flatMap((place) => prefixes.map((prefix) => place + prefix))
    for (const name of base.keys()) if (starts.some((start) => name.startsWith(start))) used.add(name)
  }
  for (const name of base.keys()) {
    if (!used.has(name) && !isExcused(name)) faults.push(`${BASE}: ${name} is used nowhere`)
  }
  return faults
}

function lackingValues(text: string, values: string[] | undefined): string[] {
  if (!values) return []
  const given = new Set(values)
  const needed = (tryArguments(text) ?? []).map((name) => /^<?([^ >]+)/.exec(name)![1]!)
  return needed.filter((name) => !given.has(name))
}
