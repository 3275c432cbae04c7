import { sql } from 'drizzle-orm'
import type { DemoCtx } from './scale.ts'
import { draw } from './scratch.ts'

/** Orders of the year: those that were paid, what became of some of them, and those that came to nothing. */
export async function writeOrders(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO orders (id, reference, user_id, wallet_id, request_id, request_hash, provider, method, package_id,
      price_minor, currency, credits_micros, bonus_micros, state, session_id, payment_intent_id, paid_minor,
      paid_currency, paid_at, credited_micros, shortfall_micros, bonus_credited_micros, bonus_shortfall_micros,
      payer_note, decided_by, created_at, updated_at, asked_at)
    SELECT pg_temp.demo_id('order', o.at, o.p), upper(substr(md5('reference' || o.p), 1,
      5) || '-' || substr(md5('reference' || o.p), 6, 5)), p.id, p.wallet_id,
      pg_temp.demo_id('request', o.at, o.p), sha256(int8send(o.p)),
      CASE WHEN o.p % 3 = 0 THEN 'manual' ELSE 'stripe' END,
      CASE WHEN o.p % 3 = 0 THEN NULL WHEN NOT p.is_chinese OR o.p % 7 = 1 THEN 'card' WHEN o.p % 2 = 0 THEN 'alipay'
        ELSE 'wechat_pay' END,
      k.package_id, k.price_minor, k.currency, k.credits_micros, k.bonus_micros, 'paid',
      CASE WHEN o.p % 3 > 0 THEN 'cs_demo_' || md5('session' || o.p) END, CASE WHEN o.p % 3 > 0
        THEN 'pi_demo_' || md5('payment' || o.p) END,
      k.price_minor, k.currency, o.at, k.credits_micros - coalesce(b.due, 0),
      coalesce(r.lacking, 0), k.bonus_micros - coalesce(b.bonus_due, 0), coalesce(r.bonus_lacking, 0),
      CASE WHEN o.p % 3 = 0 THEN p.name END,
      CASE WHEN o.p % 3 = 0 THEN coalesce('user:' || s.admin_id, 'system:admin') END,
      o.at - interval '4 minutes', coalesce(b.at, o.at), CASE WHEN o.p % 3 > 0 THEN o.at END
    FROM demo_purchases o
    JOIN demo_people p USING (u)
    JOIN demo_packs k ON k.pack = o.pack
    CROSS JOIN demo_scale s
    LEFT JOIN demo_order_sums b ON b.p = o.p
    LEFT JOIN (
      SELECT p, sum(lacking) FILTER (WHERE kind <> 'reversal')::bigint AS lacking,
        sum(lacking) FILTER (WHERE kind = 'reversal')::bigint AS bonus_lacking
      FROM demo_returns WHERE p IS NOT NULL GROUP BY p
    ) r ON r.p = o.p
    ORDER BY o.p`)
  await ctx.db.execute(sql`
    INSERT INTO refunds (id, order_id, amount_minor, state, created_at, updated_at)
    SELECT CASE WHEN o.p % 3 = 0 THEN 'manual:' || pg_temp.demo_id('refund', b.at, o.p)
      ELSE 're_demo_' || md5('refund' || o.p) END,
      pg_temp.demo_id('order', o.at, o.p), b.back_minor, b.state, b.at, b.at
    FROM demo_order_sums b JOIN demo_purchases o USING (p) WHERE b.kind = 'refund'`)
  await ctx.db.execute(sql`
    INSERT INTO disputes (id, order_id, amount_minor, state, withdrawn_minor, reinstated_minor, forgiven_at,
      created_at, updated_at)
    SELECT 'dp_demo_' || md5('dispute' || o.p), pg_temp.demo_id('order', o.at, o.p), b.back_minor, b.state,
      CASE WHEN b.state IN ('open', 'lost', 'won') THEN b.back_minor ELSE 0 END,
      CASE WHEN b.state = 'won' THEN b.back_minor ELSE 0 END, CASE WHEN b.forgiven THEN b.at + interval '20 hours' END,
        b.at, b.at
    FROM demo_order_sums b JOIN demo_purchases o USING (p) WHERE b.kind = 'dispute'`)
  await ctx.db.execute(sql`
    UPDATE wallets w SET suspended = true
    FROM demo_order_sums b JOIN demo_people p USING (u)
    WHERE p.wallet_id = w.id AND b.kind = 'dispute' AND b.state IN ('open', 'lost') AND NOT b.forgiven`)
  await writeUnpaidOrders(ctx)
  await writeEvents(ctx)
}

/** What came to nothing lies anywhere in the year; what still waits is of the last days. */
async function writeUnpaidOrders(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO orders (id, reference, user_id, wallet_id, request_id, request_hash, provider, method, package_id,
      price_minor, currency, credits_micros, bonus_micros, state, session_id, payment_intent_id, paid_minor,
        paid_currency,
      paid_at, payer_note, decision_note, decided_by, created_at, updated_at)
    SELECT pg_temp.demo_id('unpaid', x.at, x.q), upper(substr(md5('unpaid' || x.q), 1,
      5) || '-' || substr(md5('unpaid' || x.q), 6, 5)), x.id, x.wallet_id,
      pg_temp.demo_id('wish', x.at, x.q), sha256(int8send(-x.q)), x.provider, CASE x.provider WHEN 'stripe' THEN
        CASE WHEN x.state = 'review' OR NOT x.is_chinese THEN 'card' WHEN x.q % 2 = 0 THEN 'alipay'
          ELSE 'wechat_pay' END END,
      k.package_id, k.price_minor, k.currency, k.credits_micros, k.bonus_micros, x.state,
      CASE x.provider WHEN 'stripe' THEN 'cs_demo_' || md5('unpaid' || x.q) END,
      CASE x.state WHEN 'review' THEN 'pi_demo_' || md5('unpaid' || x.q) END,
      CASE x.state WHEN 'review' THEN k.price_minor * 7 ELSE 0 END,
      CASE x.state WHEN 'review' THEN CASE k.currency WHEN 'HKD' THEN 'CNY' ELSE 'HKD' END END,
      CASE x.state WHEN 'review' THEN x.at + interval '2 minutes' END,
      CASE WHEN x.provider = 'manual' AND x.state IN ('pending', 'rejected') THEN x.name END,
      CASE x.state WHEN 'rejected' THEN 'No transfer with this reference came in.' END,
      CASE x.state WHEN 'rejected' THEN x.decider END, x.at, least(x.at + interval '1 day', x.ends_at)
    FROM (
      SELECT q, state, id, wallet_id, name, is_chinese, ends_at, coalesce('user:' || admin_id,
        'system:admin') AS decider,
        CASE WHEN state = 'rejected' OR (state IN ('open', 'pending') AND q % 2 = 0) THEN 'manual'
          ELSE 'stripe' END AS provider,
        greatest(joined_at + interval '1 hour',
          CASE WHEN state IN ('open', 'pending') THEN ends_at - draw * interval '40 hours'
            ELSE ends_at - interval '2 days' - draw * (ends_at - interval '3 days' - starts_at) END) AS at
      FROM (
        SELECT q, s.*, random() AS draw, 1 + (q * 7919) % s.people AS u,
          CASE WHEN q <= 14 THEN (ARRAY['open', 'pending', 'review', 'pending', 'rejected', 'failed',
            'expired'])[1 + q % 7]
            ELSE (ARRAY['expired', 'canceled', 'expired', 'failed', 'canceled', 'expired',
              'rejected'])[1 + q % 7] END AS state
        FROM demo_scale s, LATERAL generate_series(1, 14 + (SELECT count(*) FROM demo_purchases) / 6) q
      ) wished JOIN demo_people USING (u)
      WHERE joined_at < ends_at - interval '2 hours'
    ) x JOIN (SELECT * FROM demo_packs WHERE pack = 1) k ON true
    ORDER BY x.at`)
}

/** What a payment provider told of all this. */
async function writeEvents(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO payment_events (id, type, order_id, source, changed, happened_at, created_at)
    SELECT 'evt_demo_' || md5(type || order_id), type, order_id, CASE WHEN abs(hashtext(order_id::text)) % 40 = 0
      THEN 'reconcile' ELSE 'webhook' END,
      true, at, at
    FROM (
      SELECT id AS order_id, paid_at AS at, 'checkout.session.completed' AS type FROM orders WHERE provider = 'stripe'
        AND paid_minor > 0
      UNION ALL
      SELECT id, updated_at, 'checkout.session.expired' FROM orders WHERE provider = 'stripe' AND state = 'expired'
      UNION ALL
      SELECT id, updated_at, 'checkout.session.async_payment_failed' FROM orders WHERE provider = 'stripe'
        AND state = 'failed'
      UNION ALL
      SELECT order_id, r.created_at, 'refund.created' FROM refunds r JOIN orders o ON o.id = order_id
        WHERE provider = 'stripe'
      UNION ALL
      SELECT order_id, d.created_at, 'charge.dispute.created' FROM disputes d
    ) told ORDER BY at`)
}

/** Batches of codes with their codes and who redeemed them. */
export async function writeCodes(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO code_batches (id, name, credits_micros, uses_per_code, codes_per_person, redeem_before,
      credits_last_days,
      created_by, created_at, revoked_at)
    SELECT id, name, credits, uses_per_code, 1, CASE WHEN ends_days IS NOT NULL
      THEN s.ends_at - ends_days * interval '1 day' END,
      lasts_days, coalesce('user:' || s.admin_id, 'system:admin'), s.ends_at - created_days * interval '1 day',
      CASE WHEN revoked THEN s.ends_at - (created_days - 1) * interval '1 day' END
    FROM demo_batches, demo_scale s ORDER BY id`)
  await draw(
    ctx,
    'demo_redeemed',
    sql`
    SELECT n, u, at, batch, CASE WHEN b.uses_per_code = 1 THEN row_number() OVER (PARTITION BY batch ORDER BY n)
      ELSE 1 END AS number,
      pg_temp.demo_id('credit', at, n) AS transfer_id, b.id AS batch_id
    FROM demo_credits JOIN demo_batches b USING (batch)`,
  )
  await ctx.db.execute(sql`
    INSERT INTO redemption_codes (hash, batch_id, number, uses)
    SELECT sha256(('demo code ' || b.batch || ':' || c.number)::bytea), b.id, c.number, coalesce(r.uses, 0)
    FROM demo_batches b
    LEFT JOIN (SELECT batch, max(number) AS codes FROM demo_redeemed GROUP BY batch) m USING (batch)
    CROSS JOIN LATERAL generate_series(1, greatest(1, coalesce(m.codes, 0) + b.spare)) c (number)
    LEFT JOIN (SELECT batch, number, count(*) AS uses FROM demo_redeemed GROUP BY batch,
      number) r ON r.batch = b.batch AND r.number = c.number
    ORDER BY b.batch, c.number`)
  await ctx.db.execute(sql`
    INSERT INTO redemptions (batch_id, user_id, ordinal, code_hash, transfer_id, created_at)
    SELECT r.batch_id, p.id, 1, sha256(('demo code ' || r.batch || ':' || r.number)::bytea), r.transfer_id, r.at
    FROM demo_redeemed r JOIN demo_people p USING (u) ORDER BY r.n`)
}
