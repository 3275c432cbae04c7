import { describe, expect, it, test } from 'vitest'
import { chartDays, daysOf, hrefOf, isNarrowed, readBefore, readFilter } from '#app/_ui/statement/filter.ts'

const OPEN = { kind: 'all', modelId: null, period: 'all', from: null, to: null } as const

describe('an address', () => {
  it('is read and written as the same filter', () => {
    const params = { kind: 'spending', model: 'gpt-x', period: 'custom', from: '2026-01-02', to: '2026-02-03' }
    const filter = readFilter(params)
    expect(filter).toEqual({ ...params, model: undefined, modelId: 'gpt-x' })
    expect(hrefOf('/credits', filter, { before: 9n })).toBe(`/credits?${new URLSearchParams(params)}&before=9`)
    expect(hrefOf('/credits', readFilter({}))).toBe('/credits')
    expect(isNarrowed(filter)).toBe(true)
    expect(isNarrowed(readFilter({ kind: 'all', model: '', period: 'all', from: '', to: '' }))).toBe(false)
  })

  it.each([
    { kind: 'toString', model: '', period: 'never' },
    { kind: ['in', 'other'], model: ['a', 'b'] },
    { model: 'x'.repeat(201) },
    { from: '2026-01-02', to: '2026-01-03' },
  ])('that makes no sense is no filter: %o', (params) => expect(readFilter(params)).toEqual(OPEN))

  it('turns dates the right way round and leaves out those that do not exist', () => {
    const period = 'custom' as const
    expect(readFilter({ period, from: '2026-03-02', to: '2026-03-01' })).toMatchObject({
      from: '2026-03-01',
      to: '2026-03-02',
    })
    for (const from of ['2026-02-30', '26-1-1', '0001-01-01', '2026-13-01']) {
      expect(readFilter({ period, from })).toEqual({ ...OPEN, period })
    }
  })

  test.each([
    ['12', 12n],
    ['0', undefined],
    ['-1', undefined],
    ['9'.repeat(19), undefined],
    [undefined, undefined],
  ])('goes on before entry %s', (before, seq) => expect(readBefore({ before })).toBe(seq))
})

describe('a period', () => {
  test.each([
    ['thisMonth', '2026-02-10', '2026-02-01', '2026-02-28'],
    ['thisMonth', '2026-12-31', '2026-12-01', '2026-12-31'],
    ['lastMonth', '2026-03-31', '2026-02-01', '2026-02-28'],
    ['lastMonth', '2026-01-01', '2025-12-01', '2025-12-31'],
  ] as const)('%s, seen from %s, is %s to %s', (period, today, from, to) =>
    expect(daysOf({ ...OPEN, period }, today)).toEqual({ from, to }),
  )

  test.each([
    [OPEN, '2026-10-24', '2026-11-22'],
    [{ ...OPEN, period: 'thisMonth' }, '2026-11-01', '2026-11-22'],
    [{ ...OPEN, period: 'lastMonth' }, '2026-10-01', '2026-10-31'],
    [{ ...OPEN, period: 'custom', from: '2026-11-20' }, '2026-11-20', '2026-11-22'],
    [{ ...OPEN, period: 'custom', to: '2026-11-20' }, '2025-11-20', '2026-11-20'],
    [{ ...OPEN, period: 'custom', from: '2020-01-01', to: '2030-01-01' }, '2025-11-22', '2026-11-22'],
    [{ ...OPEN, period: 'custom', from: '2027-01-01', to: '2027-01-05' }, '2027-01-01', '2027-01-05'],
    [{ ...OPEN, period: 'custom', from: '2027-01-01' }, '2027-01-01', '2027-01-01'],
  ] as const)('%o is drawn from %s to %s', (filter, from, to) =>
    expect(chartDays(filter, '2026-11-22', 366)).toEqual({ from, to }),
  )
})
