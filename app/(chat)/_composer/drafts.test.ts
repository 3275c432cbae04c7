import { describe, expect, it } from 'vitest'
import { createDrafts } from '#app/(chat)/_composer/drafts.ts'

function createStorage() {
  const map = new Map<string, string>()
  return {
    map,
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
    key: (index: number) => [...map.keys()][index] ?? null,
    get length() {
      return map.size
    },
  }
}

describe('drafts', () => {
  it('survive the page, one for each conversation', () => {
    const storage = createStorage()
    createDrafts('ada', () => storage).write('one', '你好\n**x**')
    const later = createDrafts('ada', () => storage)
    expect(later.read('one')).toBe('你好\n**x**')
    expect(later.read('two')).toBe('')
  })

  it('belong to one person', () => {
    const storage = createStorage()
    createDrafts('ada', () => storage).write('one', 'secret')
    expect(createDrafts('bob', () => storage).read('one')).toBe('')
  })

  it('are gone when emptied', () => {
    const storage = createStorage()
    const drafts = createDrafts('ada', () => storage)
    drafts.write('one', 'x')
    drafts.write('one', '')
    expect(drafts.read('one')).toBe('')
    expect(storage.map.size).toBe(0)
  })

  it('last as long as the page where storage is refused', () => {
    const drafts = createDrafts('ada', () => {
      throw new Error('SecurityError')
    })
    drafts.write('one', 'x')
    expect(drafts.read('one')).toBe('x')
  })

  it('keep the latest forty and nothing of others', () => {
    const storage = createStorage()
    storage.setItem('theme', 'dark')
    storage.setItem('draft:ada:broken', 'not json')
    let now = 0
    const drafts = createDrafts(
      'ada',
      () => storage,
      () => ++now,
    )
    for (let index = 0; index < 45; index++) drafts.write(`c${index}`, `text ${index}`)
    expect(storage.map.size).toBe(41)
    expect(storage.getItem('theme')).toBe('dark')
    expect(drafts.read('c44')).toBe('text 44')
    expect(storage.getItem('draft:ada:c4')).toBeNull()
    expect(storage.getItem('draft:ada:broken')).toBeNull()
  })
})
