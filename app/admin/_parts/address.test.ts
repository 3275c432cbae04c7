import { describe, expect, it } from 'vitest'
import { choiceParam, hrefWith, idParam, textParam } from '#app/admin/_parts/address.ts'

describe('an address', () => {
  it('is read only as far as it makes sense', () => {
    const params = { q: 'li', twice: ['a', 'b'], empty: '', long: 'x'.repeat(201), state: 'paid', id: 'no' }
    expect(textParam(params, 'q')).toBe('li')
    for (const name of ['twice', 'empty', 'long', 'missing']) expect(textParam(params, name)).toBeUndefined()
    expect(choiceParam(params, 'state', ['paid', 'open'])).toBe('paid')
    expect(choiceParam(params, 'state', ['open'])).toBeUndefined()
    expect(idParam(params, 'id')).toBeUndefined()
    expect(idParam({ id: '01900000-0000-7000-8000-000000000001' }, 'id')).toBe('01900000-0000-7000-8000-000000000001')
  })

  it('keeps its other filters when one changes', () => {
    const params = { q: '李 & co', after: 'x', twice: ['a', 'b'] }
    expect(hrefWith('/admin/people', params, { after: null })).toBe('/admin/people?q=%E6%9D%8E+%26+co')
    expect(hrefWith('/admin/people', { after: 'x' }, { after: null })).toBe('/admin/people')
    expect(hrefWith('/admin/people', {}, { after: 'y' })).toBe('/admin/people?after=y')
  })
})
