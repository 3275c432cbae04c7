import { type SQL, sql } from 'drizzle-orm'
import { models } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { isReachable } from '#lib/models/index.ts'
import { readModelMargins } from './margins.ts'
import { atOneMoment, type Moment } from './moment.ts'
import { periodOf } from './shared.ts'

/** What an operator should look at, the most pressing first. */
export const ATTENTION_KINDS = [
  'ledger_differs',
  'channel_without_key',
  'key_refused',
  'model_without_price',
  'model_without_channel',
  'job_failing',
  'dispute_open',
  'order_in_review',
  'order_to_confirm',
  'adjustment_waiting',
  'model_at_a_loss',
  'ledger_unchecked',
  'shortfall',
] as const

export type AttentionKind = (typeof ATTENTION_KINDS)[number]

export type Attention = {
  kind: AttentionKind
  /** What it is about: a channel's or model's id, a job's name; null when it is about several or none. */
  subjectId: string | null
  name: string | null
  /** How many of it there are: keys, orders, differences, failures. */
  count: number
  /** Micro-credits: what a loss or a shortfall comes to; null where it is not about credits. */
  micros: bigint | null
  /** Since when, where that is known. */
  since: Date | null
  /** What a job's last failure said. */
  detail: string | null
}

const OF_A_KIND = 20

/** A ledger that was not looked at for so long: the check comes every night, or after 36 hours of service. */
const CHECK_OVERDUE = sql`interval '48 hours'`

/**
 * What needs somebody's attention now; nothing when all is well. A model that no channel ever carried is not missed.
 * Admins and the service only.
 */
export async function listAttention(ctx: Ctx): Promise<Attention[]> {
  requireAdmin(ctx)
  return atOneMoment(ctx, async (moment) => {
    const found = [...(await readStates(moment)), ...(await readLosses(moment))]
    return found.sort((a, b) => ATTENTION_KINDS.indexOf(a.kind) - ATTENTION_KINDS.indexOf(b.kind))
  })
}

type Row = {
  kind: AttentionKind
  subject_id: string | null
  name: string | null
  count: bigint
  micros: bigint | null
  since: number | null
  detail: string | null
}

async function readStates({ ctx }: Moment): Promise<Attention[]> {
  const parts = Object.entries(STATES).map(
    ([kind, state]) => sql`(
      SELECT ${kind}::text AS kind, subject_id, name, count, micros, extract(epoch FROM since)::float8 AS since, detail
      FROM (${state()}) found LIMIT ${OF_A_KIND})`,
  )
  const { rows } = await ctx.db.execute<Row>(sql.join(parts, sql` UNION ALL `))
  return rows.map((row) => ({
    kind: row.kind,
    subjectId: row.subject_id,
    name: row.name,
    count: Number(row.count),
    micros: row.micros,
    since: row.since === null ? null : new Date(row.since * 1000),
    detail: row.detail,
  }))
}

/** Columns of what is found; what is left out is null. */
function columns(given: { id?: SQL; name?: SQL; count?: SQL; micros?: SQL; since?: SQL; detail?: SQL }): SQL {
  return sql`${given.id ?? sql`NULL::text`} AS subject_id, ${given.name ?? sql`NULL::text`} AS name,
    ${given.count ?? sql`1::bigint`} AS count, ${given.micros ?? sql`NULL::bigint`} AS micros,
    ${given.since ?? sql`NULL::timestamptz`} AS since, ${given.detail ?? sql`NULL::text`} AS detail`
}

const KEYS = sql`SELECT channel_id, count(*) FILTER (WHERE status = 'active') AS active,
  count(*) FILTER (WHERE status = 'refused') AS refused, min(refused_at) FILTER (WHERE status = 'refused') AS refused_at
  FROM channel_keys GROUP BY channel_id`

const ordersIn = (condition: SQL) => sql`
  SELECT ${columns({ count: sql`count(*)`, since: sql`min(created_at)` })} FROM orders WHERE ${condition} HAVING count(*) > 0`

const STATES: Partial<Record<AttentionKind, () => SQL>> = {
  ledger_differs: () => sql`
    SELECT ${columns({ count: sql`differences::bigint`, since: sql`finished_at` })} FROM (
      SELECT differences, finished_at FROM ledger_checks WHERE finished_at IS NOT NULL ORDER BY started_at DESC LIMIT 1
    ) last WHERE differences > 0`,
  channel_without_key: () => sql`
    SELECT ${columns({
      id: sql`c.id::text`,
      name: sql`c.name`,
      count: sql`coalesce(k.refused, 0)`,
      since: sql`k.refused_at`,
    })}
    FROM channels c LEFT JOIN (${KEYS}) k ON k.channel_id = c.id
    WHERE c.status = 'active' AND coalesce(k.active, 0) = 0 ORDER BY c.name`,
  key_refused: () => sql`
    SELECT ${columns({ id: sql`c.id::text`, name: sql`c.name`, count: sql`k.refused`, since: sql`k.refused_at` })}
    FROM channels c JOIN (${KEYS}) k ON k.channel_id = c.id
    WHERE c.status = 'active' AND k.active > 0 AND k.refused > 0 ORDER BY c.name`,
  model_without_price: () => sql`
    SELECT ${columns({ id: sql`${models.id}`, name: sql`${models.displayName}` })} FROM ${models}
    WHERE ${models.visible} AND ${isReachable()} AND NOT EXISTS (
      SELECT 1 FROM price_versions v WHERE v.model_id = ${models.id} AND v.valid_during @> now())
    ORDER BY ${models.position}, ${models.id}`,
  model_without_channel: () => sql`
    SELECT ${columns({ id: sql`${models.id}`, name: sql`${models.displayName}` })} FROM ${models}
    WHERE ${models.visible} AND NOT ${isReachable()} AND EXISTS (
      SELECT 1 FROM channel_models m WHERE m.model_id = ${models.id})
    ORDER BY ${models.position}, ${models.id}`,
  job_failing: () => sql`
    SELECT ${columns({
      id: sql`name`,
      name: sql`name`,
      count: sql`failures::bigint`,
      since: sql`succeeded_at`,
      detail: sql`error`,
    })}
    FROM job_runs WHERE failures > 0 ORDER BY name`,
  dispute_open: () => sql`
    SELECT ${columns({ count: sql`count(*)`, since: sql`min(created_at)` })} FROM disputes
    WHERE state IN ('inquiry', 'open') HAVING count(*) > 0`,
  order_in_review: () => ordersIn(sql`state = 'review'`),
  order_to_confirm: () => ordersIn(sql`state = 'pending' AND provider = 'manual'`),
  adjustment_waiting: () => sql`
    SELECT ${columns({ count: sql`count(*)`, since: sql`min(created_at)` })} FROM adjustments
    WHERE state = 'waiting' HAVING count(*) > 0`,
  ledger_unchecked: () => sql`
    SELECT ${columns({ since: sql`(SELECT max(finished_at) FROM ledger_checks)` })}
    WHERE NOT EXISTS (SELECT 1 FROM ledger_checks WHERE finished_at IS NOT NULL AND started_at > now() - ${CHECK_OVERDUE})
      AND EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND created_at < now() - ${CHECK_OVERDUE})`,
  shortfall: () => sql`
    SELECT ${columns({
      count: sql`count(*)`,
      micros: sql`sum(shortfall_micros::bigint + bonus_shortfall_micros::bigint)::bigint`,
    })}
    FROM orders WHERE shortfall_micros::bigint + bonus_shortfall_micros::bigint > 0 HAVING count(*) > 0`,
}

/** Models whose calls of the last seven days cost more than they brought in. */
async function readLosses(moment: Moment): Promise<Attention[]> {
  const margins = await readModelMargins(moment, periodOf('7d', moment.today))
  const losses = margins.filter(({ marginMicros }) => marginMicros < 0n)
  return losses.slice(-OF_A_KIND).map(({ modelId, modelName, calls, marginMicros }) => ({
    kind: 'model_at_a_loss',
    subjectId: modelId,
    name: modelName,
    count: calls,
    micros: -marginMicros,
    since: null,
    detail: null,
  }))
}
