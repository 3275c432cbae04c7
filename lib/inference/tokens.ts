import { singleton } from '#lib/singleton.ts'

/**
 * The tokenizer needs seconds for one long run of characters without a break, since merging is quadratic in its
 * length. Runs are cut here; a cut costs at most one token more than the exact count.
 */
export const RUN_MAX = 64
/** Characters counted before the event loop gets its turn. */
export const SLICE_MAX = 1_024
/** Beyond this many UTF-8 bytes a text's length in bytes stands for its tokens: a bound, for no token is shorter. */
export const EXACT_BYTES_MAX = 65_536

/** What a message costs beyond its text, and what every prompt costs, in tokens of the chat format. */
export const TOKENS_PER_MESSAGE = 4
export const TOKENS_PER_PROMPT = 3

/**
 * How many tokens a text has, by our own count (o200k). It never stalls the event loop.
 * Over 64 kB the answer is the number of UTF-8 bytes, an upper bound.
 */
export async function countTokens(text: string): Promise<number> {
  const bytes = Buffer.byteLength(text)
  return bytes > EXACT_BYTES_MAX ? bytes : countAll(text)
}

/** The same without the bound: for what a vendor sent and did not count. */
export async function countAll(text: string): Promise<number> {
  const count = await loadTokenizer()
  let tokens = 0
  for (const slice of slicesOf(text)) {
    for (const piece of slice) tokens += count(piece)
    await yieldToEventLoop()
  }
  return tokens
}

/**
 * A text in slices to count between turns of the event loop; each slice in pieces to count on their own.
 * Put together the pieces are the text. No piece holds more than RUN_MAX characters without a break.
 */
export function* slicesOf(text: string): Generator<string[]> {
  let pieces: string[] = []
  let size = 0
  for (const piece of piecesOf(text)) {
    pieces.push(piece)
    size += piece.length
    if (size < SLICE_MAX) continue
    yield pieces
    pieces = []
    size = 0
  }
  if (pieces.length > 0) yield pieces
}

/** Characters counted at once where nothing has to be cut. */
const PIECE_MAX = 512

// Whole code points (the u flag), so that no surrogate pair is cut.
const RUN = new RegExp(`\\s{1,${RUN_MAX}}|\\S{1,${RUN_MAX}}`, 'gu')

function* piecesOf(text: string): Generator<string> {
  let start = 0
  let end = 0
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const cut = index > 0 && !isBreak(text, index)
    if (index > start && (cut || index - start >= PIECE_MAX)) {
      yield text.slice(start, index)
      start = index
    }
    end = index + run.length
  }
  if (end > start) yield text.slice(start, end)
}

/** True where the text changes between space and letters by itself, so that a run ends there anyway. */
function isBreak(text: string, index: number): boolean {
  return /\s/.test(text[index - 1]!) !== /\s/.test(text[index]!)
}

function loadTokenizer(): Promise<(text: string) => number> {
  // Two megabytes of tables: loaded at first use, once per process.
  return singleton('tokenizer', async () => {
    const { countTokens: count } = await import('gpt-tokenizer/encoding/o200k_base')
    // A person may write a special token's name; to us it is text.
    const asText = { disallowedSpecial: new Set<string>() }
    return (text: string) => count(text, asText)
  })
}

function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
