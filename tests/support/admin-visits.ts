import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'

/** Rows of the demonstration that have a page of their own. */
export type DemoFacts = {
  adminId: string
  personId: string
  email: string
  walletId: string
  entrySeq: string
  orderId: string
  reference: string
  callId: string
  holdId: string
  transferId: string
  modelId: string
  channelId: string
  batchId: string
  checkId: string
  packageId: string
  day: string
  dayBefore: string
}

/**
 * How each page and each list of the cockpit is asked for, whole and narrowed; what follows on `after` is found in the
 * page itself. A page without a line here fails the tests: nobody would notice that it is slow.
 */
export const ADMIN_VISITS: Record<string, (facts: DemoFacts) => string[]> = {
  admin: ({ day, dayBefore }) => ['', `?from=${dayBefore}&to=${day}`],
  'admin/audit': (f) => [
    '',
    '?action=order.confirm',
    '?action=channel_key.refused&days=7',
    `?type=user&subject=${f.personId}`,
    `?subject=${f.orderId}`,
    `?actor=${f.adminId}`,
    `?actor=${encodeURIComponent(f.email)}&days=30`,
    '?days=1',
  ],
  'admin/calls': (f) => [
    '',
    `?user=${f.personId}`,
    `?q=${encodeURIComponent(f.email)}`,
    `?q=${f.callId}`,
    '?outcome=failed',
    '?outcome=empty&window=7d',
    '?paid=free&window=30d',
    `?model=${encodeURIComponent(f.modelId)}&window=7d`,
    `?channel=${f.channelId}&window=24h`,
    `?window=custom&from=${f.dayBefore}&to=${f.day}`,
    `?user=${f.personId}&outcome=interrupted&window=all`,
  ],
  'admin/calls/[id]': (f) => [`/${f.callId}`],
  'admin/channels': () => [''],
  'admin/channels/[id]': (f) => [`/${f.channelId}`],
  'admin/channels/new': () => ['', '?first'],
  'admin/codes': () => [''],
  'admin/codes/[id]': (f) => [`/${f.batchId}`, `/${f.batchId}?codes=100`],
  'admin/codes/new': () => [''],
  'admin/ledger': (f) => ['', `?q=${f.transferId}`, `?q=${f.personId}`],
  'admin/ledger/checks': () => [''],
  'admin/ledger/checks/[id]': (f) => [`/${f.checkId}`],
  'admin/ledger/holds': (f) => ['', '?state=open', '?state=released', `?wallet=${f.walletId}`],
  'admin/ledger/transfers': (f) => [
    '',
    '?kind=goodwill&window=30d',
    '?account=bad_debt&window=7d',
    `?reference=order:${f.orderId}&window=30d`,
    `?wallet=${f.walletId}`,
    `?wallet=${f.walletId}&kind=top_up`,
    `?window=custom&from=${f.dayBefore}&to=${f.day}`,
  ],
  'admin/ledger/transfers/[id]': (f) => [`/${f.transferId}`],
  'admin/ledger/wallets': (f) => ['', `?q=${encodeURIComponent(f.email)}`],
  'admin/ledger/wallets/[id]': (f) => [`/${f.walletId}`],
  'admin/models': () => ['', '?q=gpt', '?state=hidden'],
  'admin/models/[...id]': (f) => [`/${f.modelId}`],
  'admin/models/new': () => [''],
  'admin/orders': (f) => [
    '',
    '?state=paid',
    '?state=review',
    '?method=manual&window=30d',
    '?method=alipay',
    '?disputed=yes',
    `?user=${f.personId}`,
    `?q=${f.reference}`,
    `?q=${encodeURIComponent(f.email)}`,
  ],
  'admin/orders/[id]': (f) => [`/${f.orderId}`],
  'admin/packages': () => [''],
  'admin/people': (f) => [
    '',
    '?role=admin',
    '?status=disabled',
    '?q=wei',
    '?q=Emma',
    `?q=${f.personId}`,
    `?q=${f.reference}`,
  ],
  'admin/people/[id]': (f) => [`/${f.personId}`],
  'admin/people/[id]/statement': (f) => [`/${f.personId}`, `/${f.personId}?kind=usage`],
  'admin/people/[id]/statement/[entry]': (f) => [`/${f.personId}/${f.entrySeq}`],
  'admin/people/adjustments': () => ['', '?state=posted'],
  'admin/people/new': () => [''],
  'admin/prompts': () => [''],
  'admin/settings': () => [''],
  'api/admin/audit/csv': (f) => ['?days=1', `?type=user&subject=${f.personId}`],
  'api/admin/calls/csv': (f) => [`?user=${f.personId}`, '?window=24h'],
  'api/admin/ledger/transfers/csv': (f) => ['?window=24h', `?wallet=${f.walletId}`],
  'api/admin/orders/csv': () => ['?state=review'],
  'api/admin/overview/[by]': () => ['/day', '/model', '/channel'],
  'api/admin/people/[id]/statement': (f) => [`/${f.personId}`],
  'api/admin/people/csv': () => ['?status=disabled'],
}

/** Somebody who calls much and has bought, and what is theirs. */
export async function findDemoFacts(db: Database): Promise<DemoFacts> {
  const { rows } = await db.execute<DemoFacts>(sql`
    WITH made AS (
      INSERT INTO ledger_checks (id, source, finished_at, differences)
      VALUES (gen_random_uuid(), 'command', now(), 0) RETURNING id
    ), person AS (
      SELECT o.user_id, o.wallet_id FROM orders o WHERE o.state = 'paid'
      GROUP BY o.user_id, o.wallet_id ORDER BY count(*) DESC, o.user_id LIMIT 1
    ), call AS (
      SELECT u.* FROM usage_records u JOIN person p USING (user_id)
      WHERE u.charged_micros > 0 AND EXISTS (SELECT FROM channel_keys k WHERE k.channel_id = u.channel_id)
      ORDER BY u.id DESC LIMIT 1
    )
    SELECT (SELECT id FROM users WHERE role = 'admin' LIMIT 1) AS "adminId", p.user_id AS "personId", x.email, p.wallet_id AS "walletId", t.debit_seq::text AS "entrySeq", o.id AS "orderId",
      o.reference, c.id AS "callId", c.hold_id AS "holdId", t.id AS "transferId", c.model_id AS "modelId",
      c.channel_id AS "channelId", (SELECT batch_id FROM redemptions LIMIT 1) AS "batchId",
      (SELECT id FROM made) AS "checkId", o.package_id AS "packageId",
      (c.created_at)::date::text AS day, (c.created_at - interval '20 days')::date::text AS "dayBefore"
    FROM person p
    JOIN users x ON x.id = p.user_id
    JOIN call c ON true
    JOIN transfers t ON t.idempotency_key = 'capture:' || c.hold_id
    JOIN LATERAL (SELECT * FROM orders WHERE user_id = p.user_id AND state = 'paid' ORDER BY id LIMIT 1) o ON true`)
  return rows[0]!
}

type Params = Record<string, string | string[]>

/** The address of a visit, and what Next would hand to the page. */
export function addressOf(
  place: string,
  rest: string,
): { path: string; params: Params; query: Record<string, string> } {
  const [values = '', query = ''] = rest.split('?')
  const given = values.split('/').filter(Boolean)
  const params: Params = {}
  const path = place.split('/').map((segment) => {
    const name = /^\[(\.\.\.)?(.+)\]$/.exec(segment)
    if (!name) return segment
    const taken = name[1] ? given.splice(0) : given.splice(0, 1)
    params[name[2]!] = name[1] ? taken : decodeURIComponent(taken[0] ?? '')
    return taken.join('/')
  })
  return {
    path: `/${path.join('/')}${query && `?${query}`}`,
    params,
    query: Object.fromEntries(new URLSearchParams(query)),
  }
}
