/** One value that an entry of the log changed; undefined where there was none. */
export type Change = { name: string; before?: string; after?: string }

type Facts = Record<string, unknown> | null

/**
 * What an entry changed, value by value: of a change only what differs, of something new or gone all of it, and all of
 * what was set to what it was.
 * @param amount puts an amount of micro-credits into words
 */
export function changesOf(before: Facts, after: Facts, amount: (micros: bigint) => string, subject = ''): Change[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  const changes = names.flatMap((name) => {
    const said = (facts: Facts) => {
      const value = facts?.[name]
      const isAmount = /micros$/i.test(name) || (name === 'value' && /_micros$/.test(subject))
      return isAmount && typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? amount(BigInt(value)) : textOf(value)
    }
    const [old, now] = [said(before), said(after)]
    return old === now && before && after ? [] : [{ name, before: old, after: now }]
  })
  return changes.length === 0 && before ? changesOf(null, after, amount, subject) : changes
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null)) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value)
}

/** The name of a value in words: `contextTokens` and `context_tokens` are both "context tokens". */
export function nameOf(name: string): string {
  return name
    .replace(/_?micros$/i, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
}
