import { StripeRefusal } from './refusal.ts'

export type Form = { [name: string]: string | Form }

/** What one parameter may be. A list of strings is an enumeration. */
export type Rule =
  | 'string'
  | 'integer'
  | 'boolean'
  | 'metadata'
  | readonly string[]
  | { list: Rule }
  | { members: Rules }
  /** A number, or bounds on it. */
  | 'range'

export type Rules = { [name: string]: Rule }

export type Range = { gt?: number; gte?: number; lt?: number; lte?: number }

const METADATA = { keys: 50, name: 40, value: 500 }

/** `a[b][c]=1&d[]=2` as nested objects; a list becomes an object with numbered members. */
export function parseForm(text: string): Form {
  const form = newForm()
  for (const [path, value] of new URLSearchParams(text)) {
    const names = path.replaceAll(']', '').split('[')
    const last = names.pop() as string
    let at = form
    for (const name of names) {
      const next = at[name]
      at = at[name] = typeof next === 'object' ? next : newForm()
    }
    at[last === '' ? String(Object.keys(at).length) : last] = value
  }
  return form
}

/** Reads a form by its rules. What the rules don't name is refused, as Stripe refuses it. */
export function readParameters<T>(form: Form, rules: Rules, at = ''): T {
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(form)) {
    const param = at ? `${at}[${name}]` : name
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    if (!rule) {
      throw new StripeRefusal(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param })
    }
    // Empty stands for null: the SDK has no other way to say it.
    if (value !== '') read[name] = readValue(value, rule, param)
  }
  return read as T
}

function readValue(value: string | Form, rule: Rule, param: string): unknown {
  if (rule === 'metadata') return readMetadata(value, param)
  if (rule === 'range') return typeof value === 'string' ? readInteger(value, param) : readBounds(value, param)
  if (typeof rule === 'object' && 'list' in rule) {
    if (typeof value === 'string') throw new StripeRefusal(`Invalid array`, { param })
    return Object.values(value).map((item, index) => readValue(item, rule.list, `${param}[${index}]`))
  }
  if (typeof rule === 'object' && 'members' in rule) {
    if (typeof value === 'string') throw new StripeRefusal(`Invalid object`, { param })
    return readParameters(value, rule.members, param)
  }
  if (typeof value !== 'string') throw new StripeRefusal(`Invalid string: ${JSON.stringify(value)}`, { param })
  if (rule === 'integer') return readInteger(value, param)
  if (rule === 'boolean') {
    if (value === 'true' || value === 'false') return value === 'true'
    throw new StripeRefusal(`Invalid boolean: ${value}`, { param })
  }
  if (rule !== 'string' && !rule.includes(value)) {
    throw new StripeRefusal(`Invalid ${param}: must be one of ${rule.join(', ')}`, { param })
  }
  return value
}

function readInteger(value: string, param: string): number {
  if (/^-?\d{1,15}$/.test(value)) return Number(value)
  throw new StripeRefusal(`Invalid integer: ${value}`, { code: 'parameter_invalid_integer', param })
}

function readBounds(value: Form, param: string): Range {
  return readParameters<Range>(value, { gt: 'integer', gte: 'integer', lt: 'integer', lte: 'integer' }, param)
}

function readMetadata(value: string | Form, param: string): Record<string, string> {
  if (typeof value === 'string') throw new StripeRefusal('Invalid hash', { param })
  const entries = Object.entries(value)
  if (entries.length > METADATA.keys) {
    throw new StripeRefusal(`You can have up to ${METADATA.keys} metadata keys.`, { param })
  }
  const metadata: Record<string, string> = {}
  for (const [name, text] of entries) {
    if (typeof text !== 'string')
      throw new StripeRefusal('Metadata values must be strings', { param: `${param}[${name}]` })
    if (name.length > METADATA.name || text.length > METADATA.value) {
      throw new StripeRefusal(
        `Metadata keys can have up to ${METADATA.name} characters, values up to ${METADATA.value}.`,
        {
          param: `${param}[${name}]`,
        },
      )
    }
    if (text !== '') metadata[name] = text
  }
  return metadata
}

function newForm(): Form {
  return Object.create(null) as Form
}
