import remend from 'remend'

/**
 * Closes what a text that is still arriving has left open, so that half a formula or half a link is not shown as
 * the characters it is written with. Only for showing; the text itself stays as it came.
 */
export function closeOpenSyntax(text: string): string {
  const closed = closeBackslashMath(text)
  if (closed !== text) return closed
  return remend(text, { comparisonOperators: false, htmlTags: false, linkMode: 'text-only', singleTilde: false })
}

function closeBackslashMath(text: string): string {
  const block = text.lastIndexOf('\\[')
  const inline = text.lastIndexOf('\\(')
  const start = Math.max(block, inline)
  if (start < 0 || text[start - 1] === '\\') return text
  const rest = text.slice(start)
  if (rest.includes('\n\n') || isWithinCode(text.slice(0, start))) return text
  const closing = start === block ? '\\]' : '\\)'
  if (rest.includes(closing)) return text
  return `${text.replace(/\\$/, '')}${rest.includes('\n') && start === block ? '\n' : ''}${closing}`
}

function isWithinCode(before: string): boolean {
  const fences = before.match(/^ {0,3}(?:```|~~~)/gm)?.length ?? 0
  if (fences % 2 === 1) return true
  const line = before.slice(before.lastIndexOf('\n') + 1)
  return (line.match(/`/g)?.length ?? 0) % 2 === 1
}
