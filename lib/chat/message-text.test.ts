import { describe, expect, it } from 'vitest'
import type { AppError } from '#lib/errors.ts'
import { checkMessageText, MESSAGE_BYTES_MAX, storable, titleOf } from './message-text.ts'

const codeOf = (text: string) => {
  try {
    checkMessageText(text)
    return null
  } catch (error) {
    return (error as AppError).code
  }
}

describe('checkMessageText', () => {
  it.each([
    ['', 'message_empty'],
    [' \n\t\u3000', 'message_empty'],
    ['a'.repeat(MESSAGE_BYTES_MAX + 1), 'message_too_large'],
    ['好'.repeat(MESSAGE_BYTES_MAX / 3 + 1), 'message_too_large'],
    ['a\0b', 'invalid_input'],
    ['a\ud83d', 'invalid_input'],
    ['a'.repeat(MESSAGE_BYTES_MAX), null],
    ['<script>alert(1)</script> 你好 👩‍👩‍👧', null],
  ])('%#', (text, code) => expect(codeOf(text)).toBe(code))
})

describe('titleOf', () => {
  it.each([
    ['hello', 'hello'],
    ['\n\n  first line  \nsecond', 'first line'],
    ['a\tb\u0007c', 'a b c'],
    ['\u0007', '…'],
    ['你'.repeat(80), `${'你'.repeat(60)}…`],
    ['a'.repeat(60), 'a'.repeat(60)],
  ])('%#', (text, title) => expect(titleOf(text)).toBe(title))

  it('cuts between graphemes and stays within the table’s bound', () => {
    const family = '👩‍👩‍👧'
    expect(titleOf(`${'a'.repeat(59)}${family}b`)).toBe(`${'a'.repeat(59)}${family}…`)
    const stacked = titleOf(`e${'\u0301'.repeat(5_000)}`)
    expect(Array.from(stacked).length).toBeLessThanOrEqual(200)
    expect(Array.from(titleOf(family.repeat(60))).length).toBeLessThanOrEqual(200)
  })
})

describe('storable', () => {
  it('drops NUL and repairs half pairs', () => {
    expect(storable('a\0b')).toBe('ab')
    expect(storable('a\ud83d')).toBe('a\ufffd')
    expect(storable('👍')).toBe('👍')
  })
})
