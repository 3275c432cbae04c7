import { redactWords } from './vendor-error.ts'

/** So much JSON is kept as it came, in bytes; PostgreSQL's own writing of it adds spaces. */
const JSON_MAX = 1_300
/** Of more only the beginning is kept, as text; writing that as JSON can double it. */
const TEXT_MAX = 900

/**
 * What is kept of a usage object that nobody could believe: the object when it is small, else the beginning of its
 * text. Whatever was sent, the result is less than 2 kB of JSON and can be stored.
 * @param key the vendor's key, which must not be kept with it
 */
export function quarantine(raw: unknown, key: string): unknown {
  let json: string
  try {
    json = JSON.stringify(raw, (_name, value) => storableNumber(value)) ?? 'nothing'
  } catch {
    return 'nested too deeply'
  }
  const words = redactWords(json, key, JSON_MAX)
  // PostgreSQL's JSON knows neither NUL nor half surrogate pairs: only text can tell of them.
  const isStorable = words === json && Buffer.byteLength(json) <= JSON_MAX && !/\\u(?:0000|d[89a-f])/i.test(json)
  return isStorable ? JSON.parse(json) : Buffer.from(words).subarray(0, TEXT_MAX).toString().toWellFormed()
}

/** PostgreSQL writes 1e300 in three hundred digits. */
function storableNumber(value: unknown): unknown {
  if (typeof value !== 'number' || value === 0) return value
  const size = Math.abs(value)
  return size > Number.MAX_SAFE_INTEGER || size < 1e-6 ? String(value) : value
}
