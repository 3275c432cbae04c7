import Stripe from 'stripe'
import { dispatcherFor, fetchThrough } from '#lib/egress.ts'
import { getEnv, type ServerEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import { singleton } from '#lib/singleton.ts'

/** How long one try may take, and how many more there are. */
const PATIENCE = { timeoutMs: 8_000, retriesMax: 2 }

type StripeEnv = Pick<
  ServerEnv,
  'STRIPE_SECRET_KEY' | 'STRIPE_WEBHOOK_SECRET' | 'STRIPE_API_BASE' | 'HTTPS_PROXY' | 'NO_PROXY' | 'APP_URL'
>

/** What the service needs of Stripe. */
export type StripeAccess = {
  stripe: Stripe
  webhookSecret: string
  /** Whether the key moves real money. */
  livemode: boolean
  /** Where people come back to, and by which our payments are told from those of others on the same account. */
  appUrl: string
}

/** The process's access to Stripe, made once; null when the operator has configured none. */
function findStripe(): StripeAccess | null {
  return singleton('stripe', () => openStripe(getEnv()))
}

/** Whether the operator has configured access to Stripe. */
export function isStripeConfigured(): boolean {
  return findStripe() !== null
}

/** @throws {AppError} `payments_off` when the operator has configured no access to Stripe */
export function getStripe(): StripeAccess {
  const access = findStripe()
  if (!access) throw new AppError('payments_off', { message: 'STRIPE_SECRET_KEY is not set' })
  return access
}

/** Makes an access from checked settings; null when they name no key. Nothing is sent yet. */
export function openStripe(env: StripeEnv, { timeoutMs, retriesMax } = PATIENCE): StripeAccess | null {
  const { STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: webhookSecret, STRIPE_API_BASE, APP_URL } = env
  if (!key || !webhookSecret) return null
  const dispatcher = dispatcherFor(null, { httpsProxy: env.HTTPS_PROXY, noProxy: env.NO_PROXY })
  const stripe = new Stripe(key, {
    ...(STRIPE_API_BASE && addressOf(STRIPE_API_BASE)),
    httpClient: Stripe.createFetchHttpClient(fetchThrough(dispatcher)),
    timeout: timeoutMs,
    maxNetworkRetries: retriesMax,
    telemetry: false,
  })
  return { stripe, webhookSecret, livemode: /^\w\w_live_/.test(key), appUrl: APP_URL }
}

function addressOf(base: string) {
  const { protocol, hostname, port } = new URL(base)
  const scheme = protocol === 'http:' ? ('http' as const) : ('https' as const)
  return { protocol: scheme, host: hostname, port: port || (scheme === 'http' ? '80' : '443') }
}

/** An answer of Stripe that says no, by its own account. */
export type StripeRefusal = { status: number; code: string | undefined; param: string | undefined; message: string }

/**
 * Asks Stripe something.
 * @param explain what a refusal of this request means; null when it means nothing more
 * @throws {AppError} `payments_off`; `payment_unreachable` when no answer came or none that can be used; what `explain` says
 */
export async function askStripe<T>(
  ask: (stripe: Stripe) => Promise<T>,
  explain: (refusal: StripeRefusal) => AppError | null = () => null,
): Promise<T> {
  const { stripe } = getStripe()
  try {
    return await ask(stripe)
  } catch (error) {
    const fault = readFault(error)
    if (!fault) throw error
    const { type, statusCode: status = 0, code, param, requestId, message } = fault
    // Stripe repeats a key that it does not know.
    if (status === 401 || status === 403) {
      log.error({ type, code, stripeRequestId: requestId }, 'Stripe refuses STRIPE_SECRET_KEY or what it may do')
      throw new AppError('payment_unreachable', { message: `Stripe refuses the key (${code ?? type})` })
    }
    // 409: the same request is still being worked on.
    const refused = status >= 400 && status < 500 && status !== 409 && status !== 429
    const explained = refused ? explain({ status, code, param, message }) : null
    if (explained) throw explained
    const words = `Stripe: ${[type, status, code, param, requestId].filter(Boolean).join(' ')}`
    throw new AppError('payment_unreachable', { message: words, cause: error })
  }
}

/** The same for an object that Stripe may not have: then null. */
export async function findAtStripe<T>(ask: (stripe: Stripe) => Promise<T>): Promise<T | null> {
  const missing = new AppError('not_found')
  try {
    return await askStripe(ask, ({ status }) => (status === 404 ? missing : null))
  } catch (error) {
    if (error === missing) return null
    throw error
  }
}

type StripeFault = {
  type: string
  statusCode?: number
  code?: string
  param?: string
  requestId?: string
  message: string
}

/** By its shape, not its class: a bundler may have made several copies of it. */
function readFault(error: unknown): StripeFault | null {
  if (!(error instanceof Error) || !('type' in error)) return null
  return typeof error.type === 'string' && error.type.startsWith('Stripe') ? (error as unknown as StripeFault) : null
}
