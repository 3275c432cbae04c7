import { toHtml } from 'hast-util-to-html'
import { highlight } from '#app/_ui/markdown/highlight.ts'
import { math } from '#app/_ui/markdown/math.ts'
import { createPipeline, type MarkdownLabels } from '#app/_ui/markdown/pipeline.ts'

/**
 * Renders a finished text on the server.
 * @param idPrefix unique on the page, as the message's id
 * @returns HTML that is safe to put into a page
 */
export function renderMarkdown(markdown: string, labels: MarkdownLabels, idPrefix: string): string {
  const pipeline = createPipeline({ labels, idPrefix, math, highlight })
  try {
    return toHtml(pipeline.render(markdown))
  } catch {
    return toHtml({ type: 'element', tagName: 'p', properties: {}, children: [{ type: 'text', value: markdown }] })
  }
}
