import { sql } from 'drizzle-orm'
import type { DemoCtx } from './scale.ts'
import { draw } from './scratch.ts'

/**
 * What came into wallets: welcomes, codes, grants and orders, in the order of time. `ord` puts what happens at the same
 * moment in order: calls have twice their number, so that a purchase fits on either side.
 */
export async function drawCredits(ctx: DemoCtx): Promise<void> {
  await draw(
    ctx,
    'demo_purchases',
    sql`
    SELECT row_number() OVER (ORDER BY at, ord, nth)::bigint AS p, u, pack, at, ord, nth
    FROM (
      SELECT u, pack, nth,
        CASE WHEN debt > 0 THEN at + least(interval '1 minute', (next_at - at) / 2)
          ELSE at - least(interval '10 minutes', (at - previous_at) / 2) END AS at,
        CASE WHEN debt > 0 THEN 2 * i + 1 ELSE 2 * i - 1 END AS ord
      FROM demo_calls, generate_series(bought_before + 1, bought) nth
      WHERE bought > bought_before
    ) needed`,
  )
  await draw(
    ctx,
    'demo_batches',
    sql`
    SELECT batch, name, (units * k.unit_micros)::bigint AS credits, uses_per_code, lasts_days, created_days, ends_days,
      revoked, spare, pg_temp.demo_id('batch', s.ends_at - created_days * interval '1 day', batch) AS id
    FROM (VALUES
      (1, 'Launch party', 2, 1, NULL::int, 366, NULL::int, false, 30),
      (2, 'Come back', 3, 1, 30, 340, NULL, false, 40),
      (3, 'Conference talk', 1, 100000, NULL, 300, 120, false, 0),
      (4, 'Misprinted cards', 5, 1, NULL, 200, NULL, true, 25),
      (5, 'Newsletter', 1, 1, 90, 90, -60, false, 200)
    ) b (batch, name, units, uses_per_code, lasts_days, created_days, ends_days, revoked, spare),
      demo_scale s, (SELECT unit_micros FROM demo_packs LIMIT 1) k`,
  )
  await draw(
    ctx,
    'demo_credits',
    sql`
    SELECT row_number() OVER (ORDER BY at, ord, kind, u)::bigint AS n, drawn.*
    FROM (
      SELECT u, joined_at AS at, 0::bigint AS ord, 'promotion' AS kind, 'promotional' AS source, gift AS amount,
        NULL::bigint AS p, NULL::int AS batch, NULL::timestamptz AS expires_at
      FROM demo_people
      UNION ALL
      SELECT u, joined_at + interval '5 minutes', 0, 'redemption', 'code', code_gift, NULL, 1, NULL
      FROM demo_people WHERE code_gift > 0
      UNION ALL
      -- Those who had left were asked to come back; some who stay found such a card too.
      SELECT u, at, 0, 'redemption', 'code', b.credits, NULL, 2, at + b.lasts_days * interval '1 day'
      FROM (
        SELECT u, CASE WHEN left_at < s.ends_at THEN left_at + interval '20 days'
          ELSE s.ends_at - (1 + u % 19) * interval '1 day' END AS at
        FROM demo_people, demo_scale s WHERE NOT disabled AND u % 3 = 0 AND (left_at < s.ends_at OR u % 2 = 0)
      ) asked, demo_batches b, demo_scale s
      WHERE b.batch = 2 AND at < s.ends_at
      UNION ALL
      SELECT u, greatest(joined_at, s.ends_at - interval '280 days') + interval '2 days', 0, 'redemption', 'code',
        b.credits, NULL, 3, NULL
      FROM demo_people, demo_batches b, demo_scale s
      WHERE b.batch = 3 AND u % 17 = 3 AND joined_at < s.ends_at - interval '130 days'
      UNION ALL
      SELECT u, joined_at + (s.ends_at - joined_at) * 0.6, 0, CASE u % 3 WHEN 0 THEN 'adjustment' ELSE 'grant' END,
        'promotional',
        (1 + u % 9) * gift, NULL, NULL, NULL
      FROM demo_people, demo_scale s WHERE u % 41 IN (7, 9, 12)
      UNION ALL
      SELECT u, at, ord, 'top_up', 'paid', k.credits_micros, p, NULL, NULL FROM demo_purchases
        JOIN demo_packs k USING (pack)
      UNION ALL
      SELECT u, at, ord, 'promotion', 'promotional', k.bonus_micros, p, NULL, NULL
      FROM demo_purchases JOIN demo_packs k USING (pack) WHERE k.bonus_micros > 0
    ) drawn`,
  )
  await ctx.db.execute(sql`CREATE UNIQUE INDEX ON demo_credits (n)`)
}

/**
 * Which lots paid for which call: what came first goes first. Sums of all that came in and of all that went out up to
 * each point give intervals, and where they overlap a lot paid for a call.
 */
export async function drawLotUses(ctx: DemoCtx): Promise<void> {
  await draw(
    ctx,
    'demo_uses',
    sql`
    SELECT c.i, l.n, c.u, (least(l.upto, c.upto) - greatest(l.since, c.since))::bigint AS amount, c.at
    FROM (
      SELECT i, u, at, upto - charged AS since, upto
      FROM (SELECT i, u, at, charged, sum(charged) OVER (PARTITION BY u ORDER BY i) AS upto FROM demo_calls
        WHERE charged > 0) s
    ) c
    JOIN (
      SELECT n, u, upto - amount AS since, upto
      FROM (SELECT n, u, amount, sum(amount) OVER (PARTITION BY u ORDER BY n) AS upto FROM demo_credits) s
    ) l ON l.u = c.u AND l.since < c.upto AND l.upto > c.since`,
  )
  await ctx.db.execute(sql`CREATE INDEX ON demo_uses (i)`)
  await draw(
    ctx,
    'demo_lots',
    sql`
    SELECT c.*, c.amount - coalesce(used.amount, 0) AS left_micros, coalesce(used.last_at, c.at) AS quiet_since
    FROM demo_credits c
    LEFT JOIN (SELECT n, sum(amount)::bigint AS amount, max(at) AS last_at FROM demo_uses GROUP BY n) used USING (n)`,
  )
}

/**
 * What went back out of wallets, each from lots that no later call used: money given back or taken back by banks, what
 * operators took, and what expired. `taken` left the wallet, `lacking` had been spent.
 */
export async function drawReturns(ctx: DemoCtx): Promise<void> {
  await draw(
    ctx,
    'demo_order_returns',
    sql`
    WITH sold AS (
      SELECT o.p, o.u, o.at AS paid_at, o.pack, coalesce(max(l.quiet_since), o.at) AS quiet_since,
        sum(l.left_micros) FILTER (WHERE l.source = 'paid') AS left_micros, hashint8(o.p * 7) AS spread
      FROM demo_purchases o JOIN demo_lots l USING (p) GROUP BY o.p, o.u, o.at, o.pack
    ), limits AS (
      SELECT greatest(4, count(*) / 60) AS refunds, greatest(5, count(*) / 250) AS disputes FROM sold
    ), last_calls AS (
      SELECT u, max(at) AS last_at FROM demo_calls GROUP BY u
    ), asked AS (
      -- One of a person; a bank asks after the person's last call, so that a suspended wallet pays for none. It takes
      -- days, but where too few have been quiet for so long, at some hours of the day, it asks those who stopped later.
      SELECT s.*, greatest(s.quiet_since, l.last_at) AS last_at
      FROM (SELECT DISTINCT ON (u) * FROM sold WHERE p % 3 > 0 ORDER BY u, p DESC) s JOIN last_calls l USING (u)
    ), disputed AS (
      SELECT a.*, row_number() OVER (ORDER BY a.last_at > d.ends_at - interval '4 days', a.spread) AS r,
        a.last_at + least(interval '3 days', (d.ends_at - a.last_at) / 2) AS at
      FROM asked a, demo_scale d WHERE a.last_at < d.ends_at - interval '2 hours'
    ), taken_back AS (
      SELECT disputed.* FROM disputed, limits WHERE r <= limits.disputes
    ), returned AS (
      SELECT s.*, row_number() OVER (ORDER BY left_micros = 0, spread) AS r, row_number()
        OVER (ORDER BY left_micros > 0, spread) AS r_spent
      FROM sold s, demo_scale d
      WHERE s.quiet_since < d.ends_at - interval '2 hours' AND s.p NOT IN (SELECT p FROM taken_back)
    )
    SELECT p, u, pack, 'dispute' AS kind, at,
      (ARRAY['open', 'lost', 'won', 'closed', 'inquiry', 'lost', 'open', 'won'])[1 + (r - 1) % 8] AS state,
        1.0 AS share, r % 16 = 6 AS forgiven
    FROM taken_back
    UNION ALL
    SELECT p, u, pack, 'refund', quiet_since + least(interval '30 hours', (d.ends_at - quiet_since) / 2),
      CASE WHEN r % 11 = 5 THEN 'failed' WHEN r % 13 = 6 THEN 'pending' ELSE 'succeeded' END,
      CASE WHEN r % 3 = 0 THEN 0.5 ELSE 1.0 END, false
    FROM returned, limits, demo_scale d WHERE r <= limits.refunds OR r_spent <= limits.refunds / 3`,
  )
  // The money's part of an order's credits that stays is rounded down, as the books do it.
  await draw(
    ctx,
    'demo_order_sums',
    sql`
    SELECT r.*, back_minor, moves,
      CASE WHEN moves THEN k.credits_micros - div(k.credits_micros::numeric * (k.price_minor - back_minor),
        k.price_minor)::bigint ELSE 0 END AS due,
      CASE WHEN moves THEN k.bonus_micros - div(k.bonus_micros::numeric * (k.price_minor - back_minor),
        k.price_minor)::bigint ELSE 0 END AS bonus_due
    FROM demo_order_returns r JOIN demo_packs k USING (pack), LATERAL (
      SELECT ceil(k.price_minor * r.share)::bigint AS back_minor, r.state IN ('open', 'lost', 'pending', 'succeeded') AS moves) m`,
  )
  await draw(
    ctx,
    'demo_returns',
    sql`
    SELECT row_number() OVER (ORDER BY at, n)::bigint AS e, outgoing.*
    FROM (
      SELECT l.u, o.at, CASE l.source WHEN 'paid' THEN o.kind ELSE 'reversal' END AS kind, l.n, o.p,
        least(l.left_micros, CASE l.source WHEN 'paid' THEN o.due ELSE o.bonus_due END) AS taken,
        CASE l.source WHEN 'paid' THEN o.due ELSE o.bonus_due END
          - least(l.left_micros, CASE l.source WHEN 'paid' THEN o.due ELSE o.bonus_due END) AS lacking
      FROM demo_order_sums o JOIN demo_lots l USING (p) WHERE o.moves
      UNION ALL
      SELECT u, expires_at + interval '20 seconds', 'expiry', n, NULL, left_micros, 0
      FROM demo_lots, demo_scale s WHERE expires_at < s.ends_at - interval '1 minute' AND left_micros > 0
      UNION ALL
      SELECT u, quiet_since + interval '2 hours', 'adjustment', n, NULL, greatest(1, left_micros / 3), 0
      FROM demo_lots, demo_scale s
      WHERE source = 'promotional' AND p IS NULL AND expires_at IS NULL AND left_micros > 3 AND n % 29 = 5
        AND quiet_since < s.ends_at - interval '3 hours'
    ) outgoing`,
  )
}
