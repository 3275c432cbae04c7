import type { Element, ElementContent, Root } from 'hast'

/** Words that rendering puts into the page, in the reader's language. */
export type MarkdownLabels = { copy: string; code: string; table: string; footnotes: string }

type Parent = Element | Root

/** Replaces elements from the leaves up. */
export function replaceElements(parent: Parent, replace: (element: Element, parent: Parent) => ElementContent): void {
  for (const [index, child] of parent.children.entries()) {
    if (child.type !== 'element') continue
    replaceElements(child, replace)
    parent.children[index] = replace(child, parent)
  }
}

/** Only addresses that lead to the open web: relative ones would act on our own site. */
function isOpenLink(href: unknown): href is string {
  if (typeof href !== 'string') return false
  try {
    return ['http:', 'https:', 'mailto:'].includes(new URL(href).protocol)
  } catch {
    return false
  }
}

/**
 * A rehype plugin for links and images. A picture is never fetched: its address could carry what the conversation says
 * to a stranger's server. It becomes a link that a person may follow.
 */
export function rehypeLinks() {
  return (tree: Root): void =>
    replaceElements(tree, (element) => {
      if (element.tagName === 'img') return imageLink(element)
      if (element.tagName !== 'a') return element
      const { href } = element.properties
      if (typeof href === 'string' && href.startsWith('#') && isFootnoteLink(element)) return element
      if (!isOpenLink(href)) return { ...element, tagName: 'span', properties: {} }
      return { ...element, properties: outward(href, element.properties.title) }
    })
}

const BLOCKS = new Set(['blockquote', 'div', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'ol', 'p', 'pre', 'table', 'ul'])

function isFootnoteLink(element: Element): boolean {
  return 'dataFootnoteRef' in element.properties || 'dataFootnoteBackref' in element.properties
}

function imageLink(image: Element): ElementContent {
  const { src, alt, title } = image.properties
  const text = String(alt || (isOpenLink(src) ? src : ''))
  if (!isOpenLink(src)) return { type: 'text', value: text }
  return {
    type: 'element',
    tagName: 'a',
    properties: outward(src, title),
    children: [{ type: 'text', value: text }],
  }
}

function outward(href: string, title: unknown) {
  return {
    href,
    ...(typeof title === 'string' ? { title } : {}),
    rel: ['noopener', 'noreferrer', 'nofollow'],
    target: '_blank',
  }
}

export function classesOf(element: Element): string[] {
  return Array.isArray(element.properties.className) ? element.properties.className.map(String) : []
}

/** A rehype plugin: code gets a bar with its language and a copy button; code and tables scroll and take focus. */
export function rehypeFrames({ labels }: { labels: MarkdownLabels }) {
  return (tree: Root): void =>
    replaceElements(tree, (element) => {
      if (element.tagName === 'table') {
        return box('table-scroll', { tabIndex: 0, role: 'group', ariaLabel: labels.table }, [element])
      }
      const code = element.children[0]
      if (element.tagName !== 'pre' || code?.type !== 'element' || code.tagName !== 'code') return element
      const classes = classesOf(code)
      if (classes.includes('language-math')) return element
      const language = classes.find((name) => name.startsWith('language-'))?.slice('language-'.length)
      element.properties = {
        tabIndex: 0,
        role: 'group',
        ariaLabel: language ? `${labels.code}: ${language}` : labels.code,
      }
      return box('code-block', {}, [
        box('code-bar', {}, [
          {
            type: 'element',
            tagName: 'span',
            properties: {},
            children: [{ type: 'text', value: language ?? labels.code }],
          },
          {
            type: 'element',
            tagName: 'button',
            properties: { type: 'button', className: ['code-copy'] },
            children: [{ type: 'text', value: labels.copy }],
          },
        ]),
        element,
      ])
    })
}

function box(className: string, properties: Element['properties'], children: ElementContent[]): Element {
  return { type: 'element', tagName: 'div', properties: { className: [className], ...properties }, children }
}

/** A rehype plugin: the words of a task become the name of its box. Use it after sanitising. */
export function rehypeTasks() {
  return (tree: Root): void =>
    replaceElements(tree, (element) => {
      const start = element.children.findIndex((child) => child.type === 'element' && child.tagName === 'input')
      if (start < 0) return element
      const rest = element.children.slice(start)
      const end = rest.findIndex((child) => child.type === 'element' && BLOCKS.has(child.tagName))
      const words = end < 0 ? rest : rest.slice(0, end)
      const label: Element = { type: 'element', tagName: 'label', properties: {}, children: words }
      element.children.splice(start, words.length, label)
      return element
    })
}

/** A rehype plugin: a formula wider than the column scrolls, so it must take focus. Use it after KaTeX. */
export function rehypeFormulaFocus() {
  return (tree: Root): void =>
    replaceElements(tree, (element) => {
      if (classesOf(element).includes('katex-display')) element.properties.tabIndex = 0
      return element
    })
}
