import type { Database } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'
import { priceToDecimal } from '#lib/money.ts'
import { type Reconciliation, reconcilePayments } from '#lib/payments/index.ts'
import { type Command, UsageError } from './command.ts'

const DAYS_MAX = 30

export const reconcileCommand: Command = {
  name: 'reconcile',
  summary: 'asks Stripe for what was missed, takes it in, and prints what differs',
  options: {
    since: {
      value: 'DAYS',
      help: `how far to look back, at most ${DAYS_MAX}; default: to before the last silence, at least 3`,
    },
  },
  notes: 'Works beside a running service, which does the same every hour. Ends with 1 when something differs.',
  async run({ ctx, options }) {
    const sinceDays = options.findNumber('since')
    if (sinceDays !== undefined && (sinceDays < 1 || sinceDays > DAYS_MAX)) {
      throw new UsageError(`--since must be between 1 and ${DAYS_MAX} days`)
    }
    const found = await reconcilePayments(ctx as Ctx & { db: Database }, { sinceDays })
    return { text: describeAll(found), data: toData(found), exitCode: found.differences.length === 0 ? 0 : 1 }
  },
}

function describeAll({ since, until, missedEvents, healed, differences, totals }: Reconciliation): string {
  return [
    `asked Stripe from ${stamp(since)} to ${stamp(until)}`,
    ...section(
      'missed events',
      missedEvents.map(({ happenedAt, type, reference, id }) => `${stamp(happenedAt)}  ${reference}  ${type}  ${id}`),
    ),
    ...section(
      'orders that were caught up on',
      healed.map(({ reference, changes }) => {
        const told = changes.map(({ what, before, after }) => `${what}: ${before ?? 'none'} -> ${after ?? 'none'}`)
        return `${reference}  ${told.join('; ')}`
      }),
    ),
    ...section(
      'DIFFERENCES',
      differences.map(({ reference, orderId, what, ours, theirs }) => {
        return `${reference ?? `lost order ${orderId}`}  ${what}: here ${ours ?? 'none'}, at Stripe ${theirs ?? 'none'}`
      }),
    ),
    ...totals.map(describeTotal),
    differences.length === 0 ? 'Stripe and this service agree' : 'STRIPE AND THIS SERVICE DO NOT AGREE',
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [`${title}: none`] : [`${title}: ${lines.length}`, ...lines.map((line) => `  ${line}`)]
}

function describeTotal(total: Reconciliation['totals'][number]): string {
  const { currency, gross, refunded, disputed, fees, net } = decimals(total)
  return `${currency}: ${gross} came in, ${refunded} refunded, ${disputed} disputed, ${fees} fees, ${net} left`
}

function decimals(total: Reconciliation['totals'][number]) {
  const { currency } = total
  const decimal = (minor: bigint) => priceToDecimal(minor, currency)
  return {
    currency,
    gross: decimal(total.grossMinor),
    refunded: decimal(total.refundedMinor),
    disputed: decimal(total.disputedMinor),
    fees: decimal(total.feesMinor),
    net: decimal(total.netMinor),
  }
}

function toData({ since, until, missedEvents, totals, ...found }: Reconciliation): Record<string, unknown> {
  return {
    since: since.toISOString(),
    until: until.toISOString(),
    missedEvents: missedEvents.map((event) => ({ ...event, happenedAt: event.happenedAt.toISOString() })),
    ...found,
    totals: totals.map(decimals),
  }
}

function stamp(instant: Date): string {
  return `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
