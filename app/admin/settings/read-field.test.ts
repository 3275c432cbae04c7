import { describe, expect, it } from 'vitest'
import type { FieldSpec } from '#app/admin/settings/fields.ts'
import { isWorthStoring, readField } from '#app/admin/settings/read-field.ts'

const base = { name: 'x', version: 0 }
function read(field: FieldSpec, ...values: string[]): unknown {
  const data = new FormData()
  for (const value of values) data.append('x', value)
  return readField(field, data)
}

describe('readField', () => {
  const line = { ...base, kind: 'lines', value: null, max: 5, usual: null } as const
  const days = { ...base, kind: 'number', value: 1, min: 1, max: 9, usual: null } as const
  const credits = { ...base, kind: 'credits', value: '', empty: 'automatic' } as const
  const several = { ...base, kind: 'several', value: [], options: [], least: 1 } as const

  it.each<[string, FieldSpec, string[], unknown]>([
    ['a text', { ...line, nullable: true }, ['  a\r\nb '], 'a\nb'],
    ['no text', { ...line, nullable: true }, [' '], null],
    ['no text where one must be', { ...line, nullable: false }, [''], undefined],
    ['a text too long', { ...line, nullable: true }, ['123456'], undefined],
    ['a number', { ...days, nullable: false }, ['9'], 9],
    ['a number too large', { ...days, nullable: false }, ['10'], undefined],
    ['no number', { ...days, nullable: true }, [''], null],
    ['words for a number', { ...days, nullable: true }, ['1e0'], undefined],
    ['a negative number', { ...days, nullable: true }, ['-1'], undefined],
    ['an amount', credits, ['2.5'], '2500000'],
    ['no amount', credits, [''], null],
    ['zero', credits, ['0'], '0'],
    ['a negative amount', credits, ['-1'], undefined],
    ['an amount with too many places', credits, ['0.0000001'], undefined],
    ['several', several, ['a', 'b'], ['a', 'b']],
    ['too few', several, [], undefined],
    ['a choice', { ...base, kind: 'choice', value: '', options: [] }, ['on'], 'on'],
    ['no choice', { ...base, kind: 'choice', value: '', options: [] }, [], undefined],
    ['nothing selected', { ...base, kind: 'select', value: '', options: [], nullable: true }, [''], null],
  ])('%s', (_name, field, values, expected) => {
    expect(read(field, ...values)).toEqual(expected)
  })
})

describe('isWorthStoring', () => {
  const line: FieldSpec = { ...base, kind: 'line', value: 'a', max: 9, nullable: true, usual: null }
  const several: FieldSpec = { ...base, kind: 'several', value: ['a', 'b'], options: [], least: 0 }
  const registration: FieldSpec = { name: 'registration', version: 0, kind: 'choice', value: 'open', options: [] }
  const credits: FieldSpec = { name: 'x', version: 1, kind: 'credits', value: '2.5', empty: 'automatic' }

  it.each<[FieldSpec, unknown, boolean]>([
    [line, 'a', false],
    [line, 'b', true],
    [line, null, true],
    [{ ...line, value: null }, null, false],
    [several, ['a', 'b'], false],
    [several, ['a'], true],
    [credits, '2500000', false],
    [credits, null, true],
    [registration, 'open', true],
    [{ ...registration, version: 1 }, 'open', false],
  ])('%#', (field, value, expected) => {
    expect(isWorthStoring(field, value)).toBe(expected)
  })
})
