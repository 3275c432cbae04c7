import { isTooCostly } from '#app/_ui/markdown/bounds.ts'
import type { Pipeline } from '#app/_ui/markdown/pipeline.ts'

/** A text that grows, cut into blocks that will not change any more and one last block that may. */
export type Blocks = { settled: readonly string[]; rest: string }

// A definition anywhere changes links and footnotes everywhere, so such a text is not cut.
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m

/**
 * Cuts a growing text. Only what follows the last settled block is parsed again.
 *
 * Markdown is read line by line, so a block is settled once another one has begun on a line that is complete.
 * @param previous result for a beginning of the same text
 */
export function growBlocks(previous: Blocks, text: string, parse: Pipeline['parse']): Blocks {
  if (DEFINITION.test(text)) return { settled: [], rest: text }
  const settledText = previous.settled.join('')
  const base = text.startsWith(settledText) ? previous.settled : []
  const tail = text.slice(base === previous.settled ? settledText.length : 0)

  if (isTooCostly(tail)) return { settled: base, rest: tail }

  const completeEnd = tail.lastIndexOf('\n') + 1
  const starts = parse(tail)
    .children.map((node) => {
      const start = node.position?.start
      return start?.offset === undefined ? 0 : start.offset - (start.column - 1)
    })
    .filter((start) => start < completeEnd)
  const boundaries = starts.slice(1)
  if (boundaries.length === 0) return { settled: base, rest: tail }

  const fresh = boundaries.map((end, index) => tail.slice(index === 0 ? 0 : boundaries[index - 1], end))
  return { settled: [...base, ...fresh], rest: tail.slice(boundaries.at(-1)) }
}
