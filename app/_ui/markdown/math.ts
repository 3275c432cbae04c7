import type { Root } from 'hast'
import rehypeKatex from 'rehype-katex'
import type { Pluggable, Plugin } from 'unified'
import { classesOf, replaceElements } from '#app/_ui/markdown/shape.ts'

/** What the formulas of one rendering may weigh together; a thousand takes some 40 ms. */
const WEIGHT_MAX = 3_000
// Each level of nesting is measured again for the level around it.
const NESTING_MAX = 16

/** Leaves formulas as they were written that would take too long. */
function rehypeSparingly() {
  return (tree: Root): void => {
    let left = WEIGHT_MAX
    replaceElements(tree, (element) => {
      const text = element.children[0]
      if (element.tagName !== 'code' || text?.type !== 'text') return element
      const classes = classesOf(element)
      if (!classes.some((name) => name === 'language-math' || name.startsWith('math-'))) return element
      left -= weigh(text.value)
      return left < 0 || isNestedDeeply(text.value) ? { ...element, properties: {} } : element
    })
  }
}

// KaTeX makes up to 300 characters of HTML out of one, most of it for commands, indices and cells.
function weigh(formula: string): number {
  return 12 + formula.length + 8 * (formula.match(/[\\&^_]/g)?.length ?? 0)
}

function isNestedDeeply(formula: string): boolean {
  let depth = 0
  for (const [token] of formula.matchAll(/\\[{}]|[{}]|\\left|\\right|\\begin|\\end/g)) {
    if (token === '{' || token === '\\left' || token === '\\begin') depth++
    else if (token === '}' || token === '\\right' || token === '\\end') depth--
    if (depth > NESTING_MAX) return true
  }
  return false
}

const katexOptions = { errorColor: 'inherit', maxExpand: 200, maxSize: 20, strict: false, trust: false } as const

/** Formulas. What KaTeX cannot read stays as written, in the colour of the text: while streaming it is often half done. */
export const math: readonly Pluggable[] = [
  rehypeSparingly,
  [rehypeKatex as Plugin<[typeof katexOptions], Root>, katexOptions],
]
