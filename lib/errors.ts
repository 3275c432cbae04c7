/**
 * Expected failures. A code is stable and translated in the catalogues (namespace `errors`);
 * the message is for logs. One table maps a code to its HTTP status.
 */
export const ERROR_STATUS = {
  invalid_input: 400,
  message_empty: 400,
  message_too_large: 413,
  message_too_long_for_model: 400,
  unauthenticated: 401,
  wrong_credentials: 401,
  insufficient_credits: 402,
  spend_cap_reached: 402,
  wallet_suspended: 403,
  forbidden: 403,
  registration_closed: 403,
  account_disabled: 403,
  not_found: 404,
  conflict: 409,
  email_taken: 409,
  last_admin: 409,
  own_account: 409,
  answers_running: 409,
  payments_open: 409,
  approval_needed: 409,
  changed_meanwhile: 409,
  link_invalid: 410,
  password_too_short: 400,
  password_too_long: 400,
  password_common: 400,
  wrong_password: 400,
  model_unknown: 400,
  model_unavailable: 503,
  model_unpriced: 503,
  too_many_running: 429,
  too_many_free_failures: 429,
  rate_limited: 429,
  code_mistyped: 400,
  code_unknown: 404,
  code_revoked: 410,
  code_expired: 410,
  code_used: 409,
  code_limit: 409,
  payments_off: 503,
  package_unavailable: 409,
  payment_method_unavailable: 409,
  payment_unreachable: 502,
  order_closed: 409,
  refund_too_much: 409,
  credit_back_too_much: 409,
  webhook_refused: 400,
  name_taken: 409,
  key_known: 409,
  address_private: 400,
  price_below_cost: 409,
  price_time_taken: 409,
  price_begun: 409,
  file_not_image: 400,
  file_too_large: 413,
  host_not_allowed: 421,
  vendor_key_refused: 502,
  vendor_rate_limited: 503,
  vendor_refused: 502,
  vendor_failed: 502,
  vendor_unreachable: 502,
  vendor_malformed: 502,
  vendor_empty: 502,
  vendor_timeout: 504,
  interrupted: 503,
  shutting_down: 503,
  unavailable: 503,
  internal: 500,
} as const

export type ErrorCode = keyof typeof ERROR_STATUS

/** Plain values that a translated text may show; never secrets, never a vendor's own words. */
export type ErrorParams = Record<string, string | number>

/** An expected failure. `params` reach the reader; `message` and `cause` stay in the logs. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly params: ErrorParams

  constructor(code: ErrorCode, options: { message?: string; params?: ErrorParams; cause?: unknown } = {}) {
    super(options.message ?? code, { cause: options.cause })
    this.code = code
    this.params = options.params ?? {}
  }

  get status(): number {
    return ERROR_STATUS[this.code]
  }
}

/**
 * Asserts what the code itself guarantees; a failure is a bug, not an expected outcome.
 * @throws {Error} with the message when the condition does not hold
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant: ${message}`)
}
