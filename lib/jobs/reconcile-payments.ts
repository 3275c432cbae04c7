import type { Database } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import { isStripeConfigured, reconcilePayments } from '#lib/payments/index.ts'
import { consumeLimit, type RateLimit, resetLimit } from '#lib/rate-limit.ts'
import { noteRun } from './job-runs.ts'

/** One run an hour in the whole service. Less than an hour, so that it does not wander through the day. */
const HOURLY: RateLimit = { name: 'reconcile-payments', points: 1, seconds: 3_540 }
const KEY = 'hourly'
/** What the job only begins, by a name of its own. */
const HOURLY_JOB = 'reconcile-payments-hourly'
const SHOWN_ROWS = 20

/**
 * Begins this hour's reconciliation with Stripe unless it was begun, here or in another process, and does not wait for
 * its end: nothing is held while Stripe is asked, and a process that stops need not finish it.
 */
export async function startHourlyReconciliation(ctx: Ctx & { db: Database }): Promise<boolean> {
  if (isStripeConfigured() && (await claimHour(ctx))) {
    void reconcileHour(ctx).then(
      () => noteRun(ctx, { name: HOURLY_JOB }),
      (error: unknown) => {
        log.error({ err: error }, 'asking Stripe what was missed failed')
        return noteRun(ctx, { name: HOURLY_JOB, error })
      },
    )
  }
  return false
}

/** Does a run that was claimed; what was missed is logged, and what differs as an error. A run that fails is due again. */
export async function reconcileHour(ctx: Ctx & { db: Database }): Promise<void> {
  try {
    const { missedEvents, healed, differences } = await reconcilePayments(ctx)
    if (missedEvents.length > 0 || healed.length > 0) {
      const references = healed.slice(0, SHOWN_ROWS).map(({ reference }) => reference)
      log.warn(
        { missedEvents: missedEvents.length, healed: healed.length, orders: references },
        'payments were caught up on',
      )
    }
    if (differences.length > 0) {
      const rows = differences.slice(0, SHOWN_ROWS)
      log.error({ differences: differences.length, rows }, 'payments differ from what Stripe says')
    }
  } catch (error) {
    await resetLimit(ctx, HOURLY, KEY)
    throw error
  }
}

/** @returns whether this process may do this hour's run */
export async function claimHour(ctx: Ctx): Promise<boolean> {
  try {
    await consumeLimit(ctx, HOURLY, KEY)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'rate_limited') return false
    throw error
  }
}
