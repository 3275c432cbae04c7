import { type LookupAddress, type LookupAllOptions, lookup as lookupName } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent, fetch as undiciFetch } from 'undici'
import { getEnv } from '#lib/env.ts'
import { type AddressKind, kindOfAddress, kindOfHost } from '#lib/network-address.ts'
import { singleton } from '#lib/singleton.ts'

/** What a refusal may say; more of it is not read. */
const REFUSAL_MAX = 65_536

/** Our own timers decide how long a vendor may be silent. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 }

export type ProxySettings = { httpsProxy?: string; noProxy?: string }

/**
 * How far a way out may lead. `internet` keeps out of private networks; `own-network` may go there too, because the
 * operator said so, but not to addresses that nobody calls on purpose; `anywhere` is for what stands in the process's
 * own environment.
 */
export type Reach = 'internet' | 'own-network' | 'anywhere'

export type WayOut = {
  /** HTTP proxy for everything; null follows the process's HTTPS_PROXY and NO_PROXY. */
  proxyUrl: string | null
  reach: Reach
}

/** An address leads where the way out may not go. Known by its code: modules are loaded more than once. */
class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError'
  readonly code = 'ADDRESS_REFUSED'
}

/** True for a failure to connect that our own rules about addresses caused, however deep it lies. */
export function isAddressRefused(error: unknown): boolean {
  for (let cause: unknown = error; typeof cause === 'object' && cause !== null; cause = (cause as Error).cause) {
    if ((cause as { code?: unknown }).code === 'ADDRESS_REFUSED') return true
  }
  return false
}

/**
 * A `fetch` that goes out by this way and nowhere it may not lead: hosts that are addresses are judged before anything
 * is sent, names when they are looked up for a connection, which then goes to the very addresses that were judged. So
 * neither a name that points inwards nor one that changes in between gets through. Behind a proxy names are looked up
 * by the proxy. Redirects are not followed.
 */
export function fetchBy({ proxyUrl, reach }: WayOut): typeof fetch {
  const go = fetchThrough(dispatcherFor(proxyUrl, processProxy(), reach))
  return (async (url: string, init?: RequestInit) => {
    requireReach(new URL(url), reach)
    if (proxyUrl) requireReach(new URL(proxyUrl), reach)
    return go(url, init)
  }) as typeof fetch
}

/**
 * The way out for a channel: its own proxy for everything it sends, or the process's HTTPS_PROXY for https URLs
 * that NO_PROXY does not name. Loopback is never proxied by the process's settings. Tunnels always (CONNECT),
 * so that no proxy reads a prompt or a key.
 */
export function dispatcherFor(
  proxyUrl: string | null,
  settings: ProxySettings = processProxy(),
  reach: Reach = 'anywhere',
): Dispatcher {
  const known = singleton('dispatchers', () => new Map<string, Dispatcher>())
  const name = `${reach} ${proxyUrl ?? `env ${settings.httpsProxy ?? ''} ${settings.noProxy ?? ''}`}`
  let dispatcher = known.get(name)
  if (!dispatcher) {
    dispatcher = proxyUrl ? tunnelThrough(proxyUrl, reach) : followSettings(settings, reach)
    known.set(name, dispatcher)
  }
  return dispatcher
}

/** A `fetch` that goes out through a dispatcher, follows no redirect, and reads refusals only up to a bound. */
export function fetchThrough(dispatcher: Dispatcher): typeof fetch {
  return (async (url: string, init?: RequestInit) => {
    const options = { ...init, dispatcher, redirect: 'manual' } as unknown as Parameters<typeof undiciFetch>[1]
    const response = (await undiciFetch(url, options)) as unknown as Response
    if (response.ok) return response
    const words = await readBounded(response)
    return new Response(words, { status: response.status, headers: response.headers })
  }) as typeof fetch
}

/**
 * Judges a URL by its host alone, without asking DNS.
 * @throws AddressRefusedError when its address leads where this way may not go
 */
export function requireReach(url: URL, reach: Reach): void {
  const kind = kindOfHost(url)
  if (kind !== null && !isWithin(kind, reach)) throw new AddressRefusedError(`${url.hostname} is a ${kind} address`)
}

type Resolve = (
  name: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * Looks a name up for a connection and hands on only what was judged. A name with one forbidden address is refused as a
 * whole: mixing them is how a filter is got round.
 */
function guardedLookup(reach: Reach, resolve: Resolve = lookupName): LookupFunction {
  return (name, options, done) => {
    resolve(name, { ...options, all: true }, (error, found) => {
      if (error) return done(error, [])
      const bad = found.find(({ address }) => !isWithin(kindOfAddress(address) ?? 'never', reach))
      if (bad) return done(new AddressRefusedError(`${name} leads to ${bad.address}`), [])
      const [first] = found
      if (options.all || !first) done(null, found)
      else done(null, first.address, first.family)
    })
  }
}

/** A dispatcher that connects directly, within its reach. */
export function connectDirectly(reach: Reach, resolve?: Resolve): Dispatcher {
  return new Agent({ ...NO_TIMEOUTS, connect: { lookup: guardedLookup(reach, resolve) } })
}

function isWithin(kind: AddressKind, reach: Reach): boolean {
  return reach === 'anywhere' || kind === 'public' || (reach === 'own-network' && kind === 'private')
}

function processProxy(): ProxySettings {
  const { HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy } = getEnv()
  return { httpsProxy, noProxy }
}

function tunnelThrough(proxyUrl: string, reach: Reach): Dispatcher {
  const { username, password, origin } = new URL(proxyUrl)
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const token = username ? `Basic ${Buffer.from(credentials).toString('base64')}` : undefined
  const proxyTls = { lookup: guardedLookup(reach) }
  return new ProxyAgent({ uri: origin, token, proxyTunnel: true, proxyTls, ...NO_TIMEOUTS })
}

function followSettings({ httpsProxy, noProxy }: ProxySettings, reach: Reach): Dispatcher {
  return new EnvHttpProxyAgent({
    // Empty, not absent: absent would read the environment, which has been checked elsewhere.
    httpProxy: '',
    httpsProxy: httpsProxy ?? '',
    noProxy: `localhost,127.0.0.1,::1,${noProxy ?? ''}`,
    connect: { lookup: guardedLookup(reach) },
    ...NO_TIMEOUTS,
  })
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  const parts: Uint8Array[] = []
  let size = 0
  if (!response.body || response.status < 200) return null
  const reader = response.body.getReader()
  while (size < REFUSAL_MAX) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    size += value.length
  }
  await reader.cancel()
  return Uint8Array.from(Buffer.concat(parts).subarray(0, REFUSAL_MAX))
}
