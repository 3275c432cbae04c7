import type pg from 'pg'
import type { Statement } from '#tests/support/statement-log.ts'

/** Tables that grow with every person, call or payment: nothing that a page asks may read one of them whole. */
export const LARGE_TABLES = new Set([
  'accounts',
  'audit_entries',
  'checkpoints',
  'conversations',
  'generations',
  'holds',
  'lot_uses',
  'lots',
  'messages',
  'orders',
  'person_days',
  'sessions',
  'transfers',
  'usage_records',
  'users',
  'wallets',
])

type Plan = {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  Plans?: Plan[]
}

/** Nodes that hand on a row as soon as they have one: below them a Limit still ends the reading. */
const STREAMING = new Set([
  'Limit',
  'Result',
  'Nested Loop',
  'Subquery Scan',
  'Append',
  'Merge Append',
  'LockRows',
  'Memoize',
  'Incremental Sort',
])

/**
 * Which large tables a statement reads whole, though sequential scans are forbidden: by a Seq Scan where no index helps,
 * or through a whole index without a Limit that would end it.
 */
export async function findWholeReads(client: pg.Client, { text, values }: Statement): Promise<string[]> {
  if (!/^\s*(select|with|insert|update|delete)\b/i.test(text)) return []
  const { rows } = await client.query({ text: `EXPLAIN (FORMAT JSON) ${text}`, values })
  const found: string[] = []
  visit(rows[0]['QUERY PLAN'][0].Plan, false, found)
  return found
}

function visit(plan: Plan, limited: boolean, found: string[]): void {
  const { 'Node Type': type, 'Relation Name': table = '' } = plan
  const bounded = type === 'Limit' || (limited && STREAMING.has(type))
  if (LARGE_TABLES.has(table)) {
    if (type === 'Seq Scan') found.push(`${table}: Seq Scan`)
    if (type.startsWith('Index') && plan['Index Cond'] === undefined && !limited) {
      found.push(`${table}: the whole of ${plan['Index Name']}`)
    }
  }
  for (const child of plan.Plans ?? []) visit(child, bounded, found)
}
