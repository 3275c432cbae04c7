import pg from 'pg'
import type { Sequence, Sum } from './manifest.ts'

/** Rows look the same whatever the server's settings are, and nothing here is cut off after a while. */
const SESSION = {
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  timezone: 'UTC',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  row_security: 'off',
}

/** Opens a connection for copying rows. @param name told to whoever looks at the server's connections */
export async function openConnection(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `undefined-behavior ${name}`,
    client_encoding: 'UTF8',
    options: Object.entries(SESSION)
      .map(([key, value]) => `-c ${key}=${value}`)
      .join(' '),
  })
  // A connection that is lost fails the statement under way; without a listener it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Breaks a connection off at once, whatever is going on: the server rolls back. */
export function breakOff(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}

export type Table = { name: string; columns: string[] }

/** The tables of the service and what COPY writes of each, by name. */
export async function readTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    GROUP BY c.oid ORDER BY c.relname::text COLLATE "C"`)
  return rows
}

/** Hashes of the migrations that a database has had, in order; null when it never had one. */
export async function readAppliedMigrations(client: pg.Client): Promise<string[] | null> {
  const table = await client.query(`SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS there`)
  if (!table.rows[0].there) return null
  const { rows } = await client.query<{ hash: string }>(
    'SELECT hash FROM drizzle.__drizzle_migrations ORDER BY created_at, id',
  )
  return rows.map(({ hash }) => hash)
}

export async function readSequences(client: pg.Client): Promise<Sequence[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT relname::text AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' ORDER BY relname::text COLLATE "C"`)
  const sequences: Sequence[] = []
  for (const { name } of rows) {
    const found = await client.query<Omit<Sequence, 'name'>>(
      `SELECT last_value::text AS value, is_called AS called FROM public.${client.escapeIdentifier(name)}`,
    )
    sequences.push({ name, ...found.rows[0]! })
  }
  return sequences
}

export async function setSequences(client: pg.Client, sequences: readonly Sequence[]): Promise<void> {
  for (const { name, value, called } of sequences) {
    await client.query('SELECT setval($1::regclass, $2::bigint, $3)', [
      `public.${client.escapeIdentifier(name)}`,
      value,
      called,
    ])
  }
}

type SummedColumn = Omit<Sum, 'values'>

/** What a person compares after a restore: whose credits there are, and how they came and went. */
const SUMS: readonly SummedColumn[] = [
  { table: 'wallets', column: 'posted_micros', by: null },
  { table: 'wallets', column: 'held_micros', by: null },
  { table: 'lots', column: 'amount_micros', by: 'source' },
  { table: 'transfers', column: 'amount_micros', by: 'kind' },
  { table: 'holds', column: 'amount_micros', by: 'state' },
  { table: 'usage_records', column: 'charged_micros', by: null },
  { table: 'orders', column: 'credited_micros', by: 'state' },
  { table: 'orders', column: 'paid_minor', by: 'paid_currency' },
]

/** Those sums that a database of any release has. */
export function sumsOf(tables: readonly Table[]): SummedColumn[] {
  return SUMS.filter((sum) => hasColumns(tables, sum))
}

/** Whether a database has what is to be summed. */
export function hasColumns(tables: readonly Table[], { table, column, by }: SummedColumn): boolean {
  const columns = tables.find(({ name }) => name === table)?.columns
  return Boolean(columns?.includes(column) && (by === null || columns.includes(by)))
}

/** Sums as the database has them now. The columns must be there. */
export async function readSums(client: pg.Client, sums: readonly SummedColumn[]): Promise<Sum[]> {
  const read: Sum[] = []
  for (const { table, column, by } of sums) {
    const [from, what] = [client.escapeIdentifier(table), client.escapeIdentifier(column)]
    const key = by === null ? `'all'` : `coalesce(${client.escapeIdentifier(by)}::text, 'none')`
    const { rows } = await client.query<{ key: string; sum: string }>(
      `SELECT ${key} AS key, coalesce(sum(${what}), 0)::text AS sum FROM public.${from} GROUP BY 1 ORDER BY 1`,
    )
    const values = Object.fromEntries(rows.map(({ key, sum }) => [key, sum]))
    read.push({ table, column, by, values: by === null ? { all: '0', ...values } : values })
  }
  return read
}

/** How many rows each table has now. */
export async function readCounts(client: pg.Client, tables: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const table of tables) {
    const { rows } = await client.query<{ rows: string }>(
      `SELECT count(*)::text AS rows FROM public.${client.escapeIdentifier(table)}`,
    )
    counts.set(table, Number(rows[0]!.rows))
  }
  return counts
}

/** What `COPY` names: a table with these columns in this order. */
export function copyTarget(client: pg.Client, { name, columns }: Table): string {
  const list = columns.map((column) => client.escapeIdentifier(column)).join(', ')
  return `public.${client.escapeIdentifier(name)} (${list})`
}
