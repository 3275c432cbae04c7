import { expect, test } from 'vitest'
import { formatSeconds } from '#app/_ui/receipt/format-seconds.ts'

test.each([
  [4, 'en', '0.00s'],
  [42, 'en', '0.04s'],
  [140, 'en', '0.1s'],
  [3_149, 'en', '3.1s'],
  [61_000, 'zh-CN', '61.0秒'],
])('%i ms in %s are %s', (milliseconds, locale, text) => expect(formatSeconds(milliseconds, locale)).toBe(text))
