import { describe, expect, it } from 'vitest'
import { resolveLocale } from '#lib/i18n/locale.ts'

describe('resolveLocale', () => {
  it.each([
    { sources: {}, expected: 'en' },
    { sources: { acceptLanguage: 'zh-CN,zh;q=0.9,en;q=0.8' }, expected: 'zh-CN' },
    { sources: { acceptLanguage: 'zh-TW' }, expected: 'zh-CN' },
    { sources: { acceptLanguage: 'en-GB,en;q=0.9' }, expected: 'en' },
    { sources: { acceptLanguage: 'fr, zh;q=0.2, en;q=0.7' }, expected: 'en' },
    { sources: { acceptLanguage: 'fr, en;q=0, zh;q=0.1' }, expected: 'zh-CN' },
    { sources: { acceptLanguage: 'ZH-cn' }, expected: 'zh-CN' },
    { sources: { acceptLanguage: ';;;q=,*;q=0.5,' }, expected: 'en' },
    { sources: { user: 'zh-CN', acceptLanguage: 'en' }, expected: 'zh-CN' },
    { sources: { cookie: 'en', user: 'zh-CN', acceptLanguage: 'zh' }, expected: 'en' },
    { sources: { cookie: 'tlh', user: null, acceptLanguage: 'zh' }, expected: 'zh-CN' },
    { sources: { cookie: 'en', user: 'en', acceptLanguage: 'en', offered: ['zh-CN'] }, expected: 'zh-CN' },
    { sources: { cookie: 'zh-CN', acceptLanguage: 'zh', offered: ['en'] }, expected: 'en' },
    { sources: { offered: ['zh-CN'] }, expected: 'zh-CN' },
    { sources: { acceptLanguage: 'en', offered: [] }, expected: 'en' },
  ])('$sources → $expected', ({ sources, expected }) => {
    expect(resolveLocale(sources)).toBe(expected)
  })
})
