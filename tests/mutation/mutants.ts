import type pg from 'pg'
import { APP_ROLE } from '#scripts/embedded-postgres.ts'
import { type FunctionSource, mutateFunction } from './function-mutants.ts'
import { dropConditions, type Edit, mutateClauses, mutateTokens } from './operators.ts'
import { tokenize } from './sql-tokens.ts'

/** One wrong version of the schema: what makes it, and how it differs. */
export type Mutant = {
  /** Says what was changed where, and stays the same as long as the code around it does. */
  id: string
  /** Function or table that is wrong. */
  object: string
  /** Statements that turn the migrated schema into this one, for the schema's owner. */
  sql: string
  /** The lines that differ, as a diff; empty when a whole rule is gone. */
  diff: string
}

/** Tables whose rules are tested by breaking them. */
const TABLES = [
  ...['accounts', 'wallets', 'transfers', 'holds', 'lots', 'lot_uses', 'spend_caps', 'adjustments', 'ledger_checks'],
  ...['price_versions', 'checkpoints', 'usage_records', 'late_usage'],
  ...['packages', 'orders', 'refunds', 'disputes', 'payment_events'],
]

/** Reads every rule of the ledger out of a migrated database and breaks each in every way we know. */
export async function findMutants(client: pg.Client): Promise<Mutant[]> {
  const found = [
    ...(await functionMutants(client)),
    ...(await constraintMutants(client)),
    ...(await domainMutants(client)),
    ...(await triggerMutants(client)),
    ...(await privilegeMutants(client)),
  ]
  const seen = new Map<string, number>()
  return found.map((mutant) => {
    const times = (seen.get(mutant.id) ?? 0) + 1
    seen.set(mutant.id, times)
    return times === 1 ? mutant : { ...mutant, id: `${mutant.id} (${times})` }
  })
}

type FunctionRow = {
  name: string
  signature: string
  definition: string
  body: string
  language: string
  definer: boolean
  path: string | null
  types: string[] | null
}

async function functionMutants(client: pg.Client): Promise<Mutant[]> {
  const { rows } = await client.query<FunctionRow>(`
    SELECT p.proname AS name, p.oid::regprocedure::text AS signature, pg_get_functiondef(p.oid) AS definition,
      p.prosrc AS body, l.lanname AS language, p.prosecdef AS definer,
      (SELECT substr(setting, 13) FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%') AS path,
      (SELECT array_agg(format_type(type, NULL) ORDER BY position)
       FROM unnest(p.proallargtypes, p.proargmodes) WITH ORDINALITY AS argument (type, mode, position)
       WHERE mode = 't') AS types
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    ORDER BY p.proname, signature`)
  return rows.flatMap((row) => {
    const source: FunctionSource = { body: row.body, language: row.language, resultTypes: row.types ?? [] }
    const bodies = edited(row.name, row.body, mutateFunction(source)).map(({ text, ...mutant }) => ({
      ...mutant,
      sql: row.definition.replace(row.body, () => text),
    }))
    const whole = (what: string, change: string): Mutant => ({
      id: `${row.name} | ${what}`,
      object: row.name,
      sql: `ALTER FUNCTION ${row.signature} ${change}`,
      diff: '',
    })
    if (row.definer) bodies.push(whole('runs as who calls it', 'SECURITY INVOKER'))
    if (row.path) bodies.push(whole('has no search path of its own', 'RESET search_path'))
    if (row.path?.endsWith(', pg_temp')) {
      bodies.push(whole('does not name pg_temp last', `SET search_path = ${row.path.replace(', pg_temp', '')}`))
    }
    return bodies
  })
}

async function constraintMutants(client: pg.Client): Promise<Mutant[]> {
  const { rows } = await client.query<{ table: string; name: string; type: string; definition: string }>(
    `SELECT conrelid::regclass::text AS table, conname AS name, contype AS type, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE conrelid = ANY ($1::text[]::regclass[]) AND contype IN ('c', 'f', 'p', 'u', 'x')
     ORDER BY 1, 2`,
    [TABLES],
  )
  const indexes = await client.query<{ table: string; name: string }>(
    `SELECT indrelid::regclass::text AS table, indexrelid::regclass::text AS name FROM pg_index
     WHERE indrelid = ANY ($1::text[]::regclass[]) AND indisunique
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1, 2`,
    [TABLES],
  )
  const gone = (table: string, name: string, sql: string): Mutant => ({
    id: `${table} | without ${name}`,
    object: table,
    sql,
    diff: '',
  })
  return [
    ...rows.flatMap(({ table, name, type, definition }) => {
      const drop = `ALTER TABLE ${table} DROP CONSTRAINT "${name}"`
      const mutants = [gone(table, name, `${drop} CASCADE`)]
      if (type !== 'c') return mutants
      const changed = edited(table, definition, mutateCheck(definition)).map(({ text, ...mutant }) => ({
        ...mutant,
        sql: `${drop}, ADD CONSTRAINT "${name}" ${text} NOT VALID`,
      }))
      return [...mutants, ...changed]
    }),
    ...indexes.rows.map(({ table, name }) => gone(table, name, `DROP INDEX "${name}"`)),
  ]
}

async function domainMutants(client: pg.Client): Promise<Mutant[]> {
  const { rows } = await client.query<{ domain: string; name: string; definition: string }>(`
    SELECT contypid::regtype::text AS domain, conname AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contypid <> 0 AND contype = 'c' ORDER BY 1, 2`)
  return rows.flatMap(({ domain, name, definition }) => {
    const drop = `ALTER DOMAIN ${domain} DROP CONSTRAINT "${name}"`
    const gone: Mutant = { id: `${domain} | without ${name}`, object: domain, sql: drop, diff: '' }
    const changed = edited(domain, definition, mutateCheck(definition)).map(({ text, ...mutant }) => ({
      ...mutant,
      sql: `${drop}; ALTER DOMAIN ${domain} ADD CONSTRAINT "${name}" ${text} NOT VALID`,
    }))
    return [gone, ...changed]
  })
}

function mutateCheck(definition: string): Edit[] {
  const tokens = tokenize(definition)
  const sql = { text: definition, tokens }
  const inside = { from: 2, to: tokens.length - 1 }
  const edits = [...dropConditions(sql, inside), ...mutateTokens(sql, inside), ...mutateClauses(sql, inside)]
  // The whole condition is dropped with its constraint, and a list without a value is like one with another in its place.
  const isListed = ({ start, text }: Edit) => text.startsWith("'") && /[[,] ?$/.test(definition.slice(0, start))
  return edits.filter((edit) => !isListed(edit) && edit.end - edit.start < definition.length - 'CHECK ()'.length)
}

async function triggerMutants(client: pg.Client): Promise<Mutant[]> {
  const { rows } = await client.query<{ table: string; name: string; definition: string }>(`
    SELECT tgrelid::regclass::text AS table, tgname AS name, pg_get_triggerdef(oid) AS definition
    FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`)
  return rows.flatMap(({ table, name, definition }) => {
    const drop = `DROP TRIGGER ${name} ON ${table};`
    const mutant = (what: string, sql: string): Mutant => ({ id: `${table} | ${what}`, object: table, sql, diff: '' })
    const [, events = ''] = / BEFORE (.*?) ON /.exec(definition) ?? []
    const columns = /UPDATE OF (.*)/.exec(events)?.[1] ?? ''
    return [
      mutant(`without ${name}`, drop),
      ...eachDropped(events, ' OR ').map(({ gone, left }) =>
        mutant(`${name} but on ${gone}`, `${drop} ${definition.replace(` ${events} `, ` ${left} `)}`),
      ),
      ...eachDropped(columns, ', ').map(({ gone, left }) =>
        mutant(`${name} but for ${gone}`, `${drop} ${definition.replace(columns, left)}`),
      ),
    ]
  })
}

/** A list without each of its items in turn; none for a list of one. */
function eachDropped(list: string, separator: string): { gone: string; left: string }[] {
  const items = list.split(separator)
  if (items.length < 2) return []
  return items.map((gone) => ({ gone, left: items.filter((item) => item !== gone).join(separator) }))
}

/** What the application's role, or everybody, may not do and then may. */
async function privilegeMutants(client: pg.Client): Promise<Mutant[]> {
  const tables = await client.query<{ table: string; privilege: string }>(
    `SELECT name AS table, privilege FROM unnest($1::text[]) AS name,
       unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
     WHERE NOT has_table_privilege($2, name, privilege) ORDER BY 1, 2`,
    [TABLES, APP_ROLE],
  )
  const functions = await client.query<{ name: string; signature: string; role: string }>(
    `SELECT proname AS name, oid::regprocedure::text AS signature, role FROM pg_proc, unnest(ARRAY[$1, 'public']) AS role
     WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'ledger\\_%' AND NOT has_function_privilege(role, oid, 'EXECUTE')
     ORDER BY 1, 3`,
    [APP_ROLE],
  )
  return [
    ...tables.rows.map(({ table, privilege }) => ({
      id: `${table} | the application may ${privilege}`,
      object: table,
      sql: `GRANT ${privilege} ON ${table} TO ${APP_ROLE}`,
      diff: '',
    })),
    ...functions.rows.map(({ name, signature, role }) => ({
      id: `${name} | ${role === 'public' ? 'everybody' : 'the application'} may call it`,
      object: name,
      sql: `GRANT EXECUTE ON FUNCTION ${signature} TO ${role}`,
      diff: '',
    })),
  ]
}

type EditedMutant = Mutant & { text: string }

/** Applies each edit; edits that come to the same text are one. */
function edited(object: string, text: string, edits: Edit[]): EditedMutant[] {
  const byText = new Map<string, EditedMutant>()
  for (const { operator, start, end, text: put } of edits) {
    const mutated = text.slice(0, start) + put + text.slice(end)
    if (mutated === text || byText.has(mutated)) continue
    const from = text.lastIndexOf('\n', start - 1) + 1
    const to = text.indexOf('\n', end) < 0 ? text.length : text.indexOf('\n', end)
    const before = text.slice(from, to)
    const after = text.slice(from, start) + put + text.slice(end, to)
    const around = `${inOneLine(text.slice(from, start)).slice(-50)}⟦${short(text.slice(start, end))} → ${short(put)}⟧${inOneLine(text.slice(end, to)).slice(0, 30)}`
    byText.set(mutated, {
      id: `${object} | ${operator} | ${around.trim()}`,
      object,
      sql: '',
      diff: `${before.replace(/^/gm, '- ')}\n${after.replace(/^/gm, '+ ')}`,
      text: mutated,
    })
  }
  return [...byText.values()]
}

function inOneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}

function short(text: string): string {
  const line = inOneLine(text)
  return line.length <= 70 ? line : `${line.slice(0, 40)}…${line.slice(-25)}`
}
