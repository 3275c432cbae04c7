import { expect, it } from 'vitest'
import { noticeKey, noticeLines } from '#app/_ui/notice-key.ts'

it('another text is another notice', () => {
  expect(noticeKey('Down at 3')).toBe(noticeKey('Down at 3'))
  expect(noticeKey('Down at 3')).not.toBe(noticeKey('Down at 4'))
  expect(noticeKey('维护')).toMatch(/^[0-9a-z]+$/)
})

it.each([
  ['short', { phone: 1, tablet: 1, desktop: 1 }],
  ['x'.repeat(41), { phone: 2, tablet: 1, desktop: 1 }],
  ['字'.repeat(39), { phone: 2, tablet: 2, desktop: 1 }],
  ['字'.repeat(160), { phone: 8, tablet: 5, desktop: 3 }],
])('%s takes %o lines', (text, lines) => {
  expect(noticeLines(text)).toEqual(lines)
})
