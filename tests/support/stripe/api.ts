import type Stripe from 'stripe'
import type { Account } from './account.ts'
import { newAccount } from './after-payment.ts'
import { expand, type ListQuery, listRows, PAGING } from './lists.ts'
import { type Form, type Rules, readParameters } from './parameters.ts'
import { expire } from './payments.ts'
import { endRefund, refund } from './refunds.ts'
import { resourceMissing, StripeRefusal } from './refusal.ts'
import { createSession, SESSION_CREATE } from './sessions.ts'
import type { Collection } from './store.ts'

export type ApiRequest = { method: string; path: string; form: Form }

type Parameters = ListQuery & { expand?: string[] } & Record<string, unknown>
type Handler = (account: Account, parameters: Parameters, id: string) => object
type Route = { method: 'GET' | 'POST'; path: RegExp; rules: Rules; handle: Handler }
type Row = { id: string; created: number }

const ONLY_EXPAND: Rules = { expand: { list: 'string' } }

/** Everything of the API that the stand-in speaks. */
export function apiRoutes(pageUrl: (sessionId: string) => string): Route[] {
  return [
    ...resource('checkout/sessions', 'session', ({ store }) => store.sessions, {
      payment_intent: 'string',
      status: ['open', 'complete', 'expired'],
    }),
    ...resource('payment_intents', 'intent', ({ store }) => store.paymentIntents, {}),
    ...resource('charges', 'id', ({ store }) => store.charges, { payment_intent: 'string' }),
    ...resource('refunds', 'id', ({ store }) => store.refunds, { payment_intent: 'string', charge: 'string' }),
    ...resource('disputes', 'id', ({ store }) => store.disputes, { payment_intent: 'string', charge: 'string' }),
    ...resource('balance_transactions', 'id', ({ store }) => store.balanceTransactions, {
      type: 'string',
      source: 'string',
      currency: 'string',
    }),
    {
      method: 'GET',
      path: /^\/v1\/events$/,
      rules: { ...PAGING, type: 'string', types: { list: 'string' }, delivery_success: 'boolean' },
      handle: listEvents,
    },
    ...resource('events', 'id', ({ store }) => store.events, {}).slice(0, 1),
    { method: 'GET', path: /^\/v1\/account$/, rules: ONLY_EXPAND, handle: (account) => accountOf(account) },
    {
      method: 'POST',
      path: /^\/v1\/checkout\/sessions$/,
      rules: { ...SESSION_CREATE, ...ONLY_EXPAND },
      handle: (account, parameters) => createSession(account, parameters as never, pageUrl),
    },
    { method: 'POST', path: /^\/v1\/checkout\/sessions\/(\w+)\/expire$/, rules: ONLY_EXPAND, handle: expireSession },
    {
      method: 'GET',
      path: /^\/v1\/checkout\/sessions\/(\w+)\/line_items$/,
      rules: PAGING,
      handle: (account, _, id) => ({
        object: 'list',
        data: account.store.backs.get(found(account.store.sessions, id, 'session').id)?.lineItems ?? [],
        has_more: false,
        url: `/v1/checkout/sessions/${id}/line_items`,
      }),
    },
    {
      method: 'POST',
      path: /^\/v1\/refunds$/,
      rules: {
        ...ONLY_EXPAND,
        amount: 'integer',
        charge: 'string',
        payment_intent: 'string',
        metadata: 'metadata',
        reason: ['duplicate', 'fraudulent', 'requested_by_customer'],
      },
      handle: createRefund,
    },
    { method: 'POST', path: /^\/v1\/refunds\/(\w+)\/cancel$/, rules: ONLY_EXPAND, handle: cancelRefund },
  ]
}

/** Answers a request. @throws StripeRefusal */
export function answerApi(account: Account, routes: Route[], request: ApiRequest): object {
  for (const { method, path, rules, handle } of routes) {
    const match = request.method === method ? path.exec(request.path) : null
    if (!match) continue
    const parameters = readParameters<Parameters>(request.form, rules)
    return expand(account.store, handle(account, parameters, match[1] ?? ''), parameters.expand)
  }
  throw new StripeRefusal(`Unrecognized request URL (${request.method}: ${request.path}).`, { status: 404 })
}

function resource<T extends Row>(
  name: string,
  param: string,
  of: (account: Account) => Collection<T>,
  filters: Rules,
): Route[] {
  const url = `/v1/${name}`
  return [
    {
      method: 'GET',
      path: new RegExp(`^${url}/(\\w+)$`),
      rules: ONLY_EXPAND,
      handle: (account, _, id) => found(of(account), id, param),
    },
    {
      method: 'GET',
      path: new RegExp(`^${url}$`),
      rules: { ...PAGING, ...filters },
      handle: (account, parameters) => {
        const where = Object.fromEntries(Object.keys(filters).map((member) => [member, parameters[member] as string]))
        return listRows(of(account), parameters, { url, where })
      },
    },
  ]
}

function found<T extends Row>(collection: Collection<T>, id: string, param: string): T {
  const row = collection.find(id)
  if (!row) throw resourceMissing(collection.name, id, param)
  return row
}

function listEvents({ store }: Account, parameters: Parameters): object {
  const { type, types, delivery_success } = parameters as {
    type?: string
    types?: string[]
    delivery_success?: boolean
  }
  if (type !== undefined && types !== undefined) {
    throw new StripeRefusal('You may only specify one of these parameters: type, types.', { param: 'type' })
  }
  const wanted = types ?? (type === undefined ? null : [type])
  const keep = (event: Stripe.Event) =>
    (wanted === null || wanted.some((pattern) => isOfType(event.type, pattern))) &&
    (delivery_success === undefined || delivery_success !== store.undelivered.has(event.id))
  return listRows(store.events, parameters, { url: '/v1/events', keep })
}

function isOfType(type: string, pattern: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
}

function accountOf({ settlement }: Account): Stripe.Account {
  return newAccount({ id: 'acct_standin00000001', currency: settlement?.currency ?? 'usd', created: 1_700_000_000 })
}

function expireSession(account: Account, _: Parameters, id: string): object {
  const session = found(account.store.sessions, id, 'session')
  if (session.status !== 'open') {
    throw new StripeRefusal(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status}\`.`,
    )
  }
  return expire(account, session)
}

function createRefund(account: Account, parameters: Parameters): object {
  const { store } = account
  const {
    charge: chargeId,
    payment_intent: intentId,
    amount,
    reason,
    metadata,
  } = parameters as Stripe.RefundCreateParams
  if ((chargeId === undefined) === (intentId === undefined)) {
    throw new StripeRefusal(
      'One of the following params should be provided for this request: payment_intent or charge.',
    )
  }
  const intent = intentId === undefined ? null : found(store.paymentIntents, intentId, 'payment_intent')
  if (intent && intent.status !== 'succeeded') {
    throw new StripeRefusal(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, {
      code: 'payment_intent_unexpected_state',
    })
  }
  const charge = found(store.charges, String(intent ? intent.latest_charge : chargeId), 'charge')
  return refund(account, charge, {
    amountMinor: amount,
    reason: reason as Stripe.Refund.Reason,
    metadata: (metadata ?? {}) as Record<string, string>,
  })
}

function cancelRefund(account: Account, _: Parameters, id: string): object {
  const row = found(account.store.refunds, id, 'id')
  if (row.status !== 'requires_action') {
    throw new StripeRefusal(
      `Refund ${id} has the status ${row.status}; only a refund that requires action can be canceled.`,
    )
  }
  return endRefund(account, row, 'canceled')
}
