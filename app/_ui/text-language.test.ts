import { expect, it } from 'vitest'
import { textLanguage } from '#app/_ui/text-language.ts'

it.each([
  ['你好，世界', 'zh-CN'],
  ['用 OpenAI 的 API 写一段 Python 代码', 'zh-CN'],
  ['Hello, world', undefined],
  ['The word 林 means forest in Chinese', undefined],
  ['日本語のテキスト', undefined],
  ['', undefined],
  ['123', undefined],
])('%j is %s', (text, language) => expect(textLanguage(text)).toBe(language))
