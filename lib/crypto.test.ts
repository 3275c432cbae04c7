import { describe, expect, test } from 'vitest'
import { canonicalJson, decryptSecret, encryptSecret, equalBytes, newSecret, sha256 } from '#lib/crypto.ts'

const key = 'ab'.repeat(32)

describe('secrets at rest', () => {
  test('come back with the same key and purpose, and look different each time', () => {
    const first = encryptSecret('sk-示例', key, 'channel_keys.key')
    const second = encryptSecret('sk-示例', key, 'channel_keys.key')
    expect(decryptSecret(first, key, 'channel_keys.key')).toBe('sk-示例')
    expect(first.equals(second)).toBe(false)
    expect(first.includes('sk-')).toBe(false)
  })

  test('are refused with another key, for another purpose, or changed by one bit', () => {
    const sealed = encryptSecret('secret', key, 'a')
    expect(() => decryptSecret(sealed, 'cd'.repeat(32), 'a')).toThrow()
    expect(() => decryptSecret(sealed, key, 'b')).toThrow()
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed)
      changed[i]! ^= 1
      expect(() => decryptSecret(changed, key, 'a')).toThrow()
    }
  })
})

test('equal requests hash alike whatever the order of their keys', () => {
  const a = canonicalJson({ b: 1n, a: { d: [1, { y: 1, x: 2 }], c: null } })
  const b = canonicalJson({ a: { c: null, d: [1, { x: 2, y: 1 }] }, b: 1n })
  expect(sha256(a).equals(sha256(b))).toBe(true)
  expect(a).not.toBe(canonicalJson({ b: 2n, a: { d: [1, { y: 1, x: 2 }], c: null } }))
})

test('compares bytes of any length', () => {
  expect(equalBytes(Buffer.from('a'), Buffer.from('a'))).toBe(true)
  expect(equalBytes(Buffer.from('a'), Buffer.from('b'))).toBe(false)
  expect(equalBytes(Buffer.from('a'), Buffer.from('ab'))).toBe(false)
})

test('new secrets have 256 bits and never repeat', () => {
  const secrets = new Set(Array.from({ length: 1000 }, newSecret))
  expect(secrets.size).toBe(1000)
  for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
})
