import pg from 'pg'
import type { TestDatabase } from '#tests/support/cluster.ts'

export type PastCalls = {
  userId: string
  walletId: string
  /** Called in turn. */
  modelIds: readonly string[]
  count: number
  from: Date
  everyMs: number
}

/**
 * Writes calls that a wallet paid for as if they had happened: holds, transfers, lots and receipts, in one statement
 * each. The wallet must have credits in one lot that covers them. Call number i (from 0) costs 1,000 + i % 997 micros.
 */
export async function insertPastCalls(database: Pick<TestDatabase, 'ownerUrl'>, calls: PastCalls): Promise<void> {
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  try {
    await owner.query('BEGIN')
    await owner.query(
      `CREATE TEMP TABLE past ON COMMIT DROP AS
       SELECT i, gen_random_uuid() AS hold_id, gen_random_uuid() AS transfer_id, 1000 + i % 997 AS micros,
         $2::timestamptz + i * $3::bigint * interval '1 millisecond' AS at,
         ($4::text[])[1 + i % cardinality($4::text[])] AS model_id,
         w.seq + 1 + i AS seq, (w.posted_micros - sum(1000 + i % 997) OVER (ORDER BY i))::bigint AS balance
       FROM wallets w, generate_series(0, $5::int - 1) AS i WHERE w.id = $1`,
      [calls.walletId, calls.from, calls.everyMs, calls.modelIds, calls.count],
    )
    for (const statement of STATEMENTS) {
      const values = [calls.walletId, calls.userId].slice(0, statement.includes('$2') ? 2 : 1)
      await owner.query(statement, values)
    }
    await owner.query('COMMIT')
    await owner.query('ANALYZE transfers, usage_records, holds, wallets')
  } finally {
    await owner.end()
  }
}

const STATEMENTS = [
  `UPDATE lots l SET noted_micros = x.remaining_micros FROM lots_left x
   WHERE x.wallet_id = $1 AND l.wallet_id = $1 AND l.transfer_id = x.transfer_id`,
  `INSERT INTO holds (id, wallet_id, spender_id, amount_micros, state, captured_micros, request_hash, created_at, closed_at,
     model_id, price_version_id, prompt_tokens, output_cap, omitted_turns)
   SELECT p.hold_id, $1, $2, 2 * p.micros, 'captured', p.micros, sha256(p.hold_id::text::bytea), p.at, p.at,
     p.model_id, v.id, p.micros, 1, 0
   FROM past p JOIN LATERAL (SELECT id FROM price_versions v WHERE v.model_id = p.model_id LIMIT 1) v ON true`,
  `INSERT INTO transfers (id, kind, debit_account_id, credit_account_id, amount_micros, debit_seq, debit_balance_micros,
     idempotency_key, request_hash, hold_id, lot_transfer_id, actor, created_at)
   SELECT p.transfer_id, 'usage', $1, r.id, p.micros, p.seq, p.balance, 'capture:' || p.hold_id, sha256(p.hold_id::text::bytea),
     p.hold_id, l.transfer_id, 'system:test', p.at
   FROM past p, accounts r, (SELECT transfer_id FROM lots WHERE wallet_id = $1 ORDER BY noted_micros DESC LIMIT 1) l
   WHERE r.code = 'revenue' ORDER BY p.i`,
  `UPDATE lots SET noted_micros = noted_micros - (SELECT sum(micros) FROM past)
   WHERE (wallet_id, transfer_id) = (SELECT wallet_id, transfer_id FROM lots WHERE wallet_id = $1 ORDER BY noted_micros DESC LIMIT 1)`,
  `UPDATE wallets SET posted_micros = (SELECT min(balance) FROM past), seq = (SELECT max(seq) FROM past),
     lot_transfer_id = NULL, lot_floor_micros = NULL WHERE id = $1`,
  `UPDATE wallets w SET lot_transfer_id = l.lot_id, lot_floor_micros = w.posted_micros - l.left_micros
   FROM wallets x CROSS JOIN LATERAL (SELECT * FROM ledger_lots_in_order(x) LIMIT 1) l WHERE w.id = $1 AND x.id = $1`,
  `INSERT INTO usage_records (user_id, id, wallet_id, hold_id, conversation_id, model_id, outcome, usage_source,
     input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, price_version_id,
     input_price_micros, cache_read_price_micros, cache_write_price_micros, output_price_micros, reasoning_price_micros,
     request_price_micros, held_micros, cost_micros, charged_micros, bad_debt_micros, wallet_seq, vendor_cost_micros,
     omitted_turns, duration_ms, created_at)
   SELECT $2, (lpad(to_hex((extract(epoch FROM p.at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(p.i), 12, '0'))::uuid,
     $1, p.hold_id, gen_random_uuid(), p.model_id, 'completed', 'reported', p.micros, 0, 0, 0, 0, v.id,
     1000000, 0, 0, 0, 0, 0, 2 * p.micros, p.micros, p.micros, 0, p.seq, 0, 0, 900, p.at
   FROM past p JOIN LATERAL (SELECT id FROM price_versions v WHERE v.model_id = p.model_id LIMIT 1) v ON true`,
]
