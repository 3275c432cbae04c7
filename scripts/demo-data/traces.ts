import { sql } from 'drizzle-orm'
import type { DemoCtx } from './scale.ts'

/** Sessions, what operators did, what vendors told late, and the nightly runs of verify-ledger. */
export async function writeTraces(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO sessions (id, user_id, ip, user_agent, created_at, last_seen_at, expires_at, revoked_at)
    SELECT pg_temp.demo_id('session' || nth, x.at, x.u), x.id, '203.0.113.' || (x.u * nth) % 250,
      (ARRAY['Mozilla/5.0 (iPhone; CPU iPhone OS 19_2 like Mac OS X) AppleWebKit/605.1.15 Version/19.2 Mobile/15E148 Safari/604.1',
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36',
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 15_5) AppleWebKit/605.1.15 Version/19.2 Safari/605.1.15'])[1 + (x.u + nth) % 3],
      x.at, least(x.at + x.u % 20 * interval '1 day', s.ends_at), x.at + interval '30 days',
      CASE WHEN (x.u + nth) % 9 = 0 OR x.disabled THEN least(x.at + interval '3 days', s.ends_at) END
    FROM (
      SELECT p.*, nth, greatest(p.joined_at, p.left_at - (nth * 9 + p.u % 11) * interval '1 day') AS at
      FROM demo_people p, generate_series(1, 2) nth
    ) x, demo_scale s ORDER BY x.at`)
  await writeAudit(ctx)
  await writeAdjustments(ctx)
  await ctx.db.execute(sql`
    INSERT INTO late_usage (hold_id, user_id, usage_record_id, model_id, channel_id, vendor_request_id, input_tokens,
      cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, vendor_cost_micros, created_at)
    SELECT pg_temp.demo_id('hold', c.admitted_at, c.i), p.id, pg_temp.demo_id('receipt', c.at, c.i), c.model_id,
      c.channel_id,
      'req_' || substr(md5(c.i::text), 1, 20), c.input_tokens, 0, 0, c.output_tokens + 40, 0, 1 + c.vendor_cost / 5,
        c.at + interval '2 minutes'
    FROM demo_calls c JOIN demo_people p USING (u), demo_scale s
    WHERE c.outcome = 'interrupted' AND c.i % 9 = 0 AND c.at < s.ends_at - interval '5 minutes' ORDER BY c.i`)
  await ctx.db.execute(sql`
    INSERT INTO ledger_checks (id, source, started_at, finished_at, facts, differences, details)
    SELECT pg_temp.demo_id('check', at, night), 'nightly', at, at + interval '70 seconds', '{}', 0, '{}'
    FROM (SELECT night, date_trunc('day', s.ends_at) - (night * 24 - 3) * interval '1 hour' AS at
      FROM demo_scale s, generate_series(30, 1, -1) night) nights`)
}

async function writeAudit(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO audit_entries (id, created_at, actor_type, actor_id, action, subject_type, subject_id, before, after,
      reason, ip)
    SELECT pg_temp.demo_id('audit', d.at, row_number() OVER (ORDER BY d.at, d.action, d.subject_id)), d.at,
      CASE WHEN d.by_person THEN 'user' WHEN d.by_admin AND s.admin_id IS NOT NULL THEN 'user' ELSE 'system' END,
      CASE WHEN d.by_person THEN d.subject_id WHEN d.by_admin THEN coalesce(s.admin_id::text, 'admin') ELSE 'demo' END,
      d.action, d.subject_type, d.subject_id, d.before, d.after, d.reason, CASE WHEN d.by_person OR d.by_admin
        THEN '203.0.113.' || abs(hashtext(d.subject_id)) % 250 END
    FROM (
      SELECT joined_at AS at, false AS by_person, false AS by_admin, 'user.create' AS action, 'user' AS subject_type,
        id::text AS subject_id,
        NULL::jsonb AS before, jsonb_build_object('name', name, 'role', 'user', 'email', email) AS after, NULL AS reason
      FROM demo_people
      UNION ALL
      SELECT joined_at + (left_at - joined_at) / 2, true, false, 'user.change-password', 'user', id::text, NULL,
        '{}', NULL
      FROM demo_people WHERE u % 13 = 4
      UNION ALL
      SELECT least(left_at + interval '1 day', ends_at), false, true, 'user.disable', 'user', id::text,
        '{"status":"active"}', '{"status":"disabled"}', 'Payments with stolen cards'
      FROM demo_people, demo_scale WHERE disabled
      UNION ALL
      SELECT paid_at, false, true, 'order.confirm', 'order', id::text, '{"state":"pending"}',
        jsonb_build_object('state', 'paid', 'paid', price_minor::text, 'currency', currency), NULL
      FROM orders WHERE provider = 'manual' AND state = 'paid'
      UNION ALL
      SELECT updated_at, false, true, 'order.reject', 'order', id::text,
        '{"state":"pending"}', '{"state":"rejected"}', decision_note
      FROM orders WHERE state = 'rejected'
      UNION ALL
      SELECT r.created_at - interval '1 second', false, true, 'order.refund', 'order', r.order_id::text, NULL,
        jsonb_build_object('amountMinor', r.amount_minor::text, 'currency', o.currency, 'requestId', o.request_id),
          'The customer asked for it'
      FROM refunds r JOIN orders o ON o.id = r.order_id
      UNION ALL
      SELECT d.forgiven_at, false, true, 'order.forgive', 'order', d.order_id::text, NULL,
        '{}', 'A mistake of their bank' FROM disputes d WHERE d.forgiven_at IS NOT NULL
      UNION ALL
      SELECT created_at, false, true, 'codes.create', 'code_batch', id::text, NULL, jsonb_build_object('name', name,
        'credits', credits_micros::text), NULL FROM code_batches
      UNION ALL
      SELECT revoked_at, false, true, 'codes.revoke', 'code_batch', id::text, NULL,
        '{}', 'The cards were misprinted' FROM code_batches WHERE revoked_at IS NOT NULL
      UNION ALL
      SELECT created_at, false, true, 'model.set', 'model', model_id, NULL,
        jsonb_build_object('input', input_micros::text, 'output', output_micros::text, 'priceVersionId', id,
          'priceChanged', true), NULL
      FROM demo_prices WHERE from_at > (SELECT starts_at FROM demo_scale) AND created_at < (SELECT ends_at
        FROM demo_scale)
      UNION ALL
      SELECT refused_at, false, false, 'channel_key.refused', 'channel', channel_id::text, '{"status":"active"}',
        jsonb_build_object('status', 'refused', 'hint', hint, 'httpStatus', refused_status), NULL
      FROM channel_keys WHERE refused_at IS NOT NULL
    ) d, demo_scale s
    ORDER BY d.at, d.action, d.subject_id`)
}

/** What operators gave and took, what waits for a second one, and what was refused. */
async function writeAdjustments(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO adjustments (id, kind, wallet_id, amount_micros, reason, idempotency_key, request_hash, state,
      requested_by,
      requested_by_user_id, transfer_id, created_at)
    SELECT pg_temp.demo_id('adjustment', t.at, t.t), t.kind, p.wallet_id, t.change,
      CASE WHEN t.change > 0 THEN 'Goodwill after the outage' ELSE 'Granted twice by mistake' END,
      'demo:' || t.origin || ':' || t.ref, sha256(int8send(t.t)), 'posted', coalesce('user:' || s.admin_id,
        'system:admin'), s.admin_id,
      pg_temp.demo_id(t.origin, t.at, t.ref), t.at
    FROM demo_transfers t JOIN demo_people p USING (u), demo_scale s WHERE t.kind IN ('grant', 'adjustment') ORDER BY t.t`)
  await ctx.db.execute(sql`
    INSERT INTO adjustments (id, kind, wallet_id, amount_micros, reason, idempotency_key, request_hash, state,
      requested_by,
      requested_by_user_id, decided_by, decided_by_user_id, decided_at, created_at)
    SELECT pg_temp.demo_id('waiting', x.at, x.u), 'grant', x.wallet_id, 250 * x.gift, 'A refund for a whole team',
      'demo:waiting:' || x.u, sha256(int4send(x.u)), CASE WHEN x.u % 2 = 0 THEN 'rejected' ELSE 'waiting' END,
        coalesce('user:' || s.admin_id, 'system:admin'), s.admin_id,
      CASE WHEN x.u % 2 = 0 THEN 'system:admin' END, NULL, CASE WHEN x.u % 2 = 0 THEN x.at + interval '3 hours' END,
        x.at
    FROM (SELECT p.*, s.ends_at - u * interval '7 hours' AS at FROM demo_people p, demo_scale s WHERE u <= 6) x, demo_scale s ORDER BY x.at`)
}

/** Some people allow themselves only so much; the ledger counts what they spent since midnight. Once the keys are back. */
export async function writeCaps(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    SELECT ledger_set_cap(p.wallet_id, p.id, CASE WHEN p.u % 2 = 0 THEN 'day' ELSE 'month' END, 20 * p.gift,
      'Asia/Shanghai')
    FROM demo_people p WHERE p.u % 37 IN (5, 6)`)
}
