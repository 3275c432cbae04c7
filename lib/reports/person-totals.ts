import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { atOneMoment, recentPersonDaysOf } from './moment.ts'
import { addDays } from './shared.ts'

/** Micro-credits; margin is what was charged less what it cost. */
export type PersonSums = {
  calls: number
  chargedMicros: bigint
  vendorCostMicros: bigint
  marginMicros: bigint
  /** Days on which the person called. */
  activeDays: number
}

export type PersonTotals = {
  /** Ever, and in the last thirty days with today. */
  ever: PersonSums
  recent: PersonSums
  /** First and last day with a call in the site's time zone, or null without any. */
  firstDay: string | null
  lastDay: string | null
}

const personInput = z.object({ userId: z.uuid() })

/** What a person's calls came to, whichever wallet paid. Somebody unknown has called nothing. Admins and the service only. */
export async function getPersonTotals(ctx: Ctx, input: { userId: string }): Promise<PersonTotals> {
  requireAdmin(ctx)
  const { userId } = personInput.parse(input)
  return atOneMoment(ctx, async (moment) => {
    const since = sql`${addDays(moment.today, -29)}::date`
    const { rows } = await moment.ctx.db.execute<Row>(sql`
      WITH days AS (
        SELECT day, sum(calls)::bigint AS calls, sum(charged_micros)::bigint AS charged_micros,
          sum(vendor_cost_micros)::bigint AS vendor_cost_micros
        FROM (
          SELECT day, calls, charged_micros, vendor_cost_micros FROM person_days WHERE user_id = ${userId}
          UNION ALL
          SELECT day, calls, charged_micros, vendor_cost_micros FROM ${recentPersonDaysOf(moment)} r WHERE user_id = ${userId}
        ) both_parts
        GROUP BY day
      )
      SELECT ${sums('ever', sql`true`)}, ${sums('recent', sql`day >= ${since}`)},
        min(day) FILTER (WHERE calls > 0)::text AS first_day, max(day) FILTER (WHERE calls > 0)::text AS last_day
      FROM days`)
    const row = rows[0]!
    return {
      ever: toSums(row.ever_calls, row.ever_charged, row.ever_cost, row.ever_days),
      recent: toSums(row.recent_calls, row.recent_charged, row.recent_cost, row.recent_days),
      firstDay: row.first_day,
      lastDay: row.last_day,
    }
  })
}

type Row = Record<`${'ever' | 'recent'}_${'calls' | 'charged' | 'cost' | 'days'}`, bigint> & {
  first_day: string | null
  last_day: string | null
}

function sums(name: string, which: SQL): SQL {
  const as = (column: string) => sql.identifier(`${name}_${column}`)
  return sql`coalesce(sum(calls) FILTER (WHERE ${which}), 0)::bigint AS ${as('calls')},
    coalesce(sum(charged_micros) FILTER (WHERE ${which}), 0)::bigint AS ${as('charged')},
    coalesce(sum(vendor_cost_micros) FILTER (WHERE ${which}), 0)::bigint AS ${as('cost')},
    count(*) FILTER (WHERE ${which} AND calls > 0) AS ${as('days')}`
}

function toSums(calls: bigint, chargedMicros: bigint, vendorCostMicros: bigint, days: bigint): PersonSums {
  const marginMicros = chargedMicros - vendorCostMicros
  return { calls: Number(calls), chargedMicros, vendorCostMicros, marginMicros, activeDays: Number(days) }
}
