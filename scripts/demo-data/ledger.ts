import { sql } from 'drizzle-orm'
import type { DemoCtx } from './scale.ts'
import { draw } from './scratch.ts'

/** Gives every movement its number and the balance after it in its wallet, and all of them one order of time: `t`. */
export async function drawTransfers(ctx: DemoCtx): Promise<void> {
  await draw(
    ctx,
    'demo_transfers',
    sql`
    SELECT row_number() OVER (ORDER BY at, ord, ref)::bigint AS t, moved.*
    FROM (
      SELECT origin, ref, u, at, ord, kind, change, row_number() OVER w AS seq, (sum(change) OVER w)::bigint AS balance
      FROM (
        SELECT 'credit' AS origin, n AS ref, u, at, ord, kind, amount AS change FROM demo_credits
        UNION ALL
        SELECT 'call', i, u, at, 2 * i, 'usage', -charged FROM demo_calls WHERE charged > 0
        UNION ALL
        SELECT 'return', e, u, at, 1000000000 + e, kind, -taken FROM demo_returns WHERE taken > 0
      ) walleted
      WINDOW w AS (PARTITION BY u ORDER BY at, ord, ref ROWS UNBOUNDED PRECEDING)
      UNION ALL
      SELECT 'debt', i, u, at, 2 * i, 'bad_debt', -debt, NULL, NULL FROM demo_calls WHERE debt > 0
      UNION ALL
      SELECT 'lacking', e, u, at, 1000000000 + e, kind, -lacking, NULL, NULL FROM demo_returns WHERE lacking > 0
        AND kind <> 'reversal'
    ) moved`,
  )
  await ctx.db.execute(sql`CREATE UNIQUE INDEX ON demo_transfers (t)`)
  await ctx.db.execute(sql`CREATE UNIQUE INDEX ON demo_transfers (ref) WHERE origin = 'call'`)
}

/** Holds of the calls from one number to another. */
export async function writeHolds(ctx: DemoCtx, from: number, upto: number): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO holds (id, wallet_id, amount_micros, state, captured_micros, bad_debt_micros, request_hash, spender_id,
      created_at, closed_at, model_id, price_version_id, prompt_tokens, output_cap, omitted_turns)
    SELECT pg_temp.demo_id('hold', c.admitted_at, c.i), p.wallet_id, c.held,
      CASE WHEN c.charged + c.debt > 0 THEN 'captured' ELSE 'released' END, c.charged, c.debt,
      sha256(int8send(c.i)), p.id, c.admitted_at, c.at, c.model_id, c.version_id, c.prompt_tokens, 8192, 0
    FROM demo_calls c JOIN demo_people p USING (u) WHERE c.i >= ${from} AND c.i < ${upto} ORDER BY c.i`)
}

/** Receipts of the calls from one number to another. */
export async function writeReceipts(ctx: DemoCtx, from: number, upto: number): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO usage_records (user_id, id, wallet_id, hold_id, conversation_id, message_id, model_id, channel_id,
      vendor_request_id, outcome, error_code, usage_source, input_tokens, cache_read_tokens, cache_write_tokens,
      output_tokens, reasoning_tokens, price_version_id, input_price_micros, cache_read_price_micros,
      cache_write_price_micros, output_price_micros, reasoning_price_micros, request_price_micros, held_micros,
      cost_micros, charged_micros, bad_debt_micros, wallet_seq, vendor_cost_micros, omitted_turns, first_token_ms,
      duration_ms, created_at)
    SELECT p.id, pg_temp.demo_id('receipt', c.at, c.i), p.wallet_id, pg_temp.demo_id('hold', c.admitted_at, c.i),
      CASE WHEN c.c IS NOT NULL THEN pg_temp.demo_id('conversation', v.started_at, c.c) END,
      CASE WHEN c.c IS NOT NULL THEN pg_temp.demo_id('answer', c.admitted_at, c.i) END,
      c.model_id, c.channel_id, CASE WHEN c.outcome <> 'failed' THEN 'req_' || substr(md5(c.i::text), 1, 20) END,
      c.outcome,
      CASE c.outcome WHEN 'failed' THEN (ARRAY['vendor_failed', 'vendor_rate_limited', 'vendor_unreachable',
        'vendor_timeout', 'vendor_key_refused'])[1 + c.i % 5]
        WHEN 'empty' THEN 'vendor_empty' WHEN 'interrupted' THEN (ARRAY['interrupted',
          'vendor_failed'])[1 + c.i % 2] END,
      CASE WHEN c.outcome = 'failed' THEN 'none' WHEN c.outcome = 'interrupted' OR c.i % 41 = 0 THEN 'estimated'
        ELSE 'reported' END,
      c.input_tokens, c.cache_read_tokens, 0, c.output_tokens, c.reasoning_tokens, c.version_id, c.input_micros,
      c.cache_read_micros, v2.cache_write_micros, c.output_micros, c.reasoning_micros, c.request_micros, c.held,
        c.cost, c.charged, c.debt, t.seq,
      c.vendor_cost, 0, c.first_token_ms, c.duration_ms, c.at
    FROM demo_calls c JOIN demo_people p USING (u)
    JOIN demo_prices v2 ON v2.id = c.version_id
    LEFT JOIN demo_conversations v ON v.c = c.c
    LEFT JOIN demo_transfers t ON t.origin = 'call' AND t.ref = c.i
    WHERE c.i >= ${from} AND c.i < ${upto} ORDER BY c.i`)
}

/** Transfers from one number to another, in the order of time. */
export async function writeTransfers(ctx: DemoCtx, from: number, upto: number): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO transfers (id, kind, debit_account_id, credit_account_id, amount_micros, debit_seq,
      debit_balance_micros,
      credit_seq, credit_balance_micros, idempotency_key, request_hash, hold_id, lot_transfer_id, external_ref, actor,
        reason, created_at)
    SELECT m.id, m.kind, m.debit_id, m.credit_id, abs(m.change), CASE WHEN m.change < 0 THEN m.seq END,
      CASE WHEN m.change < 0 THEN m.balance END, CASE WHEN m.change > 0 THEN m.seq END,
      CASE WHEN m.change > 0 THEN m.balance END,
      m.key, sha256(m.key::bytea), m.hold_id, m.lot_id, m.external_ref, m.actor, m.reason, m.at
    FROM (
      SELECT t.t, t.kind, t.change, t.seq, t.balance, t.at, pg_temp.demo_id(t.origin, t.at, t.ref) AS id,
        CASE WHEN t.change > 0 THEN CASE t.kind WHEN 'top_up' THEN h.clearing WHEN 'adjustment' THEN h.adjustments
          ELSE h.promotions END
          WHEN t.origin IN ('debt', 'lacking') THEN h.bad_debt ELSE p.wallet_id END AS debit_id,
        CASE WHEN t.change > 0 THEN p.wallet_id WHEN t.kind IN ('usage', 'bad_debt') THEN h.revenue
          WHEN t.kind IN ('refund', 'dispute') THEN h.clearing WHEN t.kind = 'reversal' THEN h.promotions
          WHEN t.kind = 'expiry' THEN h.expired ELSE h.adjustments END AS credit_id,
        CASE t.origin WHEN 'call' THEN 'capture:' || w.hold_id WHEN 'debt' THEN 'bad-debt:' || w.hold_id
          ELSE CASE WHEN t.kind IN ('grant', 'adjustment') THEN t.kind || ':'
            ELSE '' END || 'demo:' || t.origin || ':' || t.ref END AS key,
        w.hold_id, pg_temp.demo_id('credit', l.at, l.n) AS lot_id,
        CASE WHEN w.hold_id IS NOT NULL THEN pg_temp.demo_id('receipt', t.at, t.ref)::text
          WHEN o.p IS NOT NULL THEN 'order:' || pg_temp.demo_id('order', o.at, o.p)
          WHEN t.kind = 'redemption' THEN '…' || upper(substr(md5('code' || t.ref), 1, 4)) END AS external_ref,
        CASE WHEN t.kind IN ('grant', 'adjustment') THEN coalesce('user:' || s.admin_id, 'system:admin')
          WHEN t.kind = 'expiry' THEN 'system:expiry'
          WHEN o.p IS NOT NULL THEN 'system:payments' ELSE 'user:' || p.id END AS actor,
        CASE WHEN t.kind IN ('grant', 'adjustment') THEN CASE WHEN t.change > 0 THEN 'Goodwill after the outage'
          ELSE 'Granted twice by mistake' END END AS reason
      FROM demo_transfers t
      JOIN demo_people p USING (u)
      LEFT JOIN LATERAL (
        SELECT pg_temp.demo_id('hold', c.admitted_at, c.i) AS hold_id FROM demo_calls c
        WHERE t.origin IN ('call', 'debt') AND c.i = t.ref
      ) w ON true
      LEFT JOIN LATERAL (
        SELECT min(x.n) AS n FROM demo_uses x WHERE t.origin = 'call' AND x.i = t.ref HAVING count(*) = 1
      ) x ON true
      LEFT JOIN demo_credits l ON l.n = x.n
      LEFT JOIN demo_credits cr ON t.origin = 'credit' AND cr.n = t.ref
      LEFT JOIN demo_returns re ON t.origin IN ('return', 'lacking') AND re.e = t.ref
      LEFT JOIN demo_purchases o ON o.p = coalesce(cr.p, re.p)
      CROSS JOIN demo_scale s
      CROSS JOIN (
        SELECT min(id::text) FILTER (WHERE code = 'clearing')::uuid AS clearing,
          min(id::text) FILTER (WHERE code = 'revenue')::uuid AS revenue,
          min(id::text) FILTER (WHERE code = 'promotions')::uuid AS promotions,
            min(id::text) FILTER (WHERE code = 'bad_debt')::uuid AS bad_debt,
          min(id::text) FILTER (WHERE code = 'adjustments')::uuid AS adjustments,
            min(id::text) FILTER (WHERE code = 'expired')::uuid AS expired
        FROM accounts WHERE kind = 'house'
      ) h
      WHERE t.t >= ${from} AND t.t < ${upto}
    ) m ORDER BY m.t`)
}

/** Lots with what is left of them. */
export async function writeLots(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO lots (wallet_id, transfer_id, source, amount_micros, noted_micros, expires_at, created_at)
    SELECT p.wallet_id, pg_temp.demo_id('credit', l.at, l.n), l.source, l.amount, l.left_micros - coalesce(r.taken, 0),
      l.expires_at, l.at
    FROM demo_lots l JOIN demo_people p USING (u)
    LEFT JOIN (SELECT n, sum(taken)::bigint AS taken FROM demo_returns GROUP BY n) r USING (n)
    ORDER BY l.n`)
}

/** Which lots paid for the calls from one number to another that more than one paid for. */
export async function writeLotUses(ctx: DemoCtx, from: number, upto: number): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO lot_uses (wallet_id, transfer_id, lot_transfer_id, amount_micros)
    SELECT p.wallet_id, pg_temp.demo_id('call', x.at, x.i), pg_temp.demo_id('credit', l.at, x.n), x.amount
    FROM (
      SELECT *, count(*) OVER (PARTITION BY i) AS lots FROM demo_uses WHERE i >= ${from} AND i < ${upto}
    ) x
    JOIN demo_people p USING (u) JOIN demo_credits l USING (n)
    WHERE x.lots > 1 ORDER BY x.i, x.n`)
}

/** Which lots what went back came out of, and what all wallets stand at. */
export async function closeBooks(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO lot_uses (wallet_id, transfer_id, lot_transfer_id, amount_micros)
    SELECT p.wallet_id, pg_temp.demo_id('return', r.at, r.e), pg_temp.demo_id('credit', l.at, r.n), r.taken
    FROM demo_returns r JOIN demo_people p USING (u) JOIN demo_credits l USING (n) WHERE r.taken > 0 ORDER BY r.e`)
  await ctx.db.execute(sql`
    UPDATE wallets w SET posted_micros = e.balance, seq = e.seq
    FROM (SELECT DISTINCT ON (u) u, balance, seq FROM demo_transfers WHERE seq IS NOT NULL ORDER BY u, seq DESC) e
    JOIN demo_people p USING (u) WHERE p.wallet_id = w.id`)
  await ctx.db.execute(sql`
    UPDATE wallets w SET next_expiry_at = l.expires_at
    FROM (SELECT wallet_id, min(expires_at) AS expires_at FROM lots WHERE noted_micros > 0
      AND expires_at IS NOT NULL GROUP BY wallet_id) l
    WHERE l.wallet_id = w.id`)
  await ctx.db.execute(sql`
    UPDATE wallets w SET lot_transfer_id = l.lot_id, lot_floor_micros = w.posted_micros - l.left_micros
    FROM wallets x CROSS JOIN LATERAL (SELECT * FROM ledger_lots_in_order(x) LIMIT 1) l
    WHERE x.id = w.id`)
}
