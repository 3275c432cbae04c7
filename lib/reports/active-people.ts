import { sql } from 'drizzle-orm'
import { type Moment, personDaysOf, recentPersonDaysOf } from './moment.ts'
import type { Period } from './shared.ts'

/** Beyond so many days of people it is quicker to ask of each person than to read every day. */
const PERSON_DAYS_READ = 200_000

/** How many people called in a period. @param byDay what `readActiveByDay` says of it */
export async function countPeople(moment: Moment, period: Period, byDay: ReadonlyMap<string, number>): Promise<number> {
  const personDays = [...byDay.values()].reduce((sum, people) => sum + people, 0)
  if (personDays <= PERSON_DAYS_READ) return countByDays(moment, period)
  return countByPeople(moment, period)
}

/** How many people called on each day; days on which nobody did are left out. */
export async function readActiveByDay(moment: Moment, { from, to }: Period): Promise<Map<string, number>> {
  const { rows } = await moment.ctx.db.execute<{ day: string; people: bigint }>(sql`
    SELECT day::text AS day, sum(people)::bigint AS people FROM (
      SELECT day, people FROM active_days
      UNION ALL
      SELECT r.day, 1 FROM ${recentPersonDaysOf(moment)} r
      LEFT JOIN person_days known ON known.user_id = r.user_id AND known.day = r.day AND known.calls > 0
      WHERE r.calls > 0 AND known.day IS NULL
    ) people
    WHERE day BETWEEN ${from}::date AND ${to}::date GROUP BY day`)
  return new Map(rows.map((row) => [row.day, Number(row.people)]))
}

export async function countByDays(moment: Moment, { from, to }: Period): Promise<number> {
  const { rows } = await moment.ctx.db.execute<{ people: bigint }>(sql`
    SELECT count(*) AS people FROM (
      SELECT user_id FROM ${personDaysOf(moment)} days
      WHERE day BETWEEN ${from}::date AND ${to}::date AND calls > 0 GROUP BY user_id
    ) people`)
  return Number(rows[0]!.people)
}

/** Steps through the index from person to person, and asks of each whether they called. */
export async function countByPeople(moment: Moment, { from, to }: Period): Promise<number> {
  const days = sql`day BETWEEN ${from}::date AND ${to}::date AND calls > 0`
  const { rows } = await moment.ctx.db.execute<{ people: bigint }>(sql`
    WITH RECURSIVE people (user_id) AS (
      (SELECT user_id FROM person_days ORDER BY user_id LIMIT 1)
      UNION ALL
      SELECT (SELECT p.user_id FROM person_days p WHERE p.user_id > people.user_id ORDER BY p.user_id LIMIT 1)
      FROM people WHERE people.user_id IS NOT NULL
    )
    SELECT count(*) AS people FROM (
      SELECT user_id FROM people
      WHERE user_id IS NOT NULL AND EXISTS (SELECT 1 FROM person_days d WHERE d.user_id = people.user_id AND ${days})
      UNION
      SELECT user_id FROM ${recentPersonDaysOf(moment)} recent WHERE ${days}
    ) active`)
  return Number(rows[0]!.people)
}
