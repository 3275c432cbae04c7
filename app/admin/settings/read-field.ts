import type { FieldSpec } from '#app/admin/settings/fields.ts'
import { parseCredits } from '#lib/money.ts'

/** What a field of a form says, as the setting wants it; undefined when it cannot be read. */
export function readField(field: FieldSpec, data: FormData): unknown {
  const text = String(data.get(field.name) ?? '').trim()
  switch (field.kind) {
    case 'line':
    case 'lines':
      // A form writes its line breaks as a network does.
      if (text === '') return field.nullable ? null : undefined
      return text.length > field.max ? undefined : text.replaceAll('\r\n', '\n')
    case 'number': {
      if (text === '') return field.nullable ? null : undefined
      const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
      return number >= field.min && number <= field.max ? number : undefined
    }
    case 'credits': {
      if (text === '') return null
      const micros = parseCredits(text)
      return micros === null || micros < 0n ? undefined : micros.toString()
    }
    case 'several': {
      const chosen = data.getAll(field.name).map(String)
      return chosen.length < field.least ? undefined : chosen
    }
    case 'select':
      return text === '' ? (field.nullable ? null : undefined) : text
    case 'choice':
    case 'zone':
    case 'accent':
      return text === '' ? undefined : text
  }
}

/**
 * Settings whose storing is a decision even where nothing was changed: until then the service goes by its default and
 * the first steps ask.
 */
const DECISIONS: ReadonlySet<string> = new Set(['registration', 'sign_up_credit_micros', 'manual_payment'])

/** Whether a field's value is worth storing: it is not what stands there, or nobody has ever decided it. */
export function isWorthStoring(field: FieldSpec, value: unknown): boolean {
  if (field.version === 0 && DECISIONS.has(field.name)) return true
  const stored = new FormData()
  for (const one of [field.value ?? ''].flat()) stored.append(field.name, String(one))
  return JSON.stringify(readField(field, stored)) !== JSON.stringify(value)
}
