import { isIPv6 } from 'node:net'
import type { Ctx } from '#lib/ctx.ts'
import { consumeLimit, type RateLimit, refundLimit, resetLimit } from '#lib/rate-limit.ts'

const HOUR = 3_600

// Wrong tries. An address may stand for a whole school, an account for one person. One address alone cannot use up what
// an account has, or a stranger who knows somebody's e-mail could keep them out.
const SIGN_IN_BY_BOTH: RateLimit = { name: 'sign-in-both', points: 20, seconds: HOUR }
const SIGN_IN_BY_ACCOUNT: RateLimit = { name: 'sign-in-account', points: 100, seconds: HOUR }
const SIGN_IN_BY_ADDRESS: RateLimit = { name: 'sign-in-address', points: 100, seconds: HOUR }
const REGISTER_BY_ADDRESS: RateLimit = { name: 'register-address', points: 30, seconds: HOUR }
const LINK_BY_ADDRESS: RateLimit = { name: 'link-address', points: 60, seconds: HOUR }

/**
 * Runs a check of somebody's password. The try is counted before, so that many at once cannot slip through, and taken
 * back when the check says yes. Accounts that do not exist are counted the same way.
 * @throws {AppError} `rate_limited`
 */
export async function throttlePassword<T>(ctx: Ctx, email: string, check: () => Promise<T>): Promise<T> {
  const address = addressKey(ctx)
  await consumeLimit(ctx, SIGN_IN_BY_ADDRESS, address)
  const both = `${email} ${address}`
  await consumeLimit(ctx, SIGN_IN_BY_BOTH, both)
  await consumeLimit(ctx, SIGN_IN_BY_ACCOUNT, email)
  const result = await check()
  await refundLimit(ctx, SIGN_IN_BY_ADDRESS, address)
  await resetLimit(ctx, SIGN_IN_BY_BOTH, both)
  await refundLimit(ctx, SIGN_IN_BY_ACCOUNT, email)
  return result
}

/** @throws {AppError} `rate_limited` when one address makes too many accounts */
export function throttleRegistration(ctx: Ctx): Promise<void> {
  return consumeLimit(ctx, REGISTER_BY_ADDRESS, addressKey(ctx))
}

/** @throws {AppError} `rate_limited` when one address tries too many links */
export function throttleLink(ctx: Ctx): Promise<void> {
  return consumeLimit(ctx, LINK_BY_ADDRESS, addressKey(ctx))
}

// One customer of a network gets a whole /64 of IPv6, so that is what counts as one address.
function addressKey(ctx: Ctx): string {
  const ip = ctx.request?.ip || 'unknown'
  if (!isIPv6(ip)) return ip
  const [head = '', tail] = ip.split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const groups =
    tail === undefined ? left : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return `${groups.slice(0, 4).join(':')}::/64`
}
