const HAN = /\p{Script=Han}/gu
const KANA_OR_HANGUL = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
const LETTER = /\p{L}/gu
const SAMPLE_LENGTH = 2_000

/**
 * The language of a text where its letters tell: Chinese is set differently (leading, emphasis by weight).
 * @returns undefined when only a reader could tell; then the page's language stands
 */
export function textLanguage(text: string): 'zh-CN' | undefined {
  const sample = text.slice(0, SAMPLE_LENGTH)
  if (KANA_OR_HANGUL.test(sample)) return undefined
  const han = sample.match(HAN)?.length ?? 0
  const letters = sample.match(LETTER)?.length ?? 0
  return han > 0 && han * 5 >= letters ? 'zh-CN' : undefined
}
