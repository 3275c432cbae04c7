import { type Dispatcher, EnvHttpProxyAgent, ProxyAgent, fetch as undiciFetch } from 'undici'
import { getEnv } from '#lib/env.ts'
import { singleton } from '#lib/singleton.ts'

/** What a refusal may say; more of it is not read. */
const REFUSAL_MAX = 65_536

/** Our own timers decide how long a vendor may be silent. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 }

export type ProxySettings = { httpsProxy?: string; noProxy?: string }

/**
 * The way out for a channel: its own proxy for everything it sends, or the process's HTTPS_PROXY for https URLs
 * that NO_PROXY does not name. Loopback is never proxied by the process's settings. Tunnels always (CONNECT),
 * so that no proxy reads a prompt or a key.
 */
export function dispatcherFor(proxyUrl: string | null, settings: ProxySettings = processProxy()): Dispatcher {
  const known = singleton('dispatchers', () => new Map<string, Dispatcher>())
  const name = proxyUrl ?? `env ${settings.httpsProxy ?? ''} ${settings.noProxy ?? ''}`
  let dispatcher = known.get(name)
  if (!dispatcher) {
    dispatcher = proxyUrl ? tunnelThrough(proxyUrl) : followSettings(settings)
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

function processProxy(): ProxySettings {
  const { HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy } = getEnv()
  return { httpsProxy, noProxy }
}

function tunnelThrough(proxyUrl: string): Dispatcher {
  const { username, password, origin } = new URL(proxyUrl)
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const token = username ? `Basic ${Buffer.from(credentials).toString('base64')}` : undefined
  return new ProxyAgent({ uri: origin, token, proxyTunnel: true, ...NO_TIMEOUTS })
}

function followSettings({ httpsProxy, noProxy }: ProxySettings): Dispatcher {
  return new EnvHttpProxyAgent({
    // Empty, not absent: absent would read the environment, which has been checked elsewhere.
    httpProxy: '',
    httpsProxy: httpsProxy ?? '',
    noProxy: `localhost,127.0.0.1,::1,${noProxy ?? ''}`,
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
