import { findShape } from './function-shape.ts'
import { dropConditions, type Edit, mutateClauses, mutateTokens, replace, replaceItems, type Sql } from './operators.ts'
import { endOf, isSign, isWord, type Range, tokenize } from './sql-tokens.ts'

/** A function's body, its language and the types of the columns it returns (none for a single value). */
export type FunctionSource = { body: string; language: string; resultTypes: string[] }

/** Every change of a function's body that the operators know. */
export function mutateFunction({ body, language, resultTypes }: FunctionSource): Edit[] {
  const tokens = tokenize(body)
  const sql: Sql = { text: body, tokens }
  const shape = findShape(tokens, language)
  const edits: Edit[] = []
  const inside = (range: Range) => {
    edits.push(...mutateTokens(sql, range), ...mutateClauses(sql, range), ...dropPieces(sql, range))
  }
  for (const statement of shape.statements) {
    if (language !== 'sql') edits.push(replace(sql, 'statement', statement, 'NULL;'))
    if (isWord(tokens[statement.from], 'RAISE')) edits.push(...mutateRaise(sql, statement))
    else inside(statement)
    if (isWord(tokens[statement.from], 'INSERT')) edits.push(...mutateInsertedQuery(sql, statement))
    if (isWord(tokens[statement.from], 'RETURN')) edits.push(...mutateReturn(sql, statement, resultTypes))
  }
  for (const loop of shape.loops) edits.push(replace(sql, 'statement', loop, 'NULL;'))
  for (const head of shape.loopHeads) inside(head)
  for (const initial of shape.initials) inside(initial)
  for (const condition of shape.conditions) {
    edits.push(replace(sql, 'condition', condition, 'true'), replace(sql, 'condition', condition, 'false'))
    edits.push(...dropConditions(sql, condition))
    inside(condition)
  }
  return edits
}

function* mutateRaise(sql: Sql, { from, to }: Range): Iterable<Edit> {
  const at = sql.tokens.slice(from, to).findIndex((token) => isWord(token, 'ERRCODE'))
  if (at >= 0) yield* mutateTokens(sql, { from: from + at + 2, to: from + at + 3 })
}

function* mutateReturn(sql: Sql, { from, to }: Range, resultTypes: string[]): Iterable<Edit> {
  const isEnd = (token: Sql['tokens'][number]) => isSign(token, ';') || isWord(token, 'FROM')
  if (isWord(sql.tokens[from + 1], 'QUERY') && isWord(sql.tokens[from + 2], 'SELECT')) {
    yield* replaceItems(sql, 'result', from + 3, (position) => `NULL::${resultTypes[position] ?? 'text'}`, isEnd)
  } else if (to - from > 2) {
    yield replace(sql, 'result', { from: from + 1, to: to - 1 }, 'NULL')
  }
}

function* mutateInsertedQuery(sql: Sql, { from, to }: Range): Iterable<Edit> {
  const select = endOf(sql.tokens, { from, to }, (token) => isWord(token, 'SELECT'))
  if (select < to)
    yield* replaceItems(
      sql,
      'value',
      select + 1,
      () => 'NULL',
      (token) => isSign(token, ';') || isWord(token, 'FROM'),
    )
}

/** What is put together with ||, without each of its pieces. */
function* dropPieces(sql: Sql, range: Range): Iterable<Edit> {
  const { tokens } = sql
  for (let at = range.from; at < range.to; at++) {
    if (!isSign(tokens[at], '||')) continue
    const isEnd = (token: Sql['tokens'][number]) =>
      isSign(token, ',', ';', '||') || isWord(token, 'AS', 'FROM', 'WHERE')
    yield replace(sql, 'piece', { from: at, to: endOf(tokens, { from: at + 1, to: range.to }, isEnd) }, '')
    if (tokens[at - 1]?.kind !== 'sign') yield replace(sql, 'piece', { from: at - 1, to: at + 1 }, '')
  }
}
