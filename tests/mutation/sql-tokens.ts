/** A word, literal or sign of SQL; white space and comments are left out. `start` and `end` are offsets in the text. */
export type Token = { kind: 'word' | 'string' | 'number' | 'sign'; text: string; start: number; end: number }

const PARTS =
  /(?<skip>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^']|'')*')|(?<word>[\p{L}_#][\p{L}\p{N}_$]*|"[^"]+")|(?<number>\d+(?:\.\d+)?)|(?<sign>:=|=>|::|<=|>=|<>|!=|~|->>|->|\|\||\.\.|&&|@>|<@|[-+*/%<>=(),;.:[\]^|@!&])/uy

/**
 * Cuts SQL or PL/pgSQL into tokens. Words keep their spelling; compare them with `isWord`.
 * @throws {Error} at what is neither
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    PARTS.lastIndex = at
    const groups = PARTS.exec(text)?.groups
    if (!groups) throw new Error(`not SQL: ${text.slice(at, at + 40)}`)
    const end = PARTS.lastIndex
    for (const kind of ['word', 'string', 'number', 'sign'] as const) {
      if (groups[kind] !== undefined) tokens.push({ kind, text: groups[kind], start: at, end })
    }
    at = end
  }
  return tokens
}

/** Whether a token is one of these words, which are given in upper case. */
export function isWord(token: Token | undefined, ...words: string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase())
}

/** Whether a token is one of these signs. */
export function isSign(token: Token | undefined, ...signs: string[]): boolean {
  return token?.kind === 'sign' && signs.includes(token.text)
}

/** Tokens `from` up to and without `to`. */
export type Range = { from: number; to: number }

/** How deep in brackets and CASE … END each token of a range lies, counted from the range; openers lie outside. */
export function depthsOf(tokens: readonly Token[], { from, to }: Range): number[] {
  const depths: number[] = []
  let depth = 0
  for (let at = from; at < to; at++) {
    const token = tokens[at]
    if (isSign(token, ')', ']') || isWord(token, 'END')) depth--
    depths.push(depth)
    if (isSign(token, '(', '[') || isWord(token, 'CASE')) depth++
  }
  return depths
}

/** Cuts a range at the tokens of its own depth for which `isCut` holds; the cuts are in no part. */
export function splitAt(
  tokens: readonly Token[],
  range: Range,
  isCut: (token: Token, index: number) => boolean,
): Range[] {
  const depths = depthsOf(tokens, range)
  const parts: Range[] = []
  let from = range.from
  for (let at = range.from; at < range.to; at++) {
    if (depths[at - range.from] === 0 && isCut(tokens[at]!, at)) {
      parts.push({ from, to: at })
      from = at + 1
    }
  }
  parts.push({ from, to: range.to })
  return parts
}

/** The first token at or after `from` at the depth of `from` for which `isEnd` holds, or the bracket that closes, or `to`. */
export function endOf(
  tokens: readonly Token[],
  { from, to }: Range,
  isEnd: (token: Token, index: number) => boolean,
): number {
  let depth = 0
  for (let at = from; at < to; at++) {
    const token = tokens[at]!
    if (isSign(token, ')', ']') || isWord(token, 'END')) depth--
    if (depth < 0 || (depth === 0 && isEnd(token, at))) return at
    if (isSign(token, '(', '[') || isWord(token, 'CASE')) depth++
  }
  return to
}
