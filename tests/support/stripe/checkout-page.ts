import type { ServerResponse } from 'node:http'
import type Stripe from 'stripe'
import type { Account } from './account.ts'
import type { Method } from './objects.ts'
import { checkoutHtml, notFoundHtml, type Step } from './page-html.ts'
import type { Form } from './parameters.ts'
import { decline, pay, settle } from './payments.ts'

export type PageRequest = { method: string; path: string; form: Form }

const PAGE = /^\/c\/pay\/(\w+)$/
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}

/** Shows the hosted page of a session, and does what its buttons say. */
export function answerPage(account: Account, { method, path, form }: PageRequest, response: ServerResponse): void {
  const session = account.store.sessions.find(PAGE.exec(path)?.[1] ?? '')
  if (!session) {
    response.writeHead(404, HEADERS).end(notFoundHtml())
    return
  }
  const next = method === 'POST' ? act(account, session, String(form.action)) : null
  if (next !== null) {
    account.store.save()
    response.writeHead(303, { location: next }).end()
    return
  }
  response.writeHead(200, HEADERS).end(checkoutHtml(session, stepOf(account, session), returnUrl(session)))
}

// Where a button leads; null where the page has no such button in this state, as after a second click.
function act(account: Account, session: Stripe.Checkout.Session, action: string): string | null {
  const here = `/c/pay/${session.id}`
  const takes = (method: Method) => session.status === 'open' && session.payment_method_types.includes(method)
  if (action === 'decline' && takes('card')) {
    decline(account, session, 'card')
    return here
  }
  if ((action === 'card' || action === 'alipay' || action === 'wechat_pay') && takes(action)) {
    pay(account, session, { method: action })
    return returnUrl(session)
  }
  if (action === 'wechat_pay_later' && takes('wechat_pay')) {
    pay(account, session, { method: 'wechat_pay', async: true })
    return here
  }
  if ((action === 'arrive' || action === 'fail') && stepOf(account, session) === 'processing') {
    settle(account, session, action === 'arrive' ? 'succeeded' : 'failed')
    return here
  }
  return null
}

function stepOf({ store }: Account, session: Stripe.Checkout.Session): Step {
  const intent = store.paymentIntents.find(String(session.payment_intent))
  if (session.status === 'open') return intent?.last_payment_error ? 'declined' : 'open'
  if (session.status === 'expired') return 'expired'
  if (session.payment_status !== 'unpaid') return 'paid'
  return intent?.status === 'processing' ? 'processing' : 'failed'
}

function returnUrl({ success_url, id }: Stripe.Checkout.Session): string {
  return (success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', id)
}
