import { hash, verify } from '@node-rs/argon2'
import type { Role } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { MAX_PASSWORD, MIN_PASSWORD } from './shared.ts'

// Argon2id is the package's default. Memory in KiB; one thread, so that many people signing in share the cores.
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

// Made like any other hash, of a password nobody has: checking it takes as long as checking a real one.
const NOBODYS_HASH = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** Hashes a password for keeping. */
export function hashPassword(password: string): Promise<string> {
  return hash(normalise(password), ARGON2)
}

/**
 * Whether a password is the one behind a hash. Without a hash (nobody there, or no password set yet) it takes as long
 * and is wrong, so that the time tells nothing.
 */
export async function verifyPassword(passwordHash: string | null | undefined, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? NOBODYS_HASH, normalise(password))
  return matches && passwordHash != null
}

/**
 * Checks a new password against the rules of a role.
 * @throws {AppError} `password_too_short` {min}, `password_too_long` {max}, `password_common`
 */
export async function checkPassword(password: string, { role, email }: { role: Role; email: string }): Promise<void> {
  const plain = normalise(password)
  // One sign may stand for a whole phrase and become many letters: what was typed counts, too.
  const length = Math.min([...password].length, [...plain].length)
  const min = MIN_PASSWORD[role]
  if (length < min) throw new AppError('password_too_short', { params: { min } })
  if ([...password].length > MAX_PASSWORD) throw new AppError('password_too_long', { params: { max: MAX_PASSWORD } })
  if (await isCommon(plain.toLowerCase(), email.toLowerCase())) throw new AppError('password_common')
}

async function isCommon(password: string, email: string): Promise<boolean> {
  const [mailbox] = email.split('@')
  if (password === email || password === mailbox) return true
  if (new Set(password).size <= 2) return true
  return (await loadCommonPasswords()).has(password)
}

let commonPasswords: Promise<Set<string>> | undefined

// A hundred kilobytes that only a new password needs.
function loadCommonPasswords(): Promise<Set<string>> {
  commonPasswords ??= import('./common-passwords.ts').then(
    ({ COMMON_PASSWORDS }) => new Set(COMMON_PASSWORDS.trim().split('\n')),
  )
  return commonPasswords
}

// The same characters arrive composed or decomposed, depending on the keyboard.
function normalise(password: string): string {
  return password.normalize('NFKC')
}
