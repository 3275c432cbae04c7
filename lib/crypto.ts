import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** A secret of 256 random bits for links and keys, in URL-safe text. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** A secret of 256 bits that whoever has the key can make again, in URL-safe text. @param name never used for another */
export function deriveSecret(key: string, name: string): string {
  return createHmac('sha256', key).update(name).digest('base64url')
}

/** SHA-256 of a text: how a high-entropy secret is stored, and how a request is recognised. */
export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Compares two byte strings without telling by its time where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The stable JSON of a request (keys sorted, bigint as text), so that equal requests hash alike. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry) => {
    if (typeof entry === 'bigint') return entry.toString()
    if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return entry
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

const VERSION = 1

/**
 * Encrypts a secret at rest: AES-256-GCM, `version | nonce (12) | tag (16) | ciphertext`.
 * @param keyHex ENCRYPTION_KEY, 32 bytes in hex
 * @param purpose bound as additional data, so that a value cannot be moved to another column
 */
export function encryptSecret(plain: string, keyHex: string, purpose: string): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(keyHex, 'hex'), nonce)
  cipher.setAAD(Buffer.from(purpose))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body])
}

/**
 * Decrypts what `encryptSecret` made.
 * @throws {Error} when the key, the purpose or the bytes are not those it was made with
 */
export function decryptSecret(sealed: Buffer, keyHex: string, purpose: string): string {
  if (sealed[0] !== VERSION || sealed.length < 29) throw new Error('unknown format of an encrypted secret')
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(keyHex, 'hex'), sealed.subarray(1, 13))
  decipher.setAAD(Buffer.from(purpose))
  decipher.setAuthTag(sealed.subarray(13, 29))
  return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8')
}
