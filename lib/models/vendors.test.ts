import { describe, expect, it } from 'vitest'
import { nameOfVendor, VENDOR_PRESETS, vendorOfBaseUrl, vendorsOfKey } from './vendors.ts'

const hex = (length: number) => '0123456789abcdef'.repeat(8).slice(0, length)
const letters = (length: number) => 'AbCdEfGh1234'.repeat(8).slice(0, length)

describe('vendorsOfKey', () => {
  it.each([
    [`sk-proj-${letters(60)}`, ['openai']],
    [`sk-${letters(20)}T3BlbkFJ${letters(20)}`, ['openai']],
    [`  sk-ant-api03-${letters(40)}\n`, ['anthropic']],
    [`AIza${letters(35)}`, ['gemini']],
    [`xai-${letters(60)}`, ['xai']],
    [`bce-v3/ALTAK-${letters(20)}/${hex(40)}`, ['ernie']],
    [`sk-${hex(32)}`, ['deepseek', 'qwen']],
    [`sk-${letters(48)}`, ['moonshot']],
    [`sk-${'abcdefgh'.repeat(6)}`, ['moonshot', 'siliconflow']],
    [`${hex(32)}.${letters(16)}`, ['zhipu']],
    ['eyJhbGciOi.eyJzdWIi.c2ln', ['minimax']],
    ['01900000-0000-7000-8000-000000000001', ['volcengine']],
    [`sk-or-v1-${hex(64)}`, ['openrouter']],
    ['sk-test', []],
    ['', []],
  ])('%s', (key, vendors) => {
    expect(vendorsOfKey(key).map(({ id }) => id)).toEqual(vendors)
  })
})

it('addresses and names lead to the vendor', () => {
  for (const { id, name, urls } of VENDOR_PRESETS) {
    expect(nameOfVendor(id)).toBe(name)
    for (const { url } of urls) expect(vendorOfBaseUrl(`${url}/`)).toBe(id)
  }
  expect(vendorOfBaseUrl('http://127.0.0.1:11434/v1')).toBeNull()
  expect(vendorOfBaseUrl('not a url')).toBeNull()
  expect(nameOfVendor('mine')).toBe('mine')
})
