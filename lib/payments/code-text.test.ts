import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashCode, newCodeText, readCodeText } from './code-text.ts'

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

describe('a redemption code', () => {
  it('is six groups of four, and no two are alike', () => {
    const codes = Array.from({ length: 1_000 }, newCodeText)
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){5}$/)
    expect(new Set(codes).size).toBe(1_000)
    expect(new Set(codes.map((code) => hashCode(code).toString('hex'))).size).toBe(1_000)
  })

  it('uses every digit', () => {
    const used = new Set(Array.from({ length: 200 }, newCodeText).join('').replaceAll('-', ''))
    expect([...used].sort().join('')).toBe(DIGITS)
  })

  it.each([
    ['as it is', (code: string) => code],
    ['without dashes', (code: string) => code.replaceAll('-', '')],
    ['in small letters', (code: string) => code.toLowerCase()],
    ['with spaces around and within', (code: string) => `  ${code.replaceAll('-', ' ')}\n`],
    ['with long dashes', (code: string) => code.replaceAll('-', '—')],
    ['with O for 0', (code: string) => code.replaceAll('0', 'O')],
    ['with I for 1', (code: string) => code.replaceAll('1', 'i')],
    ['with L for 1', (code: string) => code.replaceAll('1', 'L')],
    [
      'in full width',
      (code: string) => code.replaceAll(/[0-9A-Z-]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
    ],
  ])('is read %s', (_how, write) => {
    for (let tries = 0; tries < 50; tries++) {
      const code = newCodeText()
      expect(readCodeText(write(code))).toBe(code.replaceAll('-', ''))
    }
  })

  it('tells every single wrong digit', () => {
    const code = newCodeText().replaceAll('-', '')
    for (let at = 0; at < code.length; at++) {
      for (const digit of DIGITS) {
        const typed = code.slice(0, at) + digit + code.slice(at + 1)
        expect(readCodeText(typed), typed).toBe(digit === code[at] ? code : null)
      }
    }
  })

  it('tells any two digits that changed places', () => {
    fc.assert(
      fc.property(fc.nat(23), fc.nat(23), (a, b) => {
        const code = [...newCodeText().replaceAll('-', '')]
        const swapped = [...code]
        swapped[a] = code[b]!
        swapped[b] = code[a]!
        expect(readCodeText(swapped.join(''))).toBe(code[a] === code[b] ? code.join('') : null)
      }),
    )
  })

  it.each(['', '0', 'U'.repeat(24), newCodeText().slice(1), `${newCodeText()}0`, '兑换码', '😀'.repeat(24)])(
    'is not %j',
    (text) => {
      expect(readCodeText(text)).toBeNull()
    },
  )
})
