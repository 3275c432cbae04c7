import { z } from 'zod'
import { type Reach, requireReach } from '#lib/egress.ts'
import { AppError } from '#lib/errors.ts'

/** What the encrypted columns are bound to, so that a value cannot be moved to another column. */
export const KEY_PURPOSE = 'channel_keys.key_sealed'
export const PROXY_PURPOSE = 'channels.proxy_sealed'

const httpUrl = z.url({ protocol: /^https?$/ }).max(500)

export const baseUrl = z
  .string()
  .trim()
  .pipe(
    httpUrl.refine((text) => {
      const url = new URL(text)
      return !url.username && !url.password && !url.search && !url.hash
    }, 'must hold no credentials, query or fragment'),
  )
  .transform((text) => text.replace(/\/+$/, ''))

export const proxyUrl = httpUrl

// What an HTTP header can carry, which is where a key goes.
export const vendorKey = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,1000}$/, 'must be printable characters without spaces')

/** The vendor a URL belongs to: `openai`, `deepseek`, … It decides how usage is read and which models are linked. */
export const vendorId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/)

export const channelName = z.string().trim().min(1).max(100)

// Those that carry the key or belong to the connection are ours to set.
const OWN_HEADERS =
  /^(authorization|host|cookie|connection|content-(length|type|encoding)|transfer-encoding|te|upgrade)$/i

export const headers = z.record(
  z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/)
    .refine((name) => !OWN_HEADERS.test(name), 'is a header that we set ourselves'),
  z.string().regex(/^[\x20-\x7e]{0,1000}$/),
)

export const priority = z.number().int().min(-1_000).max(1_000)
export const weight = z.number().int().min(1).max(1_000)

/** A model id, or `id=name` where the vendor calls a model otherwise. */
export const modelLink = z.string().regex(/^[^\s=]{1,200}(=[^\s=]{1,200})?$/)

/** How far a channel's calls may go. */
export function reachOf({ ownNetwork }: { ownNetwork: boolean }): Reach {
  return ownNetwork ? 'own-network' : 'internet'
}

/**
 * Judges the addresses of a channel as far as they tell by themselves; names are judged again whenever they are called.
 * @throws {AppError} `address_private` naming the field, for one that leads where the channel may not go
 */
export function requireAddresses(channel: { baseUrl: string; proxy?: string | null; ownNetwork: boolean }): void {
  const reach = reachOf(channel)
  for (const [field, url] of [
    ['baseUrl', channel.baseUrl],
    ['proxy', channel.proxy],
  ] as const) {
    if (!url) continue
    try {
      requireReach(new URL(url), reach)
    } catch (cause) {
      throw new AppError('address_private', {
        message: `${field} leads into a private network`,
        params: { field },
        cause,
      })
    }
  }
}

/** The first fault of an input, in words for whoever typed it into a terminal. */
export function invalidInput(error: z.ZodError): AppError {
  const issue = error.issues[0]
  const field = issue?.path.join('.') ?? ''
  return new AppError('invalid_input', { message: `${field}: ${issue?.message}`, params: { field }, cause: error })
}
