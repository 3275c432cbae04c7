import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from '#db/client.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { compareBalance, type PaymentTotals } from './reconcile-balance.ts'
import {
  askForWaiting,
  type HealedOrder,
  Healing,
  type MissedEvent,
  type PaymentDifference,
  takeInMissed,
} from './reconcile-healing.ts'
import { getStripe } from './stripe-client.ts'

export type Reconciliation = {
  since: Date
  until: Date
  /** What Stripe had told and nobody had taken in, oldest first. */
  missedEvents: MissedEvent[]
  /** Orders that something was found out about, with what it was. */
  healed: HealedOrder[]
  /** What Stripe and we still tell differently. */
  differences: PaymentDifference[]
  /** What moved on the balance with Stripe for payments of ours, in the balance's currencies. */
  totals: PaymentTotals[]
}

/** Stripe keeps events for so long. */
const LONGEST_DAYS = 30
/** Stripe sends an event again for so long: what is missing afterwards does not come by itself. */
const USUAL = sql`interval '3 days'`
/** Nothing was heard for longer than this: perhaps the service was not there. */
const SILENCE = sql`interval '1 hour'`

const reconcileInput = z.object({ sinceDays: z.number().int().min(1).max(LONGEST_DAYS).optional() })

/**
 * Asks Stripe for all that has happened, takes in what was missed, and compares both sides' books: each movement of the
 * balance that belongs to an order of ours must be known with its amount, and each payment, refund and dispute of ours
 * must be known to Stripe. Again it changes nothing. Without a number of days it looks back three, or as far as the
 * last sign of life before a silence. Asked for by a person it is in the audit log. Admins and the service only; not
 * inside a transaction, since Stripe is asked.
 * @throws {AppError} `payments_off`, `payment_unreachable`
 */
export async function reconcilePayments(
  ctx: Ctx & { db: Database },
  input: z.input<typeof reconcileInput> = {},
): Promise<Reconciliation> {
  requireAdmin(ctx)
  const { sinceDays } = reconcileInput.parse(input)
  getStripe()
  const { since, until } = await chooseWindow(ctx, sinceDays)
  const healing = new Healing(ctx)
  const missedEvents = await takeInMissed(healing, since)
  const unknown = await askForWaiting(healing)
  const { differences, totals } = await compareBalance(healing, since)
  const healed = healing.healed()
  const found = { since, until, missedEvents, healed, differences: [...unknown, ...differences], totals }
  // The hourly run would fill the log with nothing.
  if (ctx.actor.type === 'user') await recordRun(ctx, found)
  return found
}

function recordRun(ctx: Ctx, { since, missedEvents, healed, differences }: Reconciliation): Promise<void> {
  return recordAudit(ctx, {
    action: 'payments.reconcile',
    subjectType: 'service',
    subjectId: 'payments',
    after: {
      since: since.toISOString(),
      missedEvents: missedEvents.length,
      healed: healed.length,
      differences: differences.length,
    },
  })
}

async function chooseWindow(ctx: Ctx, sinceDays: number | undefined): Promise<{ since: Date; until: Date }> {
  const usual = sql`least(
    now() - ${USUAL},
    coalesce(
      (SELECT max(created_at) FROM payment_events WHERE created_at < now() - ${SILENCE}),
      (SELECT min(created_at) FROM orders WHERE provider = 'stripe')
    ) - ${SILENCE})`
  const asked = sql`now() - make_interval(days => ${sinceDays ?? 0})`
  const { rows } = await ctx.db.execute<{ since: string; until: string }>(sql`
    SELECT greatest(now() - make_interval(days => ${LONGEST_DAYS}), ${sinceDays ? asked : usual}) AS since, now() AS until`)
  const [row] = rows
  return { since: new Date(row!.since), until: new Date(row!.until) }
}
