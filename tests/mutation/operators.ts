import { depthsOf, endOf, isSign, isWord, type Range, splitAt, type Token } from './sql-tokens.ts'

/** One small change of a text. `operator` names the kind of change. */
export type Edit = { operator: string; start: number; end: number; text: string }

/** SQL as text and tokens. */
export type Sql = { text: string; tokens: readonly Token[] }

/** An edit that puts other text in the place of a range of tokens. */
export function replace({ tokens }: Sql, operator: string, { from, to }: Range, text: string): Edit {
  return { operator, start: tokens[from]!.start, end: tokens[to - 1]!.end, text }
}

/** The text of a range of tokens. */
function textOf({ text, tokens }: Sql, { from, to }: Range): string {
  return from < to ? text.slice(tokens[from]!.start, tokens[to - 1]!.end) : ''
}

/** What can be changed in an expression or a statement word by word: signs, bounds, constants, functions. */
export function* mutateTokens(sql: Sql, range: Range): Iterable<Edit> {
  const { tokens } = sql
  const assigned = assignments(tokens, range)
  for (let at = range.from; at < range.to; at++) {
    const token = tokens[at]!
    const one = { from: at, to: at + 1 }
    const flipped = FLIPPED[token.text]
    if (token.kind === 'sign' && flipped && !assigned.has(at)) yield replace(sql, 'comparison', one, flipped)
    if (isSign(token, '+', '-')) {
      const isBinary = isOperand(tokens[at - 1])
      if (isBinary) yield replace(sql, 'sign', one, token.text === '+' ? '-' : '+')
      else if (token.text === '-') yield replace(sql, 'sign', one, '')
    }
    if (isSign(token, '*', '/') && isOperand(tokens[at - 1])) {
      yield replace(sql, 'sign', one, token.text === '*' ? '/' : '*')
    }
    if (token.kind === 'number' && isMeant(tokens, at)) yield replace(sql, 'constant', one, otherNumber(token.text))
    if (token.kind === 'string') {
      const other = otherString(token.text)
      if (other) yield replace(sql, 'constant', one, other)
    }
    if (isWord(token, 'TRUE', 'FALSE')) yield replace(sql, 'constant', one, isWord(token, 'TRUE') ? 'false' : 'true')
    if (isWord(token, 'IS')) {
      yield isWord(tokens[at + 1], 'NOT')
        ? replace(sql, 'negation', { from: at, to: at + 2 }, 'IS')
        : replace(sql, 'negation', one, 'IS NOT')
    }
    if (isWord(token, 'NOT') && !isWord(tokens[at - 1], 'IS')) yield replace(sql, 'negation', one, '')
    if (isWord(token, 'IN') && isSign(tokens[at + 1], '(') && !isWord(tokens[at - 1], 'NOT')) {
      yield replace(sql, 'negation', one, 'NOT IN')
    }
    if (token.kind === 'word' && isSign(tokens[at + 1], '(')) yield* mutateCall(sql, at)
  }
}

/** Dropped operands of AND and OR in a condition, at every depth of it; a condition without either is dropped whole. */
export function* dropConditions(sql: Sql, range: Range): Iterable<Edit> {
  const found = [...dropOperands(sql, range)]
  yield* found.length > 0 ? found : [replace(sql, 'condition', range, 'true')]
}

function* dropOperands(sql: Sql, range: Range): Iterable<Edit> {
  const { tokens } = sql
  const ors = splitAt(tokens, range, (token) => isWord(token, 'OR'))
  const parts = ors.length > 1 ? ors : splitAt(tokens, range, isConjunction(tokens))
  for (const part of parts) {
    if (parts.length > 1) yield replace(sql, 'condition', part, ors.length > 1 ? 'false' : 'true')
    if (parts.length > 1 && ors.length > 1) yield* dropOperands(sql, part)
    const depths = depthsOf(tokens, part)
    for (let at = part.from; at < part.to; at++) {
      if (depths[at - part.from] !== 0 || !isSign(tokens[at], '(')) continue
      const inside = { from: at + 1, to: endOf(tokens, { from: at + 1, to: part.to }, () => false) }
      if (!isWord(tokens[inside.from], 'SELECT') && !isList(tokens, at)) yield* dropOperands(sql, inside)
    }
  }
}

/** Clauses of queries: WHERE and ON by conjunct, ORDER BY, LIMIT, row locks, ON CONFLICT, outer joins, SET and VALUES. */
export function* mutateClauses(sql: Sql, range: Range): Iterable<Edit> {
  const { tokens } = sql
  for (let at = range.from; at < range.to; at++) {
    const upTo = (from: number, ...words: string[]) => ({
      from,
      to: endOf(tokens, { from, to: range.to }, (token) => isWord(token, ...words) || isSign(token, ';')),
    })
    const token = tokens[at]!
    if (isWord(token, 'WHERE', 'HAVING') || (isWord(token, 'ON') && !isWord(tokens[at + 1], 'CONFLICT'))) {
      yield* dropConditions(sql, upTo(at + 1, ...AFTER_WHERE))
    }
    if (isWord(token, 'WHEN') && !isWord(tokens[at - 1], 'EXIT')) {
      const condition = upTo(at + 1, 'THEN')
      yield replace(sql, 'condition', condition, 'true')
      yield replace(sql, 'condition', condition, 'false')
      yield* dropConditions(sql, condition)
    }
    if (isWord(token, 'ORDER') && isWord(tokens[at + 1], 'BY')) {
      yield* mutateOrder(sql, at, upTo(at + 2, 'LIMIT', 'OFFSET', 'FOR', 'LOOP', 'UNION', 'INTO'))
    }
    if (isWord(token, 'LIMIT')) yield replace(sql, 'limit', { from: at, to: upTo(at, 'FOR', 'LOOP', 'INTO').to }, '')
    if (isWord(token, 'FOR') && isWord(tokens[at + 1], 'UPDATE', 'NO', 'SHARE', 'KEY')) {
      yield replace(sql, 'row lock', upTo(at, 'LOOP'), '')
    }
    if (isWord(token, 'ON') && isWord(tokens[at + 1], 'CONFLICT')) {
      yield replace(sql, 'on conflict', upTo(at, 'RETURNING'), '')
    }
    if (isWord(token, 'LEFT') && isWord(tokens[at + 1], 'JOIN'))
      yield replace(sql, 'join', { from: at, to: at + 1 }, '')
    if (isWord(token, 'SET')) yield* dropItems(sql, 'set', upTo(at + 1, 'WHERE', 'FROM', 'RETURNING'))
    if (isWord(token, 'VALUES') && isSign(tokens[at + 1], '('))
      yield* replaceItems(sql, 'value', at + 2, () => 'DEFAULT')
    if (isWord(token, 'IN') && isSign(tokens[at + 1], '(') && !isWord(tokens[at + 2], 'SELECT')) {
      yield* dropItems(sql, 'list', insideOf(tokens, at + 2))
    }
    if (isWord(token, 'ARRAY') && isSign(tokens[at + 1], '[')) yield* dropItems(sql, 'list', insideOf(tokens, at + 2))
  }
}

/** Each item of a list of select items or arguments in turn, replaced by what `other` says of its position. */
export function* replaceItems(
  sql: Sql,
  operator: string,
  from: number,
  other: (position: number) => string | null,
  end: (token: Token) => boolean = () => false,
): Iterable<Edit> {
  const { tokens } = sql
  const list = { from, to: endOf(tokens, { from, to: tokens.length }, end) }
  for (const [position, item] of splitAt(tokens, list, (token) => isSign(token, ',')).entries()) {
    const text = other(position)
    if (item.from < item.to && text !== null && !isWord(tokens[item.from], 'NULL')) {
      const value = isSign(tokens[item.from + 1], '=>') ? { from: item.from + 2, to: item.to } : item
      yield replace(sql, operator, value, text)
    }
  }
}

function* mutateCall(sql: Sql, at: number): Iterable<Edit> {
  const { tokens } = sql
  const name = tokens[at]!.text.toLowerCase()
  const inside = insideOf(tokens, at + 2)
  const whole = { from: at, to: inside.to + 1 }
  const items = splitAt(tokens, inside, (token) => isSign(token, ','))
  const swapped = SWAPPED[name]
  if (swapped) yield replace(sql, 'function', { from: at, to: at + 1 }, swapped)
  if (name === 'coalesce' || name === 'nullif' || ((name === 'least' || name === 'greatest') && items.length === 2)) {
    for (const item of items) yield replace(sql, 'function', whole, `(${textOf(sql, item)})`)
  } else if (name === 'least' || name === 'greatest') {
    yield* dropItems(sql, 'function', inside)
  }
  if (name.startsWith('ledger_')) yield* replaceItems(sql, 'argument', at + 2, () => 'NULL')
}

function* mutateOrder(sql: Sql, at: number, list: Range): Iterable<Edit> {
  const { tokens } = sql
  yield replace(sql, 'order', { from: at, to: list.to }, '')
  yield* dropItems(sql, 'order', list)
  for (const item of splitAt(tokens, list, (token) => isSign(token, ','))) {
    const nulls = endOf(tokens, item, (token) => isWord(token, 'NULLS'))
    if (nulls < item.to) {
      const other = isWord(tokens[nulls + 1], 'LAST') ? 'NULLS FIRST' : 'NULLS LAST'
      yield replace(sql, 'order', { from: nulls, to: item.to }, other)
    }
    const last = tokens[nulls - 1]
    const isDescending = isWord(last, 'DESC')
    const key = { from: item.from, to: isWord(last, 'ASC', 'DESC') ? nulls - 1 : nulls }
    yield replace(sql, 'order', { from: item.from, to: nulls }, `${textOf(sql, key)} ${isDescending ? 'ASC' : 'DESC'}`)
  }
}

/** Each item of a list with others in it taken out, with its comma. */
function* dropItems(sql: Sql, operator: string, list: Range): Iterable<Edit> {
  const items = splitAt(sql.tokens, list, (token) => isSign(token, ','))
  if (items.length < 2) return
  for (const [position, { from, to }] of items.entries()) {
    yield replace(sql, operator, position === 0 ? { from, to: to + 1 } : { from: from - 1, to }, '')
  }
}

function insideOf(tokens: readonly Token[], from: number): Range {
  return { from, to: endOf(tokens, { from, to: tokens.length }, () => false) }
}

// AND also stands in BETWEEN, which is one operand.
function isConjunction(tokens: readonly Token[]) {
  return (token: Token, index: number) => {
    if (!isWord(token, 'AND')) return false
    for (let at = index - 1; at >= 0 && !isWord(tokens[at], 'AND', 'WHERE'); at--) {
      if (isWord(tokens[at], 'BETWEEN')) return false
    }
    return true
  }
}

function isList(tokens: readonly Token[], bracket: number): boolean {
  const before = tokens[bracket - 1]
  return before?.kind === 'word' && !isWord(before, 'AND', 'OR', 'NOT', 'WHERE', 'CHECK', 'WHEN', 'IF')
}

function assignments(tokens: readonly Token[], range: Range): Set<number> {
  const found = new Set<number>()
  for (let at = range.from; at < range.to; at++) {
    if (!isWord(tokens[at], 'SET')) continue
    const list = { from: at + 1, to: endOf(tokens, { from: at + 1, to: range.to }, (t) => isWord(t, 'WHERE', 'FROM')) }
    for (const item of splitAt(tokens, list, (token) => isSign(token, ','))) found.add(item.from + 1)
  }
  return found
}

// For whole numbers one more beside these signs says what the flipped comparison says; what SELECT 1 FROM reads is nothing.
function isMeant(tokens: readonly Token[], at: number): boolean {
  const [before, after] = [tokens[at - 1], tokens[at + 1]]
  return !isSign(before, '>=', '<') && !(isWord(before, 'SELECT', 'PERFORM') && isWord(after, 'FROM'))
}

function isOperand(token: Token | undefined): boolean {
  if (token?.kind === 'word') return !isWord(token, ...NO_OPERANDS)
  return token?.kind === 'string' || token?.kind === 'number' || isSign(token, ')', ']')
}

const NO_OPERANDS = [
  'SELECT',
  'RETURN',
  'THEN',
  'ELSE',
  'WHEN',
  'AND',
  'OR',
  'NOT',
  'WHERE',
  'BY',
  'IN',
  'SET',
  'FROM',
  'RETURNING',
]
const AFTER_WHERE = [
  'GROUP',
  'ORDER',
  'LIMIT',
  'FOR',
  'RETURNING',
  'HAVING',
  'LOOP',
  'UNION',
  'ON',
  'JOIN',
  'LEFT',
  'WHERE',
]
const FLIPPED: Record<string, string> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>', '=': '<>', '<>': '=' }
const SWAPPED: Record<string, string> = { least: 'greatest', greatest: 'least', min: 'max', max: 'min', sum: 'max' }

function otherNumber(text: string): string {
  return text === '1' ? '0' : String(Number(text) + 1)
}

/** Words that stand for each other's opposite; each is replaced by the next of its family. */
const FAMILIES = [
  ['open', 'captured', 'released'],
  ['held', 'insufficient', 'capped', 'too_many'],
  ['promotional', 'code', 'paid'],
  ['day', 'month'],
  ['house', 'wallet'],
  ['user', 'team'],
  ['usage', 'bad_debt', 'expiry', 'adjustment', 'grant'],
  ['waiting', 'posted', 'rejected'],
  ['capture:', 'bad-debt:'],
]

function otherString(literal: string): string | null {
  const text = literal.slice(1, -1)
  const house = /^(0{8}-0{4}-70{3}-80{3}-0{11})([1-7])$/.exec(text)
  if (house) return `'${house[1]}${(Number(house[2]) % 7) + 1}'`
  const family = FAMILIES.find((words) => words.includes(text))
  if (family) return `'${family[(family.indexOf(text) + 1) % family.length]}'`
  if (/^\d+ /.test(text)) return `'${Number.parseInt(text, 10) + 1}${text.slice(text.indexOf(' '))}'`
  if (/^UB\d{3}$/.test(text)) return "'UB999'"
  // The beginning of a key is a name: another is as good. What makes keys differ is mutated by the operands of ||.
  return text.endsWith(':') ? null : "'mutated'"
}
