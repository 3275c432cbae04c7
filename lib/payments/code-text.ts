import { randomBytes } from 'node:crypto'
import { sha256 } from '#lib/crypto.ts'

/** Crockford's digits: none of them is taken for another, and no word comes about by chance with a U. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const RANDOM_DIGITS = 22
const CHECK_DIGITS = 2
const GROUP = 4
/** A prime below 32²: so one wrong digit, or two that changed places, never keep the check digits right. */
const MODULUS = 1021n

/** Random digits of five bits each, which people can read to each other. */
export function newDigits(count: number): string {
  // 256 is a multiple of 32: every digit is as likely as any other.
  return Array.from(randomBytes(count), (byte) => DIGITS[byte % DIGITS.length]!).join('')
}

/** A new redemption code of 110 random bits and two check digits, in groups of four. */
export function newCodeText(): string {
  const digits = newDigits(RANDOM_DIGITS)
  return (digits + checkDigits(digits)).match(new RegExp(`.{${GROUP}}`, 'g'))!.join('-')
}

/** Digits as people type them, in one run: in small letters, full width, with dashes, with O for 0 and I or L for 1. */
export function readDigits(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
}

/**
 * Reads a code as people type it.
 * @returns the code as one run of digits, or null for what no code can be, such as one that was mistyped
 */
export function readCodeText(text: string): string | null {
  const typed = readDigits(text)
  if (typed.length !== RANDOM_DIGITS + CHECK_DIGITS) return null
  const digits = typed.slice(0, RANDOM_DIGITS)
  if ([...typed].some((digit) => !DIGITS.includes(digit))) return null
  return checkDigits(digits) === typed.slice(RANDOM_DIGITS) ? typed : null
}

/** What is stored of a code. It has too many random bits to be guessed from its hash. */
export function hashCode(digits: string): Buffer {
  return sha256(`redemption-code:${digits}`)
}

/** How a code is named where it must not be shown. */
export function hintOf(digits: string): string {
  return `…${digits.slice(-GROUP)}`
}

function checkDigits(digits: string): string {
  let rest = 0n
  for (const digit of digits) rest = (rest * 32n + BigInt(DIGITS.indexOf(digit))) % MODULUS
  // Times 32² as if the check digits followed, so that they are checked with the others.
  const check = Number((MODULUS - ((rest * 1024n) % MODULUS)) % MODULUS)
  return DIGITS[check >> 5]! + DIGITS[check & 31]!
}
