import { z } from 'zod'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { fetchBy, isAddressRefused } from '#lib/egress.ts'
import { AppError } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import {
  catalogueOf,
  channelBaseUrl,
  channelProxy,
  FOUND_MAX,
  matchModels,
  type OpenChannel,
  openChannel,
  openKeys,
  reachOf,
  requireAddresses,
  vendorId,
  vendorKey,
} from '#lib/models/index.ts'
import type { VendorModels } from './shared.ts'
import { codeOfStatus, redactWords } from './vendor-error.ts'

/** A vendor's list is asked for while somebody waits at a page. */
const LIST_MS = 15_000
const LIST_BYTES_MAX = 8_388_608

export const findVendorModelsInput = z.object({
  vendor: vendorId,
  baseUrl: channelBaseUrl,
  key: vendorKey,
  proxy: channelProxy.or(z.literal('')).default(''),
  ownNetwork: z.boolean().default(false),
})

/**
 * Asks a vendor for its models before there is a channel, and holds them against ours and the catalogue. Nothing is
 * stored, and the key goes nowhere but to this address.
 * @throws {AppError} `address_private`, `vendor_key_refused` and the other faults of vendors
 */
export async function findVendorModels(
  ctx: Ctx,
  input: z.output<typeof findVendorModelsInput>,
  timeoutMs = LIST_MS,
): Promise<VendorModels> {
  requireAdmin(ctx)
  requireAddresses(input)
  const { vendor, baseUrl, key, proxy } = input
  return match(ctx, { vendor, baseUrl, headers: {}, key, proxyUrl: proxy || null, reach: reachOf(input) }, timeoutMs)
}

export const findChannelModelsInput = z.object({ channelId: z.uuid() })

/**
 * The same for a channel that is there, by its own way out and with its first usable key.
 * @throws {AppError} `not_found` when the channel or a key of it is not there, and the faults of vendors
 */
export async function findChannelModels(
  ctx: Ctx,
  { channelId }: z.output<typeof findChannelModelsInput>,
): Promise<VendorModels> {
  const channel = await openChannel(ctx, { channelId })
  const [first] = await openKeys(ctx, { channelId })
  if (!first) throw new AppError('not_found', { message: 'the channel has no key' })
  return match(ctx, { ...channel, key: first.key }, LIST_MS)
}

type Way = Omit<OpenChannel, 'channelId'> & { key: string }

async function match(ctx: Ctx, way: Way, timeoutMs: number): Promise<VendorModels> {
  const listed = await listModels(way, timeoutMs)
  return {
    models: await matchModels(ctx, { vendorModels: listed ?? catalogueOf(way.vendor) }),
    isListed: listed !== null,
  }
}

/** Ids of the vendor's models; null where it has no such list. */
async function listModels(way: Way, timeoutMs: number): Promise<string[] | null> {
  const { vendor, key } = way
  // Anthropic's list wants its own header; everything else of it takes OpenAI's.
  const own: Record<string, string> =
    vendor === 'anthropic' ? { 'x-api-key': key, 'anthropic-version': '2023-06-01' } : {}
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetchBy(way)(`${way.baseUrl}/models`, {
      headers: { ...way.headers, ...own, authorization: `Bearer ${key}`, accept: 'application/json' },
      signal,
    })
    if ([404, 405, 501].includes(response.status)) return null
    if (!response.ok) throw new AppError(codeOfStatus(response.status), { params: { status: response.status } })
    return readIds(await readJson(response))
  } catch (error) {
    throw report(way, signal.aborted ? new AppError('vendor_timeout', { cause: error }) : error)
  }
}

async function readJson(response: Response): Promise<unknown> {
  const parts: Uint8Array[] = []
  let size = 0
  for (const reader = response.body!.getReader(); ; ) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    size += value.length
    if (size > LIST_BYTES_MAX) {
      await reader.cancel()
      throw new AppError('vendor_malformed', { message: 'the list is too long' })
    }
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch (cause) {
    throw new AppError('vendor_malformed', { message: 'the list is not JSON', cause })
  }
}

const listSchema = z.union([
  z.object({ data: z.array(z.unknown()) }).transform(({ data }) => data),
  z.object({ models: z.array(z.unknown()) }).transform(({ models }) => models),
  z.array(z.unknown()),
])
const entrySchema = z.union([
  z.object({ id: z.string() }).transform(({ id }) => id),
  z.object({ name: z.string() }).transform(({ name }) => name),
])

function readIds(json: unknown): string[] {
  const list = listSchema.safeParse(json)
  if (!list.success) throw new AppError('vendor_malformed', { message: 'the list is none' })
  const ids = list.data.slice(0, FOUND_MAX).flatMap((entry) => entrySchema.safeParse(entry).data ?? [])
  // What the vendor says is not trusted: an id with spaces or signs of control is none.
  return ids.filter((id) => /^[^\s=\p{C}]{1,200}$/u.test(id))
}

function report({ vendor, key }: Way, error: unknown): AppError {
  const known = error instanceof AppError ? error : null
  const code = known?.code ?? (isAddressRefused(error) ? 'address_private' : 'vendor_unreachable')
  const words = redactWords(error instanceof Error ? error.message : String(error), key)
  log.warn({ vendor, code, words }, 'cannot list the models of a vendor')
  return known ?? new AppError(code, { message: words })
}
