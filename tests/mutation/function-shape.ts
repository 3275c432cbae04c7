import { endOf, isSign, isWord, type Range, type Token } from './sql-tokens.ts'

/** What a function's body is made of; ranges are of its tokens. */
export type Shape = {
  /** Statements that hold no others, each with its semicolon where it has one. */
  statements: Range[]
  /** Loops from FOR or WHILE to END LOOP and its semicolon. */
  loops: Range[]
  /** The query or expression that a loop goes through. */
  loopHeads: Range[]
  /** Conditions of IF and ELSIF. */
  conditions: Range[]
  /** First values in DECLARE. */
  initials: Range[]
}

/**
 * Finds statements, conditions and loops in the body of a function.
 * @param language `sql` has nothing but statements
 * @throws {Error} at a statement of PL/pgSQL that the ledger has not used so far (CASE, EXCEPTION)
 */
export function findShape(tokens: readonly Token[], language: string): Shape {
  const shape: Shape = { statements: [], loops: [], loopHeads: [], conditions: [], initials: [] }
  const whole = { from: 0, to: tokens.length }
  const seek = (from: number, isEnd: (token: Token) => boolean) => {
    const at = endOf(tokens, { from, to: whole.to }, isEnd)
    if (at >= whole.to) throw new Error(`no end of what begins with ${tokens[from]?.text}`)
    return at
  }
  const isSemicolon = (token: Token) => isSign(token, ';')

  // Statements up to END, ELSE or ELSIF at their level; returns where that is.
  const readStatements = (start: number): number => {
    let at = start
    while (!isWord(tokens[at], 'END', 'ELSE', 'ELSIF')) at = readStatement(at)
    return at
  }
  const readStatement = (start: number): number => {
    const token = tokens[start]
    if (!token) throw new Error('a block does not end')
    if (isWord(token, 'CASE', 'EXCEPTION')) throw new Error(`${token.text} is not known here`)
    if (isWord(token, 'IF')) return readIf(start)
    if (isWord(token, 'BEGIN')) return readStatements(start + 1) + 2
    if (isWord(token, 'FOR', 'WHILE', 'FOREACH', 'LOOP')) {
      const loop = seek(start, (next) => isWord(next, 'LOOP'))
      if (loop > start) shape.loopHeads.push({ from: start + 1, to: loop })
      const to = readStatements(loop + 1) + 3
      shape.loops.push({ from: start, to })
      return to
    }
    const to = seek(start, isSemicolon) + 1
    shape.statements.push({ from: start, to })
    return to
  }
  const readIf = (start: number): number => {
    let at = start
    while (isWord(tokens[at], 'IF', 'ELSIF')) {
      const then = seek(at + 1, (next) => isWord(next, 'THEN'))
      shape.conditions.push({ from: at + 1, to: then })
      at = readStatements(then + 1)
    }
    if (isWord(tokens[at], 'ELSE')) at = readStatements(at + 1)
    return at + 3
  }

  if (language === 'sql') {
    for (let from = 0; from < whole.to; ) {
      const to = Math.min(endOf(tokens, { from, to: whole.to }, isSemicolon) + 1, whole.to)
      shape.statements.push({ from, to })
      from = to
    }
    return shape
  }
  const begin = tokens.findIndex((token) => isWord(token, 'BEGIN'))
  for (let at = 0; at < begin; at++) {
    if (isSign(tokens[at], ':=')) shape.initials.push({ from: at + 1, to: seek(at, isSemicolon) })
  }
  readStatement(begin)
  return shape
}
