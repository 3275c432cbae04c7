import { setImmediate } from 'node:timers/promises'
import { toHtml } from 'hast-util-to-html'
import { cutPieces } from '#app/_ui/markdown/bounds.ts'
import { highlight } from '#app/_ui/markdown/highlight.ts'
import { math } from '#app/_ui/markdown/math.ts'
import { createPipeline, type MarkdownLabels } from '#app/_ui/markdown/pipeline.ts'

/**
 * Renders a finished text on the server, piece by piece, so that others are served in between.
 * @param idPrefix unique on the page, as the message's id
 * @returns HTML that is safe to put into a page
 */
export async function renderMarkdown(markdown: string, labels: MarkdownLabels, idPrefix: string): Promise<string> {
  const html: string[] = []
  for (const [index, piece] of cutPieces(markdown).entries()) {
    await setImmediate()
    html.push(renderPiece(piece, labels, index === 0 ? idPrefix : `${idPrefix}-${index}`))
  }
  return html.join('\n')
}

function renderPiece(piece: string, labels: MarkdownLabels, idPrefix: string): string {
  const pipeline = createPipeline({ labels, idPrefix, math, highlight })
  try {
    return toHtml(pipeline.render(piece))
  } catch {
    return toHtml({ type: 'element', tagName: 'p', properties: {}, children: [{ type: 'text', value: piece }] })
  }
}
