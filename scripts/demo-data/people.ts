import { sql } from 'drizzle-orm'
import type { DEMO_SIZES, DemoCtx } from './scale.ts'
import { draw } from './scratch.ts'
import { WORDS } from './words.ts'

/**
 * The ground of everything: the size, a year that ends now, words, and how ids are made. All of it lies in temporary
 * tables of this transaction.
 */
export async function prepareDemo(ctx: DemoCtx, size: (typeof DEMO_SIZES)[keyof typeof DEMO_SIZES]): Promise<void> {
  await ctx.db.execute(sql`SELECT setseed(0.271828)`)
  await draw(
    ctx,
    'demo_scale',
    sql`
    SELECT ${size.people}::int AS people, ${size.messages}::int AS messages, ${size.records}::int AS records,
      now() - interval '365 days' AS starts_at, now() - interval '2 minutes' AS ends_at,
      (SELECT id FROM users WHERE role = 'admin' ORDER BY id LIMIT 1) AS admin_id`,
  )
  await draw(
    ctx,
    'demo_words',
    sql`
    SELECT key AS name, array_agg(word ORDER BY n) AS words
    FROM jsonb_each(${JSON.stringify(WORDS)}::jsonb), jsonb_array_elements_text(value) WITH ORDINALITY list (word, n)
    GROUP BY key`,
  )
  // A UUID version 7 whose time and number are given: rows lie in an index in the order of time, as they would have.
  await ctx.db.execute(sql`
    CREATE FUNCTION pg_temp.demo_id(kind text, at timestamptz, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
      SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
        || substr(lpad(to_hex(n), 6, '0'), 1, 3) || '8' || substr(lpad(to_hex(n), 6, '0'), 4, 3)
        || substr(md5(kind || n::text), 1, 12))::uuid
    $$`)
  await ctx.db.execute(sql`
    CREATE FUNCTION pg_temp.demo_word(list text, n bigint) RETURNS text LANGUAGE sql STABLE AS $$
      SELECT words[1 + abs(n) % cardinality(words)] FROM demo_words WHERE name = list
    $$`)
  // Working hours in China and evenings; what would be later than now was a day earlier.
  await ctx.db.execute(sql`
    CREATE FUNCTION pg_temp.demo_time(day timestamptz, hour_draw float8, second_draw float8, latest timestamptz)
    RETURNS timestamptz LANGUAGE sql STABLE AS $$
      SELECT at - CASE WHEN at > latest THEN interval '1 day' ELSE interval '0' END
      FROM (SELECT date_trunc('day', day, 'Asia/Shanghai')
        + (ARRAY[0, 1, 5, 7, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 10, 11, 11, 11, 12, 13, 13, 14, 14, 14, 14, 15, 15, 15,
          15,
            16, 16, 16, 16, 17, 17, 17, 18, 19, 20, 20, 21, 21, 21, 22, 22, 23])[1 + floor(hour_draw * 46)::int]
          * interval '1 hour' + second_draw * interval '1 hour' AS at) t
    $$`)
}

/** Who there is: when they came, whether they left, and how much they use. `u` counts them from 1. */
export async function drawPeople(ctx: DemoCtx): Promise<void> {
  await draw(
    ctx,
    'demo_people',
    sql`
    SELECT u, joined_at, is_chinese, name_draw, family_draw,
      CASE WHEN stay_draw < 0.62 THEN s.ends_at ELSE joined_at + (s.ends_at - joined_at) * leave_draw END AS left_at,
      status_draw < 0.02 AND stay_draw >= 0.62 AS disabled, pack_draw, code_draw
    FROM demo_scale s, LATERAL (
      SELECT u, s.starts_at + (s.ends_at - s.starts_at) * power(random(), 0.8) * 0.995 AS joined_at,
        random() < 0.6 AS is_chinese,
        floor(random() * 100000)::bigint AS name_draw, floor(random() * 100000)::bigint AS family_draw,
        random() AS stay_draw, random() AS leave_draw, random() AS status_draw, random() AS pack_draw,
          random() AS code_draw
      FROM generate_series(1, s.people) u) drawn`,
  )
}

/** Writes people and their wallets, once it is known when each of them called first. */
export async function writePeople(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    UPDATE demo_people p SET joined_at = least(p.joined_at, f.first_at - interval '20 minutes')
    FROM (SELECT u, min(at) AS first_at FROM demo_drawn GROUP BY u) f WHERE f.u = p.u`)
  await ctx.db.execute(sql`
    ALTER TABLE demo_people ADD id uuid, ADD wallet_id uuid, ADD name text, ADD email text`)
  await ctx.db.execute(sql`
    UPDATE demo_people SET id = pg_temp.demo_id('person', joined_at, u),
      wallet_id = pg_temp.demo_id('wallet', joined_at, u),
      name = CASE WHEN is_chinese
        THEN pg_temp.demo_word('surnames', family_draw) || pg_temp.demo_word('givenNames', name_draw)
        ELSE pg_temp.demo_word('firstNames', name_draw) || ' ' || pg_temp.demo_word('lastNames', family_draw) END,
      email = CASE WHEN is_chinese
        THEN pg_temp.demo_word('givenNamesLatin', name_draw) || '.' || pg_temp.demo_word('surnamesLatin', family_draw)
        ELSE lower(pg_temp.demo_word('firstNames', name_draw) || '.' || pg_temp.demo_word('lastNames', family_draw)) END
        || u || '@example.com'`)
  await ctx.db.execute(sql`CREATE UNIQUE INDEX ON demo_people (u)`)
  await ctx.db.execute(sql`
    INSERT INTO users (id, email, name, role, status, locale, created_at)
    SELECT id, email, name, 'user', CASE WHEN disabled THEN 'disabled' ELSE 'active' END,
      CASE WHEN u % 5 = 0 THEN NULL WHEN is_chinese THEN 'zh-CN' ELSE 'en' END, joined_at
    FROM demo_people ORDER BY joined_at`)
  await ctx.db.execute(sql`
    INSERT INTO accounts (id, kind, owner_type, owner_id, created_at)
    SELECT wallet_id, 'wallet', 'user', id, joined_at FROM demo_people ORDER BY joined_at`)
  await ctx.db.execute(sql`INSERT INTO wallets (id) SELECT wallet_id FROM demo_people ORDER BY joined_at`)
}
