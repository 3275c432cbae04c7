import { describe, expect, it } from 'vitest'
import {
  chosenModels,
  isLoss,
  NO_PRICES,
  salePrices,
  usualChoice,
  withMarkup,
  withoutPrice,
} from '#app/admin/channels/_models/choice.ts'
import type { FoundModel } from '#lib/models/shared.ts'

const model = (vendorModel: string, from: FoundModel['from'], isChat = true): FoundModel => ({
  vendorModel,
  modelId: vendorModel,
  displayName: vendorModel,
  from,
  isChat,
  reasoning: false,
  price: null,
})

it.each([
  ['1', 20, '1.2'],
  ['0.1', 0, '0.1'],
  ['0.000001', 20, '0.000002'],
  ['10', 50, '15'],
  ['100', 0, '100'],
  ['0', 20, '0'],
  ['', 20, ''],
  ['-1', 20, ''],
  ['abc', 20, ''],
])('%s with %s %% is %s', (cost, percent, sale) => {
  expect(withMarkup(cost, percent)).toBe(sale)
})

describe('a choice', () => {
  const models = [model('a', 'known'), model('b', 'catalogue'), model('c', 'hand'), model('d', 'known', false)]

  it('begins with what is priced, and needs a price for the rest', () => {
    const usual = usualChoice(models)
    expect(Object.keys(usual)).toEqual(['a', 'b'])
    expect(withoutPrice(models, usual, 20)).toEqual([])
    expect(withoutPrice(models, { ...usual, c: NO_PRICES }, 20)).toEqual(['c'])
    expect(
      withoutPrice(models, { ...usual, c: { ...NO_PRICES, costInput: '1', costOutput: 'x', output: '3' } }, 20),
    ).toEqual(['c'])
    const c = { ...NO_PRICES, costInput: '1', costOutput: '2', output: '3' }
    expect(withoutPrice(models, { ...usual, c }, 20)).toEqual([])
    expect(chosenModels(models, { ...usual, c }, 20)).toEqual([
      { from: 'known', vendorModel: 'a', modelId: 'a' },
      { from: 'catalogue', vendorModel: 'b', modelId: 'b' },
      {
        from: 'hand',
        vendorModel: 'c',
        model: {
          id: 'c',
          displayName: 'c',
          reasoning: false,
          allowLoss: false,
          costInput: '1',
          costOutput: '2',
          input: '1.2',
          output: '3',
        },
      },
    ])
  })

  it('sees a loss', () => {
    expect(isLoss(salePrices({ costInput: '1', costOutput: '2', input: '', output: '' }, 0))).toBe(false)
    expect(isLoss({ costInput: '1', costOutput: '2', input: '0.9', output: '2' })).toBe(true)
    expect(isLoss({ costInput: '', costOutput: '2', input: '0', output: '1.99' })).toBe(true)
    expect(isLoss({ costInput: '', costOutput: '', input: '', output: '' })).toBe(false)
  })
})
