import { expect, test } from 'vitest'
import { argumentsOf, compareCatalogues, compareWithUses, findMissingErrorTexts } from './catalogues.ts'
import { parseSource } from './source.ts'
import { findUses } from './translation-uses.ts'

const languages = (en: Record<string, string>, zh: Record<string, string>) =>
  compareCatalogues(
    new Map([
      ['en', new Map(Object.entries(en))],
      ['zh-CN', new Map(Object.entries(zh))],
    ]),
  )

const uses = (text: string) => findUses(parseSource('app/x.tsx', text))

const compare = (en: Record<string, string>, code: string, excused: string[] = []) =>
  compareWithUses(new Map(Object.entries(en)), uses(code), (name) => excused.includes(name))

test('languages with the same keys and values are fine, also where one counts and the other need not', () => {
  const en = { 'chat.left': '{count, plural, one {# turn} other {# turns}} left for <b>{name}</b>' }
  expect(languages(en, { 'chat.left': '<b>{name}</b> 还剩 {count} 轮' })).toEqual([])
})

test.each([
  ['a key that one language lacks', { 'a.b': 'x' }, {}, 'zh-CN: a.b is missing'],
  ['a key that English lacks', {}, { 'a.b': 'x' }, 'zh-CN: a.b is not in en'],
  ['another value', { 'a.b': '{min}' }, { 'a.b': '{max}' }, 'zh-CN: a.b takes max, but en takes min'],
  ['another tag', { 'a.b': '<b>x</b>' }, { 'a.b': 'x' }, 'zh-CN: a.b takes nothing, but en takes <b>'],
  [
    'another choice',
    { 'a.b': '{x, select, p {1} other {2}}' },
    { 'a.b': '{x, select, q {1} other {2}}' },
    'x (other|q)',
  ],
  ['an empty text', { 'a.b': 'x' }, { 'a.b': '  ' }, 'zh-CN: a.b is empty'],
  ['a broken message', { 'a.b': 'x' }, { 'a.b': '{x' }, 'zh-CN: a.b is not a valid message'],
  ['the formal you', { 'a.b': 'x' }, { 'a.b': '您好' }, 'zh-CN: a.b says 您'],
])('refused: %s', (_name, en, zh, complaint) => {
  const faults = languages(en, zh)
  expect(faults).toHaveLength(1)
  expect(faults[0]).toContain(complaint)
})

test('the values of a message', () => {
  expect(argumentsOf('{a} {b, number} {c, date, short} {d, plural, other {{e}}} <f>{g}</f>')).toEqual([
    '<f>',
    'a',
    'b',
    'c',
    'd',
    'e',
    'g',
  ])
})

test('every error code has its text', () => {
  const base = new Map([['errors.internal', 'x']])
  expect(findMissingErrorTexts(base, ['internal', 'not_found'])).toEqual([
    'en: errors.not_found is missing (lib/errors.ts)',
  ])
})

test.each([
  ['a hook', `const t = useTranslations('chat'); t('send')`],
  ['a nested namespace', `const t = useTranslations('chat'); t.rich('send')`],
  ['a promise', `const t = await getTranslations('chat'); t('send')`],
  ['a promise with options', `const t = await getTranslations({ locale, namespace: 'chat' }); t('send')`],
  ['among several', `const [a, t] = await Promise.all([x(), getTranslations('chat')]); t('send')`],
  ['at once', `(await getTranslations('chat'))('send')`],
  ['from the root', `const t = useTranslations(); t('chat.send')`],
  ['a choice', `const t = useTranslations('chat'); t(busy ? 'send' : 'send')`],
  ['put together', 'const t = useTranslations("chat"); t(`se${x}`)'],
  ['computed', `const t = useTranslations('chat'); t(key)`],
  ['a parameter', `function f(t: Translator) { return t('send') }`],
])('finds the key used by %s', (_name, code) => {
  expect(compare({ 'chat.send': 'Send' }, code)).toEqual([])
})

test('a key that is not there is told with its place, also from a parameter', () => {
  const en = { 'chat.send': 'Send' }
  expect(compare(en, `const t = useTranslations('chat')\nt('send')\nt('sent')`)).toEqual([
    'app/x.tsx:3: no text chat.sent',
  ])
  expect(compare(en, `function f(t) { t('send'); t('sent') }`)).toEqual(['app/x.tsx:1: no text chat.sent'])
})

test('a key that nothing uses is told, unless it is excused', () => {
  const en = { 'chat.send': 'Send', 'host.title': 'Host' }
  expect(compare(en, `const t = useTranslations('chat')`)).toEqual([
    'en: chat.send is used nowhere',
    'en: host.title is used nowhere',
  ])
  expect(compare(en, `const t = useTranslations('chat'); t('send')`, ['host.title'])).toEqual([])
})

test('values that a message needs are passed', () => {
  const en = { 'chat.left': '{count} <b>left</b>' }
  const call = (values: string) => compare(en, `const t = useTranslations('chat'); t.rich('left'${values})`)
  expect(call('')).toEqual(['app/x.tsx:1: chat.left needs b, count'])
  expect(call(', { count: 1 }')).toEqual(['app/x.tsx:1: chat.left needs b'])
  expect(call(', { count, b }')).toEqual([])
  expect(call(', { ...values }')).toEqual([])
  expect(call(', values')).toEqual([])
})

test('other functions are left alone', () => {
  expect(uses(`track('x'); text('y'); object.t('z'); at('w')`)).toEqual([])
})
