import { sql } from 'drizzle-orm'
import type { DemoCtx } from './scale.ts'
import { draw } from './scratch.ts'

/**
 * Draws who called when: conversations with their turns, and calls of programs for the rest. `i` numbers all calls in
 * the order of time, from 1.
 */
export async function drawCalls(ctx: DemoCtx): Promise<void> {
  // The ranks of people by use are spread over them by a prime, so that who came early is not who uses most.
  await draw(
    ctx,
    'demo_conversations',
    sql`
    SELECT c, u, turns, gap_seconds,
      least(pg_temp.demo_time(day, hour_draw, minute_draw, s.ends_at),
        s.ends_at - (turns + 1) * (gap_seconds + 30) * interval '1 second') AS started_at
    FROM (
      SELECT c, p.u, turns, gap_seconds, hour_draw, minute_draw,
        p.joined_at + (p.left_at - p.joined_at) * power(day_draw, 0.9) AS day
      FROM (
        SELECT c, 1 + (floor(s.people * power(rank_draw, 2.2))::int * 7919 + 13) % s.people AS u, turns,
          sum(turns) OVER (ORDER BY c) - turns AS turns_before, gap_seconds, day_draw, hour_draw, minute_draw
        FROM demo_scale s, LATERAL (
          SELECT c, random() AS rank_draw, 1 + floor(-ln(1 - random()) * 5.2)::int AS turns,
            60 + floor(random() * 180)::int AS gap_seconds, random() AS day_draw, random() AS hour_draw,
            random() AS minute_draw
          FROM generate_series(1, s.messages) c
        ) drawn
      ) ranked
      JOIN demo_people p USING (u), demo_scale s
      WHERE turns_before < s.messages / 2
      ORDER BY c
    ) begun, demo_scale s`,
  )
  // The last conversation stops where the number of messages is reached.
  await ctx.db.execute(sql`
    UPDATE demo_conversations c SET turns = c.turns - (t.turns - s.messages / 2)
    FROM (SELECT sum(turns)::int AS turns, max(c) AS last FROM demo_conversations) t, demo_scale s WHERE c.c = t.last`)
  await draw(
    ctx,
    'demo_drawn',
    sql`
    SELECT row_number() OVER (ORDER BY at, u, c, turn) AS i, u, c, turn, at,
      random() AS model_draw, random() AS favourite_draw, random() AS route_draw, random() AS outcome_draw,
      random() AS prompt_draw, random() AS cache_draw, random() AS output_draw, random() AS thought_draw,
      random() AS latency_draw, random() AS angle_draw, random() AS pace_draw, random() AS debt_draw
    FROM (
      SELECT u, c, turn, started_at + (turn * gap_seconds + random() * 20) * interval '1 second' AS at
      FROM demo_conversations, generate_series(1, turns) turn
      UNION ALL
      SELECT p.u, NULL, NULL, pg_temp.demo_time(
        p.joined_at + (p.left_at - p.joined_at) * power(day_draw, 0.8), hour_draw, minute_draw, s.ends_at)
        + second_draw * interval '1 second'
      FROM (
        SELECT 1 + (floor(greatest(1, s.people * 0.15) * power(random(), 2))::int * 7919 + 13) % s.people AS u,
          random() AS day_draw, random() AS hour_draw, random() AS minute_draw, random() AS second_draw
        FROM demo_scale s, generate_series(1, s.records - s.messages / 2)
      ) calls JOIN demo_people p USING (u), demo_scale s
    ) both_kinds
    ORDER BY i`,
  )
}

/** What each call asked for and came to: model, channel, tokens, outcome, price. */
export async function rateCalls(ctx: DemoCtx): Promise<void> {
  await draw(
    ctx,
    'demo_choices',
    sql`
    SELECT model_id, n, reasoning,
      coalesce(sum(weight) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) / sum(weight)
        OVER () AS share_from,
      CASE n WHEN max(n) OVER () THEN 2 ELSE sum(weight) OVER (ORDER BY n) / sum(weight) OVER () END AS share_to
    FROM demo_models`,
  )
  await draw(
    ctx,
    'demo_rated',
    sql`
    SELECT t.*, p.id AS version_id, p.input_micros, p.cache_read_micros, p.cache_write_micros, p.output_micros,
      p.reasoning_micros, p.request_micros, r.channel_id,
      CASE WHEN t.outcome IN ('failed', 'empty') THEN 0 ELSE p.request_micros + ceil((
        t.input_tokens * p.input_micros::numeric + t.cache_read_tokens * p.cache_read_micros::numeric
        + t.output_tokens * p.output_micros::numeric + t.reasoning_tokens * p.reasoning_micros::numeric) / 1000000) END::bigint AS cost,
      ceil((CASE t.outcome WHEN 'failed' THEN 0 ELSE 1 END) * (
        t.input_tokens * p.cost_input_micros::numeric + t.cache_read_tokens * p.cost_cache_read_micros::numeric
        + t.output_tokens * p.cost_output_micros::numeric + t.reasoning_tokens * p.cost_reasoning_micros::numeric) / 1000000)::bigint AS vendor_cost,
      ceil((t.prompt_tokens * p.input_micros::numeric + 8192 * p.output_micros::numeric) / 1000000)::bigint + p.request_micros AS full_hold
    FROM (
      SELECT i, u, c, turn, at, model_id, outcome, debt_draw, route_draw, prompt_tokens, first_token_ms, duration_ms,
        at - duration_ms * interval '1 millisecond' AS admitted_at,
        CASE outcome WHEN 'failed' THEN 0 ELSE prompt_tokens - cached_tokens END AS input_tokens,
        CASE outcome WHEN 'failed' THEN 0 ELSE cached_tokens END AS cache_read_tokens,
        CASE WHEN outcome IN ('failed', 'empty') THEN 0 ELSE output_tokens END AS output_tokens,
        CASE WHEN outcome IN ('failed', 'empty') THEN 0 ELSE thought_tokens END AS reasoning_tokens
      FROM (
        SELECT counted.*,
          CASE WHEN outcome = 'failed' THEN NULL ELSE first_ms END AS first_token_ms,
          least(280000, first_ms + (output_tokens + thought_tokens) * (6 + 14 * pace_draw))::int AS duration_ms
        FROM (
          SELECT d.i, d.u, d.c, d.turn, d.at, d.debt_draw, d.route_draw, d.pace_draw, m.model_id,
            CASE WHEN outcome_draw < 0.938 THEN 'completed' WHEN outcome_draw < 0.965 THEN 'stopped'
              WHEN outcome_draw < 0.974 THEN 'interrupted' WHEN outcome_draw < 0.996 THEN 'failed'
                ELSE 'empty' END AS outcome,
            prompt_tokens, floor(prompt_tokens * CASE WHEN cache_draw < 0.4 THEN 0.7 * cache_draw / 0.4
              ELSE 0 END)::int AS cached_tokens,
            8 + floor(least(7000, -ln(1 - output_draw) * 520))::int AS output_tokens,
            CASE WHEN m.reasoning THEN floor(thought_draw * 600)::int ELSE 0 END AS thought_tokens,
            (80 + exp(6.25 + 0.55 * sqrt(-2 * ln(1 - latency_draw)) * cos(2 * pi() * angle_draw))
              * CASE WHEN m.reasoning THEN 1.7 ELSE 1 END)::int AS first_ms
          FROM (
            SELECT *, CASE WHEN c IS NULL THEN 400 + floor(least(120000, -ln(1 - prompt_draw) * 14000))::int
              ELSE 40 + turn * 420 + floor(prompt_draw * 300)::int END AS prompt_tokens,
              -- Most calls of a person go to the same model.
              CASE WHEN favourite_draw < 0.7 THEN (u * 2654435761 % 100003) / 100003.0
                ELSE model_draw END AS choice_draw
            FROM demo_drawn
          ) d
          JOIN demo_choices m ON d.choice_draw >= m.share_from AND d.choice_draw < m.share_to
        ) counted
      ) timed
    ) t
    JOIN demo_prices p ON p.model_id = t.model_id AND t.admitted_at >= p.from_at AND t.admitted_at < p.to_at
    LEFT JOIN demo_routes r ON r.model_id = t.model_id AND t.route_draw >= r.share_from AND t.route_draw < r.share_to`,
  )
}

/**
 * Lets people pay for their calls: whoever comes near nothing buys another package just before, or, in a few cases, just
 * after a call that cost more than there was. `charged` never exceeds what is there.
 */
export async function chargeCalls(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    ALTER TABLE demo_people ADD pack int, ADD gift bigint, ADD code_gift bigint`)
  await ctx.db.execute(sql`
    UPDATE demo_people p SET
      pack = CASE WHEN use.calls > 5000 THEN k.packs WHEN use.calls > 1500 THEN greatest(1, k.packs - 1)
        WHEN p.pack_draw < 0.8 THEN 1 WHEN p.pack_draw < 0.96 THEN least(2, k.packs) ELSE least(3, k.packs) END,
      gift = k.unit_micros / 2,
      code_gift = CASE WHEN p.code_draw < 0.12 THEN 2 * k.unit_micros ELSE 0 END
    FROM (SELECT q.u, count(r.u) AS calls FROM demo_people q LEFT JOIN demo_rated r ON r.u = q.u GROUP BY q.u) use,
      (SELECT packs, unit_micros FROM demo_packs LIMIT 1) k
    WHERE use.u = p.u`)
  await draw(
    ctx,
    'demo_calls',
    sql`
    SELECT r.*, CASE WHEN in_debt THEN there ELSE cost END AS charged, CASE WHEN in_debt THEN cost - there
      ELSE 0 END AS debt,
      greatest(1, CASE WHEN in_debt THEN there ELSE least(full_hold,
        gifts + bought * worth - (spent - cost)) END) AS held
    FROM (
      SELECT s.*, gifts + bought_before * worth - (spent - cost) AS there,
        bought = bought_before + 1 AND debt_draw < 0.02 AND gifts + bought_before * worth - (spent - cost) BETWEEN 1
          AND cost - 1 AS in_debt
      FROM (
        SELECT b.*, lag(bought, 1, 0::bigint) OVER w AS bought_before, lag(at) OVER w AS previous_at, lead(at)
          OVER w AS next_at
        FROM (
          SELECT c.*, p.gift + p.code_gift AS gifts, k.credits_micros + k.bonus_micros AS worth, p.pack,
            sum(c.cost) OVER (PARTITION BY c.u ORDER BY c.i)::bigint AS spent,
            greatest(0, ceil((sum(c.cost) OVER (PARTITION BY c.u
              ORDER BY c.i) + k.unit_micros / 50 - p.gift - p.code_gift)::numeric
              / (k.credits_micros + k.bonus_micros)))::bigint AS bought
          FROM demo_rated c JOIN demo_people p USING (u) JOIN demo_packs k USING (pack)
        ) b
        WINDOW w AS (PARTITION BY u ORDER BY i)
      ) s
    ) r
    ORDER BY i`,
  )
  await ctx.db.execute(sql`DROP TABLE demo_rated, demo_drawn`)
  await ctx.db.execute(sql`CREATE UNIQUE INDEX ON demo_calls (i)`)
}
