import type { ElementContent, Root } from 'hast'
import type { Root as MarkdownRoot } from 'mdast'
import rehypeSanitize from 'rehype-sanitize'
import remarkCjkFriendly from 'remark-cjk-friendly'
import remarkGfm from 'remark-gfm'
import remarkMath from 'remark-math'
import remarkParse from 'remark-parse'
import remarkRehype from 'remark-rehype'
import { type Pluggable, unified } from 'unified'
import { isTooCostly } from '#app/_ui/markdown/bounds.ts'
import { remarkMathSyntax } from '#app/_ui/markdown/math-syntax.ts'
import {
  type MarkdownLabels,
  rehypeFormulaFocus,
  rehypeFrames,
  rehypeLinks,
  rehypeTasks,
} from '#app/_ui/markdown/shape.ts'

export type { MarkdownLabels }

/** The parts that weigh: the browser loads each when a text first needs it, the server has both. */
export type Extras = { math?: readonly Pluggable[]; highlight?: Pluggable }

export type Pipeline = {
  /** The blocks of a text, for cutting it where nothing to come can change what came before. */
  parse: (markdown: string) => MarkdownRoot
  /** A safe tree for one text or one block of it. */
  render: (markdown: string) => Root
}

export type PipelineOptions = Extras & {
  labels: MarkdownLabels
  /** Makes the ids of footnotes unique on a page. */
  idPrefix?: string
}

const SCHEMA = {
  strip: ['script', 'style'],
  clobber: [],
  tagNames:
    'a blockquote br code del em h1 h2 h3 h4 h5 h6 hr input li ol p pre section span strong sup table tbody td th thead tr ul'.split(
      ' ',
    ),
  attributes: {
    a: [
      'href',
      'title',
      'target',
      'rel',
      'id',
      'dataFootnoteRef',
      'dataFootnoteBackref',
      'ariaLabel',
      'ariaDescribedBy',
    ],
    code: [
      ['className', /^language-[\w+#.-]{1,40}$/, 'math-inline', 'math-display'] as [string, ...(string | RegExp)[]],
    ],
    h2: ['id', ['className', 'sr-only'] as [string, string]],
    input: [['disabled', true] as [string, boolean], ['type', 'checkbox'] as [string, string], 'checked'],
    li: ['id'],
    ol: ['start'],
    section: ['dataFootnotes'],
    td: ['align'],
    th: ['align'],
  },
  protocols: { href: ['http', 'https', 'mailto', '#'] },
}

/** Markup in a text is words, not markup; only the line break that models put into tables is taken as one. */
function htmlAsText(_state: unknown, node: { value: string }): ElementContent {
  if (/^<br\s*\/?>$/i.test(node.value)) return { type: 'element', tagName: 'br', properties: {}, children: [] }
  return { type: 'text', value: node.value }
}

/**
 * The one way from Markdown to what is shown, on the server and in the browser: GitHub's dialect, maths, emphasis that
 * works beside Chinese punctuation, no markup from the text itself.
 */
export function createPipeline({ labels, idPrefix = '', math, highlight }: PipelineOptions): Pipeline {
  const processor = unified()
    .use(remarkParse)
    .use(remarkGfm, { singleTilde: false })
    .use(remarkCjkFriendly)
    .use(remarkMath, { singleDollarTextMath: false })
    .use(remarkMathSyntax)
    .use(remarkRehype, {
      clobberPrefix: `${idPrefix}-`,
      footnoteLabel: labels.footnotes,
      handlers: { html: htmlAsText },
    })
    .use(rehypeLinks)
    .use(rehypeSanitize, SCHEMA)
    .use(rehypeTasks)
    .use(rehypeFrames, { labels })
    .use(highlight ? [highlight] : [])
    .use(math ? [...math, rehypeFormulaFocus] : [])
    .freeze()

  return {
    parse: (markdown) => processor.parse(markdown) as MarkdownRoot,
    render(markdown) {
      if (isTooCostly(markdown)) return plain(markdown)
      try {
        return processor.runSync(processor.parse(markdown)) as Root
      } catch {
        // Nesting deeper than the stack: the words are still readable.
        return plain(markdown)
      }
    },
  }
}

function plain(text: string): Root {
  const paragraph: ElementContent = {
    type: 'element',
    tagName: 'p',
    properties: { className: ['whitespace-pre-wrap'] },
    children: [{ type: 'text', value: text }],
  }
  return { type: 'root', children: [paragraph] }
}
