import { describe, expect, it } from 'vitest'
import { changesOf, nameOf } from '#app/admin/audit/changes.ts'

const amount = (micros: bigint) => `${micros / 1_000_000n} cr`

describe('changesOf', () => {
  it('names what differs, and nothing else', () => {
    const before = { name: 'a', visible: true, tags: ['x'], limit: 3 }
    const after = { name: 'b', visible: true, tags: ['x', 'y'], limit: null }
    expect(changesOf(before, after, amount)).toEqual([
      { name: 'name', before: 'a', after: 'b' },
      { name: 'tags', before: 'x', after: 'x, y' },
      { name: 'limit', before: '3', after: undefined },
    ])
  })

  it('tells what was set to what it was, for that was a decision', () => {
    expect(changesOf({ value: 'USD' }, { value: 'USD' }, amount)).toEqual([
      { name: 'value', before: undefined, after: 'USD' },
    ])
    expect(changesOf({ value: null }, { value: null }, amount)).toEqual([
      { name: 'value', before: undefined, after: undefined },
    ])
    expect(changesOf({}, null, amount)).toEqual([])
  })

  it('tells all of what is new or gone', () => {
    expect(changesOf(null, { role: 'user' }, amount)).toEqual([{ name: 'role', before: undefined, after: 'user' }])
    expect(changesOf({ role: 'user' }, null, amount)).toEqual([{ name: 'role', before: 'user', after: undefined }])
    expect(changesOf(null, null, amount)).toEqual([])
  })

  it('puts amounts into words, of settings too', () => {
    expect(changesOf(null, { amountMicros: '5000000' }, amount)[0]!.after).toBe('5 cr')
    expect(changesOf({ value: null }, { value: '2000000' }, amount, 'sign_up_credit_micros')).toEqual([
      { name: 'value', before: undefined, after: '2 cr' },
    ])
    expect(changesOf(null, { value: '2000000' }, amount, 'site_name')[0]!.after).toBe('2000000')
    expect(changesOf(null, { amountMicros: 'all of it' }, amount)[0]!.after).toBe('all of it')
  })

  it('shows what has parts as it is', () => {
    expect(changesOf(null, { of: { a: 1 } }, amount)[0]!.after).toBe('{\n "a": 1\n}')
  })
})

it.each([
  ['contextTokens', 'context tokens'],
  ['amountMicros', 'amount'],
  ['sign_up_credit_micros', 'sign up credit'],
  ['name', 'name'],
])('%s is called %s', (name, words) => {
  expect(nameOf(name)).toBe(words)
})
