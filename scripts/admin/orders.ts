import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { isId, newId } from '#lib/id.ts'
import { creditsToDecimal, priceToDecimal } from '#lib/money.ts'
import {
  type AdminOrder,
  confirmOrder,
  type Decided,
  forgiveDispute,
  getOrderForAdmin,
  getOrderHistory,
  listOrdersForAdmin,
  type OrderHistory,
  refundOrder,
  rejectOrder,
} from '#lib/payments/index.ts'
import { onAccountOf } from './acting.ts'
import { type Command, type Option, type Options, type Outcome, UsageError } from './command.ts'
import { readPrice } from './packages.ts'

const byOption: Option = { value: 'ADMIN', help: 'e-mail address or id of the admin on whose account it is recorded' }
const reasonOption: Option = { value: 'TEXT', required: true, help: 'why; kept in the audit log' }
const STATES = ['open', 'pending', 'expired', 'failed', 'canceled', 'rejected', 'review', 'paid']

export const listOrdersCommand: Command = {
  name: 'order list',
  summary: 'lists orders, newest first',
  options: {
    state: { value: 'STATE', help: `only those that are ${STATES.join(', ')}` },
    limit: { value: 'N', help: 'how many at most; default 50' },
    before: { value: 'ID', help: 'go on after this order, to older ones' },
  },
  notes: 'pending are those whose payer says that the money is on its way; review came in another currency.',
  async run({ ctx, options }) {
    const state = options.find('state')
    if (state !== undefined && !STATES.includes(state)) {
      throw new UsageError(`--state must be ${STATES.join(', ')}, not '${state}'`)
    }
    const { items, nextBefore } = await listOrdersForAdmin(ctx, {
      state,
      limit: options.findNumber('limit') ?? 50,
      before: options.find('before'),
    })
    const more = nextBefore ? [`older ones: --before ${nextBefore}`] : []
    const lines = items.length === 0 ? ['none'] : [...items.map(describe), ...more]
    return { text: lines.join('\n'), data: { orders: items.map(toData), nextBefore } }
  },
}

export const showOrderCommand: Command = {
  name: 'order show',
  summary: 'shows all that is known of an order: money, credits, refunds, disputes, news',
  args: ['ORDER'],
  options: {},
  notes: 'ORDER is its reference, such as 0F3K9-7QWXA, or its id.',
  async run({ ctx, args: [name = ''] }) {
    const order = await getOrderForAdmin(ctx, { name })
    const history = await getOrderHistory(ctx, { orderId: order.id })
    return { text: describeAll(order, history), data: { ...toData(order), ...historyToData(history, paidIn(order)) } }
  },
}

export const confirmOrderCommand: Command = {
  name: 'order confirm',
  summary: 'says that a transfer has come in: its credits are there at once',
  args: ['ORDER'],
  options: {
    amount: { value: 'N', help: 'what came in, in the order’s currency; default its price. The credits follow it' },
    reason: { value: 'TEXT', help: 'a word for the payer; kept in the audit log' },
    by: byOption,
  },
  notes: 'Also after it was closed or rejected. ORDER is its reference or its id; the same again changes nothing.',
  async run({ ctx, options, args: [name = ''] }) {
    const { acting, order } = await begin(ctx, options, name)
    const amountMinor = readPrice(options, 'amount', order.currency)
    const decided = await confirmOrder(acting, { orderId: order.id, amountMinor, reason: options.find('reason') })
    const { creditedMicros, bonusCreditedMicros } = decided.order
    const credits = creditsToDecimal(creditedMicros + bonusCreditedMicros)
    return tell(decided, `${money(decided.order.paidMinor, order)} confirmed, ${credits} credits for ${buyer(order)}`)
  },
}

export const rejectOrderCommand: Command = {
  name: 'order reject',
  summary: 'says that no money came in for an order by transfer',
  args: ['ORDER'],
  options: { reason: { ...reasonOption, help: 'why; the payer reads it, and the audit log keeps it' }, by: byOption },
  async run({ ctx, options, args: [name = ''] }) {
    const { acting, order } = await begin(ctx, options, name)
    const decided = await rejectOrder(acting, { orderId: order.id, reason: options.get('reason') })
    return tell(decided, `order ${order.reference} of ${buyer(order)} rejected`)
  },
}

export const refundOrderCommand: Command = {
  name: 'order refund',
  summary: 'gives money back and takes its credits, as far as they are left',
  args: ['ORDER'],
  options: {
    amount: { value: 'N', help: 'in the currency that was paid; default all that was kept' },
    reason: reasonOption,
    by: byOption,
    request: { value: 'UUID', help: 'the same again is the same refund; for scripts, and to try again' },
  },
  notes: 'Money that came by transfer you give back by hand: this is the record of it.',
  async run({ ctx, options, args: [name = ''] }) {
    const { acting, order } = await begin(ctx, options, name)
    const requestId = options.find('request') ?? newId()
    if (!isId(requestId)) throw new UsageError(`--request must be a UUID in small letters, not '${requestId}'`)
    const amountMinor = readPrice(options, 'amount', paidIn(order))
    const wish = { orderId: order.id, amountMinor, reason: options.get('reason'), requestId }
    const refunded = await refundOrder(acting, wish).catch((error) => {
      throw explainUnknown(error, requestId)
    })
    const after = await getOrderForAdmin(ctx, { name: order.id })
    const text = `${paidMoney(refunded.amountMinor, order)} of order ${order.reference} given back to ${buyer(order)}`
    const left = `${creditsToDecimal(after.creditedMicros)} of its credits stay, ${creditsToDecimal(after.shortfallMicros)} had been spent`
    const amount = priceToDecimal(refunded.amountMinor, paidIn(order))
    return { text: `${text}; ${left}`, data: { ...toData(after), amount, requestId, changed: refunded.changed } }
  },
}

export const forgiveOrderCommand: Command = {
  name: 'order forgive',
  summary: 'lets somebody go on whose payment is disputed, or whose dispute the bank decided for them',
  args: ['ORDER'],
  options: { reason: reasonOption, by: byOption },
  async run({ ctx, options, args: [name = ''] }) {
    const { acting, order } = await begin(ctx, options, name)
    const { forgiven } = await forgiveDispute(acting, { orderId: order.id, reason: options.get('reason') })
    const text = `the dispute of order ${order.reference} ${forgiven ? 'is' : 'was already'} forgiven`
    return { text, data: { orderId: order.id, forgiven } }
  },
}

async function begin(ctx: Ctx, options: Options, name: string): Promise<{ acting: Ctx; order: AdminOrder }> {
  const acting = await onAccountOf(ctx, options.find('by'))
  return { acting, order: await getOrderForAdmin(acting, { name }) }
}

/** What was not refused may have given the money back: only the same request can be tried again without giving it twice. */
function explainUnknown(error: unknown, requestId: string): unknown {
  if (error instanceof AppError && error.status < 500) return error
  const code = error instanceof AppError ? error.code : 'unavailable'
  const message = `whether the money went back is not known; try again with --request ${requestId}`
  return new AppError(code, { message, cause: error })
}

function tell({ order, changed }: Decided, text: string): Outcome {
  return { text: changed ? text : `${text} before; nothing was changed`, data: { ...toData(order), changed } }
}

function describe(order: AdminOrder): string {
  const { reference, state, priceMinor, paidMinor, refundedMinor, dispute, payerNote, createdAt, id } = order
  const facts = [
    `${money(priceMinor, order)} by ${order.method} for ${buyer(order)}`,
    paidMinor > 0n &&
      (paidMinor !== priceMinor || order.paidCurrency !== order.currency) &&
      `paid ${paidMoney(paidMinor, order)}`,
    refundedMinor > 0n && `${paidMoney(refundedMinor, order)} given back`,
    dispute && `dispute ${dispute}`,
    payerNote && `“${payerNote}”`,
    createdAt.toISOString(),
    id,
  ]
  return `${reference}  ${state}  ${facts.filter(Boolean).join(', ')}`
}

function describeAll(order: AdminOrder, history: OrderHistory): string {
  const { provider, sessionId, paymentIntentId, decidedBy, disputes, events } = history
  const rows: [string, string | null | false][] = [
    ['order', `${order.reference} (${order.id}), ${order.state}`],
    ['buyer', buyer(order)],
    ['ordered', `${order.createdAt.toISOString()}, package ${order.packageId}, by ${order.method} through ${provider}`],
    ['terms', `${money(order.priceMinor, order)} for ${creditsAndBonus(order.creditsMicros, order.bonusMicros)}`],
    ['paid', order.paidAt && `${paidMoney(order.paidMinor, order)} at ${order.paidAt.toISOString()}`],
    ['credited', order.paidAt && creditsAndBonus(order.creditedMicros, order.bonusCreditedMicros)],
    [
      'shortfall',
      order.shortfallMicros > 0n && `${creditsToDecimal(order.shortfallMicros)} credits were spent already`,
    ],
    ['payer says', order.payerNote],
    ['decided', decidedBy && [decidedBy, order.decisionNote].filter(Boolean).join(': ')],
    ['session', sessionId],
    ['payment', paymentIntentId],
    ...order.refunds.map(({ id, amountMinor, state, createdAt }): [string, string] => [
      'refund',
      `${id}  ${paidMoney(amountMinor, order)} ${state}, ${createdAt.toISOString()}`,
    ]),
    ...disputes.map((dispute): [string, string] => ['dispute', describeDispute(dispute, order)]),
    ...events.map(({ id, type, source, happenedAt, changed }): [string, string] => [
      'news',
      `${happenedAt.toISOString()}  ${type}, by ${source}${changed ? '' : ', nothing new'} (${id})`,
    ]),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.flatMap(([name, text]) => (text ? [`${name.padEnd(width)}  ${text}`] : [])).join('\n')
}

function describeDispute(dispute: OrderHistory['disputes'][number], order: AdminOrder): string {
  const { id, state, amountMinor, withdrawnMinor, reinstatedMinor, forgivenAt, createdAt } = dispute
  const moved = `${paidMoney(withdrawnMinor, order)} taken, ${paidMoney(reinstatedMinor, order)} returned`
  const forgiven = forgivenAt ? `, forgiven ${forgivenAt.toISOString()}` : ''
  return `${id}  ${paidMoney(amountMinor, order)} ${state}, ${moved}, ${createdAt.toISOString()}${forgiven}`
}

function creditsAndBonus(creditsMicros: bigint, bonusMicros: bigint): string {
  const bonus = bonusMicros > 0n ? ` and ${creditsToDecimal(bonusMicros)} as a bonus` : ''
  return `${creditsToDecimal(creditsMicros)} credits${bonus}`
}

function money(minor: bigint, { currency }: Pick<AdminOrder, 'currency'>): string {
  return `${priceToDecimal(minor, currency)} ${currency}`
}

function paidMoney(minor: bigint, order: AdminOrder): string {
  return money(minor, { currency: paidIn(order) })
}

/** The currency of what came in and went back; that of the order while nothing has. */
function paidIn({ paidCurrency, currency }: AdminOrder): string {
  return paidCurrency ?? currency
}

function buyer({ email, userId }: AdminOrder): string {
  return email ?? userId
}

function toData(order: AdminOrder) {
  const { priceMinor, paidMinor, refundedMinor, disputedMinor, currency, refunds } = order
  const { creditsMicros, bonusMicros, creditedMicros, bonusCreditedMicros, shortfallMicros, ...rest } = order
  return {
    ...rest,
    priceMinor: undefined,
    paidMinor: undefined,
    refundedMinor: undefined,
    disputedMinor: undefined,
    price: priceToDecimal(priceMinor, currency),
    credits: creditsToDecimal(creditsMicros),
    bonus: creditsToDecimal(bonusMicros),
    paid: priceToDecimal(paidMinor, paidIn(order)),
    refunded: priceToDecimal(refundedMinor, paidIn(order)),
    disputed: priceToDecimal(disputedMinor, paidIn(order)),
    credited: creditsToDecimal(creditedMicros),
    bonusCredited: creditsToDecimal(bonusCreditedMicros),
    shortfall: creditsToDecimal(shortfallMicros),
    createdAt: order.createdAt.toISOString(),
    paidAt: order.paidAt?.toISOString() ?? null,
    refunds: refunds.map(({ id, amountMinor, state, createdAt }) => ({
      id,
      state,
      amount: priceToDecimal(amountMinor, paidIn(order)),
      createdAt: createdAt.toISOString(),
    })),
  }
}

function historyToData({ disputes, events, ...rest }: OrderHistory, currency: string) {
  return {
    ...rest,
    disputes: disputes.map(({ amountMinor, withdrawnMinor, reinstatedMinor, forgivenAt, createdAt, ...dispute }) => ({
      ...dispute,
      amount: priceToDecimal(amountMinor, currency),
      withdrawn: priceToDecimal(withdrawnMinor, currency),
      reinstated: priceToDecimal(reinstatedMinor, currency),
      forgivenAt: forgivenAt?.toISOString() ?? null,
      createdAt: createdAt.toISOString(),
    })),
    events: events.map(({ happenedAt, createdAt, ...event }) => ({
      ...event,
      happenedAt: happenedAt.toISOString(),
      createdAt: createdAt.toISOString(),
    })),
  }
}
