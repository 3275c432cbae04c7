import { AppError } from '#lib/errors.ts'

/** UTF-8 bytes a person's message may have. */
export const MESSAGE_BYTES_MAX = 1024 * 1024

const TITLE_GRAPHEMES = 60
/** The table's bound, less the ellipsis: one grapheme can be arbitrarily many code points. */
const TITLE_CODE_POINTS = 199

/**
 * Refuses what cannot be a message or cannot be stored as it is.
 * @throws {AppError} `message_empty`, `message_too_large`, `invalid_input` (NUL or half a surrogate pair)
 */
export function checkMessageText(text: string): void {
  if (text.trim() === '') throw new AppError('message_empty')
  if (Buffer.byteLength(text) > MESSAGE_BYTES_MAX) {
    throw new AppError('message_too_large', { params: { maxBytes: MESSAGE_BYTES_MAX } })
  }
  if (text.includes('\0') || !text.isWellFormed()) throw new AppError('invalid_input')
}

/** A conversation's first title: the first line of its first message, cut between graphemes. */
export function titleOf(text: string): string {
  const line = text.trimStart().split(/[\r\n\u2028\u2029]/, 1)[0]!
  // Bounded before it is segmented: a line may be a megabyte.
  const clean = line
    .slice(0, 4_000)
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  const graphemes = Array.from(
    new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(clean),
    (g) => g.segment,
  )
  let title = graphemes.slice(0, TITLE_GRAPHEMES).join('')
  const codePoints = Array.from(title)
  if (codePoints.length > TITLE_CODE_POINTS) title = codePoints.slice(0, TITLE_CODE_POINTS).join('')
  const isCut = title === '' || title.length < clean.length || line.length > 4_000
  return isCut ? `${title.trimEnd()}…` : title
}

/** Makes text from a vendor storable: PostgreSQL's text knows no NUL and no half surrogate pairs. */
export function storable(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '') : text).toWellFormed()
}

/** True when a text ends in the first half of a surrogate pair, whose other half is still to come. */
export function endsInHalfPair(text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff
}
