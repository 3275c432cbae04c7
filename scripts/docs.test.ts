import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Nodes } from 'mdast'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '#lib/settings/definitions.ts'
import { answer } from '#scripts/admin/run.ts'

const root = path.dirname(import.meta.dirname)
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

/** What an operator reads, in each language; both say everything. */
const MANUALS = ['README.md', 'README.zh-CN.md']
const DOCUMENTS = [...MANUALS, 'CONTRIBUTING.md', 'DECISIONS.md', 'lib/ledger/README.md']

/** Set by our own scripts, for each other. */
const INTERNAL = new Set(['NODE_ENV', 'UB_DATABASE', 'UB_DEMO_URL', 'UB_DEMO_PAY'])
const variables = Array.from(
  read('lib/env.ts').matchAll(/^ {4}([A-Z][A-Z_]+): /gm),
  ([, name]) => name as string,
).filter((name) => !INTERNAL.has(name))
const settings = Object.keys(SETTINGS).map((key) => key.replace(/_micros$/, ''))

describe.each(MANUALS)('%s', (manual) => {
  const text = read(manual)
  const named = new Set(Array.from(text.matchAll(/`([^`\n]+)`/g), ([, code]) => code))

  it.each(variables)('tells what %s is for', (name) => expect(named).toContain(name))
  it.each(settings)('tells what the setting %s is for', (name) => expect(named).toContain(name))

  it('names no command that does not exist', async () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const [, name = ''] of text.matchAll(/npm run (?:-s )?([\w:]+)/g)) expect(Object.keys(scripts)).toContain(name)
    const help = await answer(['help'], {
      withService: () => Promise.reject(new Error('help needs no service')),
      readSecret: () => Promise.reject(new Error('help asks nothing')),
    })
    const verbs = Array.from(help.stdout.matchAll(/^ {2}([a-z-]+(?: [a-z]+)?) {2,}/gm), ([, verb]) => verb as string)
    expect(verbs.length).toBeGreaterThan(20)
    for (const [, words = ''] of text.matchAll(/admin -- ([a-z-]+(?: [a-z]+)?)/g)) {
      const [first = ''] = words.split(' ')
      expect(['help', ...verbs, ...verbs.map((verb) => verb.split(' ')[0])], words).toContain(first)
      if (verbs.some((verb) => verb.startsWith(`${first} `)) && words.includes(' ')) expect(verbs).toContain(words)
    }
    for (const [, file = ''] of text.matchAll(/(?:^|[\s`])\.\/([\w./-]+\.(?:sh|ts|mjs))/gm)) {
      expect(existsSync(path.join(root, file)), file).toBe(true)
    }
  })
})

it('the manuals have the same chapters and the same commands, whatever their language', () => {
  const [english, chinese] = MANUALS.map((manual) => {
    const nodes = flatten(parse(manual))
    return {
      headings: nodes.flatMap((node) => (node.type === 'heading' ? [node.depth] : [])),
      commands: nodes.flatMap((node) =>
        node.type === 'code' && node.lang === 'sh' ? [withoutComments(node.value)] : [],
      ),
      pictures: nodes.filter((node) => node.type === 'image').length,
    }
  })
  expect(chinese).toEqual(english)
})

describe.each(DOCUMENTS)('the links of %s', (file) => {
  const targets = flatten(parse(file)).flatMap((node) =>
    node.type === 'link' || node.type === 'image' ? [node.url] : [],
  )

  it('lead to files and headings that are there', () => {
    for (const target of targets.filter((url) => !/^[a-z]+:/.test(url))) {
      const [place = '', anchor] = target.split('#')
      const there = place === '' ? file : path.join(path.dirname(file), decodeURIComponent(place))
      expect(existsSync(path.join(root, there)), target).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(there), target).toContain(decodeURIComponent(anchor))
    }
  })
})

function parse(file: string): Nodes {
  return unified().use(remarkParse).use(remarkGfm).parse(read(file))
}

function flatten(node: Nodes): Nodes[] {
  return [node, ...('children' in node ? node.children.flatMap(flatten) : [])]
}

function anchorsOf(file: string): string[] {
  return flatten(parse(file))
    .filter((node) => node.type === 'heading')
    .map((heading) => flatten(heading).map((node) => ('value' in node ? node.value : '')))
    .map((parts) =>
      parts
        .join('')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    )
}

/** Commands are compared without what explains them. */
function withoutComments(code: string): string {
  return code.replaceAll(/\s+#.*$/gm, '').trim()
}
