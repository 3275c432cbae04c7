import { sql } from 'drizzle-orm'
import { addChannel } from '#lib/models/index.ts'
import { setPackage } from '#lib/payments/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { PlainError } from '#scripts/run-main.ts'
import type { DemoCtx } from './scale.ts'
import { draw } from './scratch.ts'

const CHANNELS = [
  { name: 'OpenAI', vendor: 'openai', baseUrl: 'https://api.openai.com/v1', share: 0.8 },
  { name: 'OpenAI, second account', vendor: 'openai', baseUrl: 'https://api.openai.com/v1', share: 0.2 },
  { name: 'DeepSeek', vendor: 'deepseek', baseUrl: 'https://api.deepseek.com', share: 1 },
  {
    name: 'Alibaba Cloud',
    vendor: 'qwen',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    share: 1,
  },
  { name: 'Baidu', vendor: 'ernie', baseUrl: 'https://qianfan.baidubce.com/v2', share: 1 },
] as const

/** The key that its vendor refused last night is the first of this channel. */
const REFUSED_CHANNEL = 'OpenAI, second account'

/** What is sold: packages, models with the prices of a year, and the channels that carry them. */
export async function writeOffer(ctx: DemoCtx): Promise<void> {
  await writePackages(ctx)
  await writePrices(ctx)
  await writeChannels(ctx)
  await writeSettings(ctx)
}

async function writePackages(ctx: DemoCtx): Promise<void> {
  const { rows } = await ctx.db.execute<{ price: bigint; credits: bigint; currency: string }>(sql`
    SELECT price_minor AS price, credits_micros AS credits, currency FROM packages WHERE active ORDER BY credits_micros LIMIT 1`)
  const [smallest] = rows
  if (!smallest) throw new PlainError('the demonstration sells packages: make one with npm run admin -- package set')
  const { price, credits, currency } = smallest
  await setPackage(ctx, {
    id: 'demo-team',
    priceMinor: price * 40n,
    currency,
    creditsMicros: credits * 40n,
    bonusMicros: credits * 4n,
    position: 90,
  })
  await draw(
    ctx,
    'demo_packs',
    sql`
    SELECT row_number() OVER (ORDER BY credits_micros, id)::int AS pack, count(*) OVER ()::int AS packs,
      id AS package_id, price_minor, currency, credits_micros, bonus_micros,
      min(credits_micros) OVER () / 5 AS unit_micros
    FROM packages WHERE active`,
  )
}

/** Versions of each model's price before the one that the seed wrote, and of two of them after it. */
async function writePrices(ctx: DemoCtx): Promise<void> {
  // Who is offered, in the order of the list: the first are asked for most.
  await draw(
    ctx,
    'demo_models',
    sql`
    SELECT m.id AS model_id, row_number() OVER (ORDER BY m.id = 'demo', m.position, m.id)::int AS n, m.reasoning,
      m.vendor, CASE WHEN m.id = 'demo' THEN 0.01 ELSE 1.0 / (1 + row_number() OVER (ORDER BY m.id = 'demo',
        m.position, m.id)) END AS weight
    FROM models m
    WHERE EXISTS (SELECT 1 FROM price_versions v WHERE v.model_id = m.id AND upper_inf(v.valid_during))`,
  )
  const { rows } = await ctx.db.execute<{ models: bigint }>(sql`
    SELECT count(*) AS models FROM demo_models WHERE model_id <> 'demo'`)
  if (rows[0]!.models < 3n)
    throw new PlainError('the demonstration needs models with prices: npm run admin -- model set')

  // When the price in force began: at different times of the year, that of the second model yesterday evening.
  await draw(
    ctx,
    'demo_changes',
    sql`
    SELECT m.model_id, m.n, s.starts_at - interval '30 days' AS first_at,
      CASE m.n WHEN 2 THEN s.starts_at + interval '200 days'
        ELSE s.starts_at + (90 + 23 * m.n) * interval '1 day' END AS middle_at,
      CASE WHEN m.n = 2 THEN date_trunc('day', now()) - interval '6 hours' END AS last_at
    FROM demo_models m, demo_scale s`,
  )
  await ctx.db.execute(sql`
    UPDATE price_versions v SET valid_during = tstzrange(coalesce(c.last_at, c.middle_at), NULL)
    FROM demo_changes c WHERE c.model_id = v.model_id AND upper_inf(v.valid_during)`)
  await ctx.db.execute(sql`
    INSERT INTO price_versions (id, model_id, valid_during, input_micros, cache_read_micros, cache_write_micros,
      output_micros, reasoning_micros, request_micros, cost_input_micros, cost_cache_read_micros,
      cost_cache_write_micros, cost_output_micros, cost_reasoning_micros, source_url, source_date, source_currency,
      exchange_rate, exchange_rate_date, created_at, created_by)
    SELECT pg_temp.demo_id('price' || past.ordinal, lower(past.during), c.n), v.model_id, past.during,
      ceil(v.input_micros * past.factor), ceil(v.cache_read_micros * past.factor),
        ceil(v.cache_write_micros * past.factor),
      ceil(v.output_micros * past.factor), ceil(v.reasoning_micros * past.factor), v.request_micros,
      ceil(v.cost_input_micros * past.cost_factor), ceil(v.cost_cache_read_micros * past.cost_factor),
      ceil(v.cost_cache_write_micros * past.cost_factor), ceil(v.cost_output_micros * past.cost_factor),
      ceil(v.cost_reasoning_micros * past.cost_factor), v.source_url, lower(past.during)::date, v.source_currency,
      v.exchange_rate, v.exchange_rate_date, lower(past.during), 'system:demo'
    FROM demo_changes c
    JOIN price_versions v ON v.model_id = c.model_id AND upper_inf(v.valid_during)
    CROSS JOIN LATERAL (VALUES
      (1, tstzrange(c.first_at, c.middle_at), 1.3, 1.25),
      (2, CASE WHEN c.last_at IS NOT NULL THEN tstzrange(c.middle_at, c.last_at) END, 1.15, 1.0)
    ) past (ordinal, during, factor, cost_factor)
    WHERE past.during IS NOT NULL`)
  // The vendor of the fourth model asks more since three weeks than people pay. The last but one gets cheaper in a week.
  await draw(
    ctx,
    'demo_next',
    sql`
    SELECT v.id, c.n, CASE c.n WHEN least(4, m.models - 1) THEN now() - interval '21 days'
      ELSE now() + interval '7 days' END AS at,
      CASE c.n WHEN least(4, m.models - 1) THEN 1.0 ELSE 0.9 END AS factor,
      CASE c.n WHEN least(4, m.models - 1) THEN 1.45 ELSE 1.0 END AS cost_factor
    FROM demo_changes c JOIN price_versions v ON v.model_id = c.model_id AND upper_inf(v.valid_during),
      (SELECT count(*)::int AS models FROM demo_models WHERE model_id <> 'demo') m
    WHERE c.n IN (least(4, m.models - 1), m.models)`,
  )
  await ctx.db.execute(sql`
    UPDATE price_versions v SET valid_during = tstzrange(lower(valid_during), n.at) FROM demo_next n WHERE n.id = v.id`)
  await ctx.db.execute(sql`
    INSERT INTO price_versions (id, model_id, valid_during, input_micros, cache_read_micros, cache_write_micros,
      output_micros, reasoning_micros, request_micros, cost_input_micros, cost_cache_read_micros,
      cost_cache_write_micros, cost_output_micros, cost_reasoning_micros, source_url, source_date, source_currency,
      exchange_rate, exchange_rate_date, created_at, created_by)
    SELECT pg_temp.demo_id('price 3', n.at, n.n), v.model_id, tstzrange(n.at, NULL),
      ceil(v.input_micros * n.factor), ceil(v.cache_read_micros * n.factor), ceil(v.cache_write_micros * n.factor),
      ceil(v.output_micros * n.factor), ceil(v.reasoning_micros * n.factor), v.request_micros,
      ceil(v.cost_input_micros * n.cost_factor), ceil(v.cost_cache_read_micros * n.cost_factor),
      ceil(v.cost_cache_write_micros * n.cost_factor), ceil(v.cost_output_micros * n.cost_factor),
      ceil(v.cost_reasoning_micros * n.cost_factor), v.source_url, v.source_date, v.source_currency,
      v.exchange_rate, v.exchange_rate_date, least(n.at, now()), 'system:demo'
    FROM demo_next n JOIN price_versions v ON v.id = n.id`)
  await draw(
    ctx,
    'demo_prices',
    sql`
    SELECT v.*, lower(v.valid_during) AS from_at, coalesce(upper(v.valid_during), 'infinity') AS to_at
    FROM price_versions v JOIN demo_models m USING (model_id)`,
  )
}

async function writeChannels(ctx: DemoCtx): Promise<void> {
  const channelIds: string[] = []
  for (const { share: _share, ...channel } of CHANNELS) {
    const { channelId } = await addChannel(ctx, { ...channel, key: `sk-demo-${channel.vendor}-000000000000f00d` })
    channelIds.push(channelId)
  }
  await ctx.db.execute(sql`
    UPDATE channels SET created_at = s.starts_at FROM demo_scale s
    WHERE id = ANY (${sql`${`{${channelIds.join(',')}}`}::uuid[]`})`)
  await draw(
    ctx,
    'demo_routes',
    sql`
    SELECT model_id, channel_id,
      coalesce(sum(share) OVER (PARTITION BY model_id ORDER BY ordinal ROWS BETWEEN UNBOUNDED PRECEDING
        AND 1 PRECEDING), 0)
        / sum(share) OVER (PARTITION BY model_id) AS share_from,
      sum(share) OVER (PARTITION BY model_id ORDER BY ordinal) / sum(share) OVER (PARTITION BY model_id) AS share_to
    FROM channel_models JOIN jsonb_to_recordset(${JSON.stringify(
      CHANNELS.map(({ share }, ordinal) => ({ channel_id: channelIds[ordinal], share, ordinal })),
    )}::jsonb) known (channel_id uuid, share float8, ordinal int) USING (channel_id)
    JOIN demo_models USING (model_id)`,
  )
  await ctx.db.execute(sql`
    UPDATE channel_keys k SET created_at = c.created_at,
      status = CASE c.name WHEN ${REFUSED_CHANNEL} THEN 'refused' ELSE k.status END,
      refused_at = CASE c.name WHEN ${REFUSED_CHANNEL} THEN date_trunc('day', now()) - interval '1 hour 17 minutes' END,
      refused_status = CASE c.name WHEN ${REFUSED_CHANNEL} THEN 401 END
    FROM channels c WHERE c.id = k.channel_id AND c.id = ANY (${sql`${`{${channelIds.join(',')}}`}::uuid[]`})`)
}

async function writeSettings(ctx: DemoCtx): Promise<void> {
  await setSetting(ctx, { key: 'time_zone', value: 'Asia/Shanghai' })
  await setSetting(ctx, { key: 'manual_payment', value: 'on' })
  await setSetting(ctx, { key: 'manual_payment_text', value: 'Bank of the Demonstration\nDE00 0000 0000 0000 0000 00' })
}
