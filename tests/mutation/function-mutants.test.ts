import { describe, expect, it } from 'vitest'
import { mutateFunction } from './function-mutants.ts'
import { tokenize } from './sql-tokens.ts'

/** Each change as `operator: before → after`. */
function changes(body: string, { language = 'plpgsql', resultTypes = [] as string[] } = {}): string[] {
  const edits = mutateFunction({ body, language, resultTypes })
  return edits.map(({ operator, start, end, text }) => `${operator}: ${body.slice(start, end)} → ${text}`)
}
const inBlock = (statement: string) => changes(`BEGIN ${statement} END`)

describe('tokenize', () => {
  it('leaves out comments, and keeps literals and long signs whole', () => {
    const text = "a := 'it''s -- no' || b::text; -- a remark's end\n/* = */ c <> 1.5"
    expect(tokenize(text).map((token) => token.text)).toEqual([
      ...['a', ':=', "'it''s -- no'", '||', 'b', '::', 'text', ';', 'c', '<>', '1.5'],
    ])
  })

  it('does not guess', () => {
    expect(() => tokenize('a ` b')).toThrow('not SQL')
  })
})

describe('mutateFunction', () => {
  it('removes each statement, also in branches and loops, and whole loops', () => {
    const body =
      'BEGIN IF a THEN b := 1; ELSIF c THEN d := 2; ELSE FOR e IN SELECT 1 LOOP f := 3; END LOOP; END IF; END'
    expect(changes(body).filter((change) => change.startsWith('statement'))).toEqual([
      'statement: b := 1; → NULL;',
      'statement: d := 2; → NULL;',
      'statement: f := 3; → NULL;',
      'statement: FOR e IN SELECT 1 LOOP f := 3; END LOOP; → NULL;',
    ])
  })

  it('takes conditions for true, for false, and apart', () => {
    expect(
      inBlock('IF a < 1 AND (b OR NOT c) THEN RETURN; END IF;').filter((change) => !change.startsWith('st')),
    ).toEqual([
      'condition: a < 1 AND (b OR NOT c) → true',
      'condition: a < 1 AND (b OR NOT c) → false',
      'condition: a < 1 → true',
      'condition: (b OR NOT c) → true',
      'condition: b → false',
      'condition: NOT c → false',
      'comparison: < → <=',
      'negation: NOT → ',
    ])
  })

  it('tells what is assigned from what is compared', () => {
    expect(inBlock('UPDATE t SET a = a + 1, b = 2 WHERE id = p AND c BETWEEN 3 AND 4;')).toEqual([
      'statement: UPDATE t SET a = a + 1, b = 2 WHERE id = p AND c BETWEEN 3 AND 4; → NULL;',
      'sign: + → -',
      'constant: 1 → 0',
      'constant: 2 → 3',
      'comparison: = → <>',
      'constant: 3 → 4',
      'constant: 4 → 5',
      'set: a = a + 1, → ',
      'set: , b = 2 → ',
      'condition: id = p → true',
      'condition: c BETWEEN 3 AND 4 → true',
    ])
  })

  it('changes queries by clause', () => {
    const query =
      'PERFORM 1 FROM t LEFT JOIN u ON t.id = u.id WHERE x ORDER BY a, b DESC NULLS LAST LIMIT 5 FOR UPDATE;'
    const found = inBlock(query)
    expect(found).toEqual(
      expect.arrayContaining([
        'join: LEFT → ',
        'condition: t.id = u.id → true',
        'condition: x → true',
        'order: ORDER BY a, b DESC NULLS LAST → ',
        'order: a, → ',
        'order: a → a DESC',
        'order: b DESC → b ASC',
        'order: NULLS LAST → NULLS FIRST',
        'limit: LIMIT 5 → ',
        'row lock: FOR UPDATE → ',
      ]),
    )
  })

  it('changes what is inserted, and what happens to what is there already', () => {
    const found = inBlock("INSERT INTO t (a, b) VALUES (f(1, 2), 'open') ON CONFLICT (a) DO NOTHING;")
    expect(found).toEqual(
      expect.arrayContaining([
        'value: f(1, 2) → DEFAULT',
        "value: 'open' → DEFAULT",
        "constant: 'open' → 'captured'",
        'on conflict: ON CONFLICT (a) DO NOTHING → ',
      ]),
    )
    expect(inBlock('INSERT INTO t (a, b) SELECT x, (SELECT sum(y) FROM u) FROM v;')).toEqual(
      expect.arrayContaining(['value: x → NULL', 'value: (SELECT sum(y) FROM u) → NULL', 'function: sum → max']),
    )
  })

  it('swaps and unwraps functions, and takes arguments away', () => {
    expect(inBlock('v := least(a, greatest(b, c, d)) + coalesce(e, 0);')).toEqual(
      expect.arrayContaining([
        'function: least → greatest',
        'function: least(a, greatest(b, c, d)) → (a)',
        'function: b, → ',
        'function: coalesce(e, 0) → (0)',
      ]),
    )
    expect(inBlock('PERFORM ledger_move(a, p_b => c, NULL);')).toEqual(
      expect.arrayContaining(['argument: a → NULL', 'argument: c → NULL']),
    )
  })

  it('returns nothing of the right type', () => {
    const body = "BEGIN RETURN QUERY SELECT 'held', a - 1; RETURN b; END"
    expect(changes(body, { resultTypes: ['text', 'bigint'] })).toEqual(
      expect.arrayContaining(["result: 'held' → NULL::text", 'result: a - 1 → NULL::bigint', 'result: b → NULL']),
    )
  })

  it('leaves the words of an exception alone, but not its code', () => {
    expect(inBlock("RAISE EXCEPTION 'no % = %', a, b + 1 USING ERRCODE = 'UB005';")).toEqual([
      "statement: RAISE EXCEPTION 'no % = %', a, b + 1 USING ERRCODE = 'UB005'; → NULL;",
      "constant: 'UB005' → 'UB999'",
    ])
  })

  it('takes another account of the house for one', () => {
    expect(inBlock("v := '00000000-0000-7000-8000-000000000007';")).toContain(
      "constant: '00000000-0000-7000-8000-000000000007' → '00000000-0000-7000-8000-000000000001'",
    )
  })

  it('takes keys apart', () => {
    expect(inBlock("v := 'expiry:' || a || b;")).toEqual([
      "statement: v := 'expiry:' || a || b; → NULL;",
      'piece: || a → ',
      "piece: 'expiry:' || → ",
      'piece: || b → ',
      'piece: a || → ',
    ])
  })

  it('knows functions in plain SQL, whose one statement cannot go', () => {
    expect(changes('SELECT * FROM t WHERE a = 1 AND b', { language: 'sql' })).toEqual([
      'comparison: = → <>',
      'constant: 1 → 0',
      'condition: a = 1 → true',
      'condition: b → true',
    ])
  })

  it('says so when it meets what it cannot read', () => {
    expect(() => inBlock('CASE a WHEN 1 THEN b := 1; END CASE;')).toThrow('CASE is not known here')
  })
})
