import { sql } from 'drizzle-orm'
import { ledgerDaysOf, type Moment } from './moment.ts'
import type { Period } from './shared.ts'

/** Micro-credits that calls took out of wallets, by where they had come from. */
export type UsedCredits = { paidMicros: bigint; promotionalMicros: bigint; codeMicros: bigint }

type LedgerRow = { is_now: boolean; kind: string; debit: string; credit: string; source: string | null; micros: bigint }

const SOURCES = { paid: 'paidMicros', promotional: 'promotionalMicros', code: 'codeMicros' } as const

/** What the books say of a period and the one before it. */
export async function readLedger(moment: Moment, period: Period, earlier: Period) {
  const { rows } = await moment.ctx.db.execute<LedgerRow>(sql`
    SELECT day >= ${period.from}::date AS is_now, kind, debit, credit, source, sum(amount_micros)::bigint AS micros
    FROM ${ledgerDaysOf(moment)} days
    WHERE day BETWEEN ${earlier.from}::date AND ${period.to}::date GROUP BY 1, 2, 3, 4, 5`)
  const owed = await readOwed(moment, period, earlier)
  return {
    now: { ...figuresOf(rows.filter((row) => row.is_now)), ...owed.now },
    before: { ...figuresOf(rows.filter((row) => !row.is_now)), ...owed.before },
    byDay: await readUsedByDay(moment, period),
  }
}

function figuresOf(rows: readonly LedgerRow[]) {
  const sum = (which: (row: LedgerRow) => boolean) =>
    rows.reduce((total, row) => (which(row) ? total + row.micros : total), 0n)
  const moved = (debit: string, credit: string) => sum((row) => row.debit === debit && row.credit === credit)
  const used = (source: string) => sum((row) => row.kind === 'usage' && row.source === source)
  return {
    soldMicros: moved('clearing', 'wallet'),
    takenBackMicros: moved('wallet', 'clearing'),
    givenMicros: moved('promotions', 'wallet') + moved('goodwill', 'wallet'),
    expiredMicros: moved('wallet', 'expired'),
    used: { paidMicros: used('paid'), promotionalMicros: used('promotional'), codeMicros: used('code') },
    usedMicros: sum((row) => row.kind === 'usage'),
  }
}

/** What was in the wallets when a period was over: what had come in until then less what had gone out. */
async function readOwed(moment: Moment, period: Period, earlier: Period) {
  const { rows } = await moment.ctx.db.execute<Record<'now' | 'before' | 'now_paid' | 'before_paid', bigint>>(sql`
    SELECT coalesce(sum(micros), 0)::bigint AS now,
      coalesce(sum(micros) FILTER (WHERE source = 'paid'), 0)::bigint AS now_paid,
      coalesce(sum(micros) FILTER (WHERE day <= ${earlier.to}::date), 0)::bigint AS before,
      coalesce(sum(micros) FILTER (WHERE day <= ${earlier.to}::date AND source = 'paid'), 0)::bigint AS before_paid
    FROM (
      SELECT day, source, CASE WHEN credit = 'wallet' THEN amount_micros ELSE -amount_micros END AS micros
      FROM ${ledgerDaysOf(moment)} days
      WHERE day <= ${period.to}::date AND (debit = 'wallet') <> (credit = 'wallet')
    ) moved`)
  const row = rows[0]!
  return {
    now: { owedMicros: row.now, owedPaidMicros: row.now_paid },
    before: { owedMicros: row.before, owedPaidMicros: row.before_paid },
  }
}

async function readUsedByDay(moment: Moment, { from, to }: Period) {
  const { rows } = await moment.ctx.db.execute<{ day: string; source: keyof typeof SOURCES; micros: bigint }>(sql`
    SELECT day::text AS day, source, sum(amount_micros)::bigint AS micros FROM ${ledgerDaysOf(moment)} days
    WHERE day BETWEEN ${from}::date AND ${to}::date AND kind = 'usage' GROUP BY 1, 2`)
  const byDay = new Map<string, { used: UsedCredits; usedMicros: bigint }>()
  for (const { day, source, micros } of rows) {
    const known = byDay.get(day) ?? { used: { paidMicros: 0n, promotionalMicros: 0n, codeMicros: 0n }, usedMicros: 0n }
    known.used[SOURCES[source]] += micros
    known.usedMicros += micros
    byDay.set(day, known)
  }
  return byDay
}
