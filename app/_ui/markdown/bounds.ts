/*
 * What a text may cost to render. Markdown has corners where time grows with the square of the length (emphasis that
 * never closes, addresses, nesting), and formulas and tables can blow a short text up a hundredfold. A text is cut into
 * pieces, each cheap or else shown as it was written, so that no answer holds up the server for others.
 */

/** Longer texts are shown as they are: nobody reads them. */
const MARKDOWN_MAX = 100_000

const PIECE_MIN = 1_000
/** A longer piece is cut at a blank line although a reference may lead out of it. */
const PIECE_MAX = 12_000

const MARKS_MAX = 1_200
const MARKS_IN_PARAGRAPH_MAX = 400
const LINES_MAX = 400
const COLUMNS_MAX = 40
const CELLS_MAX = 800
const FENCES_MAX = 40
const ADDRESSES_IN_PARAGRAPH_MAX = 60

const FENCE = /^[ \t]{0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/
// Each level of nesting is walked again for each line within it.
const DEEP = /^(?:(?:[ \t]{0,3}(?:>|[-*+][ \t]|\d{1,9}[.)][ \t])){20}|[ \t]{60,}[-*+\d])/
const MARK = /[*_~`[\]<>$&!]|\\[([]/g
const ADDRESS = /www\.|https?:|@/gi
// A definition changes what is written anywhere else.
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m

/** True when rendering this Markdown as one piece could take longer than a reader of something else should wait. */
export function isTooCostly(markdown: string): boolean {
  if (markdown.length > MARKDOWN_MAX) return true
  let lines = 0
  let cells = 0
  let marks = 0
  let paragraphMarks = 0
  let addresses = 0
  let fences = 0
  for (const { line, isCode, isFence } of readLines(markdown)) {
    if (isFence && ++fences > FENCES_MAX) return true
    if (isCode) continue
    if (line.trim() === '') {
      paragraphMarks = 0
      addresses = 0
      continue
    }
    const inLine = line.match(MARK)?.length ?? 0
    const columns = line.match(/\|/g)?.length ?? 0
    lines++
    cells += columns
    marks += inLine
    paragraphMarks += inLine
    addresses += line.match(ADDRESS)?.length ?? 0
    if (columns > COLUMNS_MAX || paragraphMarks > MARKS_IN_PARAGRAPH_MAX || addresses > ADDRESSES_IN_PARAGRAPH_MAX) {
      return true
    }
    if (lines > LINES_MAX || cells > CELLS_MAX || marks > MARKS_MAX || DEEP.test(line)) return true
  }
  return false
}

/**
 * Cuts a text where what follows cannot change what came before: at a blank line outside of code, before a line that
 * begins with a heading or a letter, which ends every list, quote and table.
 * @returns the pieces; joined they are the text
 */
export function cutPieces(markdown: string): string[] {
  if (markdown.length > MARKDOWN_MAX) return [markdown]
  const isLinked = DEFINITION.test(markdown)
  const least = isLinked ? PIECE_MAX : PIECE_MIN
  const pieces: string[] = []
  let start = 0
  let offset = 0
  let afterBlank = false
  for (const { line, isCode } of readLines(markdown)) {
    if (!isCode && afterBlank && offset - start >= least && /^(?:#{1,6} |\p{L})/u.test(line)) {
      pieces.push(markdown.slice(start, offset))
      start = offset
    }
    afterBlank = !isCode && line.trim() === ''
    offset += line.length + 1
  }
  pieces.push(markdown.slice(start))
  return pieces
}

/** The lines of a text; of fenced code the opening one is a fence. */
function* readLines(markdown: string): Generator<{ line: string; isCode: boolean; isFence: boolean }> {
  let fence: string | null = null
  for (const line of markdown.split('\n')) {
    const match = FENCE.exec(line)
    const marker = match?.[1] ?? match?.[2]
    if (fence === null) {
      yield { line, isCode: marker !== undefined, isFence: marker !== undefined }
      fence = marker ?? null
    } else {
      yield { line, isCode: true, isFence: false }
      if (marker?.startsWith(fence) && line.trim() === marker) fence = null
    }
  }
}
