import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import { isAddressRefused } from '#lib/egress.ts'
import type { ErrorCode } from '#lib/errors.ts'
import { MalformedStreamError } from './wire.ts'

/** What went wrong with a vendor, in our terms. Its own words stay in the log. */
export type VendorFault = {
  code: ErrorCode
  /** The key is no good: nobody should try it again. */
  keyRefused: boolean
  status: number | null
  words: string
}

const WORDS_MAX = 300

/** Names what a vendor did wrong. */
export function classifyFault(error: unknown): VendorFault {
  const words = error instanceof Error ? error.message : String(error)
  const fault = (code: ErrorCode, status: number | null = null): VendorFault => ({
    code,
    keyRefused: status === 401,
    status,
    words,
  })
  if (error instanceof MalformedStreamError) return fault('vendor_malformed')
  if (isAddressRefused(error)) return fault('address_private')
  if (error instanceof APIConnectionTimeoutError) return fault('vendor_timeout')
  if (error instanceof APIConnectionError) return fault('vendor_unreachable')
  if (error instanceof APIError && typeof error.status === 'number')
    return fault(codeOfStatus(error.status), error.status)
  return fault('vendor_failed')
}

/** Names an error that a vendor sent inside its stream. */
export function classifyErrorEvent(error: unknown): VendorFault {
  const { code, type } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const limited = [code, type].some((name) => typeof name === 'string' && /rate.?limit|429/i.test(name))
  const words = JSON.stringify(error) ?? ''
  return { code: limited ? 'vendor_rate_limited' : 'vendor_failed', keyRefused: false, status: null, words }
}

/** A vendor's words for the log: bounded, on one line, and without anything that looks like a key. */
export function redactWords(words: string, key: string, max: number = WORDS_MAX): string {
  return words
    .replaceAll(key, '[key]')
    .replace(/\b(?:sk|pk|ak|bce-v3)[-/][\w*./-]{6,}/gi, '[key]')
    .replace(/\s+/g, ' ')
    .slice(0, max)
}

/** Names a refusal by its HTTP status. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'vendor_key_refused'
  if (status === 429) return 'vendor_rate_limited'
  if (status === 408 || status === 504) return 'vendor_timeout'
  return status >= 500 ? 'vendor_failed' : 'vendor_refused'
}
