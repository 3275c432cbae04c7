import { sql } from 'drizzle-orm'
import type { DemoCtx } from './scale.ts'
import { draw } from './scratch.ts'

/** Conversations; a few lie in the bin. */
export async function writeConversations(ctx: DemoCtx): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO conversations (user_id, id, title, head_message_id, model_id, created_at, active_at, deleted_at)
    SELECT p.id, pg_temp.demo_id('conversation', v.started_at, v.c),
      left(replace(pg_temp.demo_word(CASE WHEN p.is_chinese THEN 'questionsZh' ELSE 'questionsEn' END, first.i),
        '{topic}', pg_temp.demo_word(CASE WHEN p.is_chinese THEN 'topicsZh' ELSE 'topicsEn' END, v.c)), 80),
      pg_temp.demo_id('answer', last.admitted_at, last.i), last.model_id, v.started_at, last.at,
      CASE WHEN v.c % 53 = 7 THEN last.at + (s.ends_at - last.at) / 3 END
    FROM demo_conversations v
    JOIN demo_people p USING (u)
    CROSS JOIN demo_scale s
    JOIN (SELECT DISTINCT ON (c) c, i, at, admitted_at, model_id FROM demo_calls WHERE c IS NOT NULL ORDER BY c,
      i DESC) last ON last.c = v.c
    JOIN (SELECT c, min(i) AS i FROM demo_calls WHERE c IS NOT NULL GROUP BY c) first ON first.c = v.c
    ORDER BY v.started_at`)
}

/** Which answer a turn follows. */
export async function drawTurns(ctx: DemoCtx): Promise<void> {
  await draw(
    ctx,
    'demo_turns',
    sql`
    SELECT row_number() OVER (ORDER BY c.i)::bigint AS m, c.i, c.u, c.c, c.model_id, c.outcome, c.at, c.admitted_at,
      pg_temp.demo_id('conversation', v.started_at, c.c) AS conversation_id,
      pg_temp.demo_id('question', c.admitted_at, c.i) AS question_id,
      pg_temp.demo_id('answer', c.admitted_at, c.i) AS answer_id,
      lag(pg_temp.demo_id('answer', c.admitted_at, c.i)) OVER (PARTITION BY c.c ORDER BY c.i) AS parent_id
    FROM demo_calls c JOIN demo_conversations v ON v.c = c.c`,
  )
  await ctx.db.execute(sql`CREATE UNIQUE INDEX ON demo_turns (m)`)
}

/** Questions, answers and the runs that wrote them, from one turn to another. */
export async function writeMessages(ctx: DemoCtx, from: number, upto: number): Promise<void> {
  await ctx.db.execute(sql`
    INSERT INTO messages (user_id, id, conversation_id, parent_id, role, text, tokens, model_id, generation_id,
      created_at)
    SELECT x.user_id, x.id, x.conversation_id, x.parent_id, x.role, x.text, 1 + octet_length(x.text) / 4, x.model_id,
      x.generation_id, x.at
    FROM (
      SELECT t.m, 1 AS half, p.id AS user_id, t.question_id AS id, t.conversation_id, t.parent_id, 'user' AS role,
        replace(pg_temp.demo_word(CASE WHEN p.is_chinese THEN 'questionsZh' ELSE 'questionsEn' END, t.i),
          '{topic}', pg_temp.demo_word(CASE WHEN p.is_chinese THEN 'topicsZh' ELSE 'topicsEn' END, t.c)) AS text,
        NULL AS model_id, NULL::uuid AS generation_id, t.admitted_at AS at
      FROM demo_turns t JOIN demo_people p USING (u) WHERE t.m >= ${from} AND t.m < ${upto}
      UNION ALL
      SELECT t.m, 2, p.id, t.answer_id, t.conversation_id, t.question_id, 'assistant',
        CASE WHEN t.outcome IN ('failed', 'empty') THEN ''
          ELSE replace(pg_temp.demo_word(CASE WHEN p.is_chinese THEN 'answersZh' ELSE 'answersEn' END, t.i * 31),
            '{topic}', pg_temp.demo_word(CASE WHEN p.is_chinese THEN 'topicsZh' ELSE 'topicsEn' END, t.c)) END,
        t.model_id, pg_temp.demo_id('generation', t.admitted_at, t.i), t.admitted_at
      FROM demo_turns t JOIN demo_people p USING (u) WHERE t.m >= ${from} AND t.m < ${upto}
    ) x ORDER BY x.m, x.half`)
  await ctx.db.execute(sql`
    INSERT INTO generations (user_id, id, request_id, request_hash, conversation_id, message_id, model_id, hold_id,
      status,
      error_code, seq, created_at, ended_at)
    SELECT p.id, pg_temp.demo_id('generation', t.admitted_at, t.i), pg_temp.demo_id('asked', t.admitted_at, t.i),
      sha256(int8send(t.i)),
      t.conversation_id, t.answer_id, t.model_id, pg_temp.demo_id('hold', t.admitted_at, t.i),
      CASE t.outcome WHEN 'empty' THEN 'failed' ELSE t.outcome END,
      CASE t.outcome WHEN 'failed' THEN 'vendor_failed' WHEN 'empty' THEN 'vendor_empty' WHEN 'interrupted'
        THEN 'interrupted' END,
      2, t.admitted_at, t.at
    FROM demo_turns t JOIN demo_people p USING (u) WHERE t.m >= ${from} AND t.m < ${upto} ORDER BY t.m`)
}
