import type { IncomingHttpHeaders } from 'node:http'
import { type BlockList, isIP } from 'node:net'
import { isListed, normaliseAddress } from '#scripts/server/addresses.ts'

/** Where a request really comes from, and what it was sent to. */
export type Origin = { clientIp: string; host: string; proto: 'http' | 'https' }

/**
 * Reads who asks for what. `x-forwarded-*` counts only when the connection comes from a trusted proxy,
 * and of a chain of addresses only what trusted proxies added.
 * @param remoteAddress the socket's other end
 */
export function readOrigin(remoteAddress: string, headers: IncomingHttpHeaders, trusted: BlockList): Origin {
  const socketIp = normaliseAddress(remoteAddress)
  const ownHost = headers.host ?? ''
  if (!isListed(trusted, socketIp)) return { clientIp: socketIp, host: ownHost, proto: 'http' }
  return {
    clientIp: readClientIp(socketIp, headers, trusted),
    host: firstOf(headers['x-forwarded-host']) || ownHost,
    proto: firstOf(headers['x-forwarded-proto']).toLowerCase() === 'https' ? 'https' : 'http',
  }
}

// From the nearest proxy outwards: the first address that no trusted proxy has is the client's,
// whatever the client wrote further left.
function readClientIp(socketIp: string, headers: IncomingHttpHeaders, trusted: BlockList): string {
  const chain = textOf(headers['x-forwarded-for']).split(',').map(readAddress).reverse()
  let client = socketIp
  for (const address of chain) {
    if (!isIP(address)) return client
    client = address
    if (!isListed(trusted, address)) return client
  }
  return client
}

function readAddress(entry: string): string {
  const text = entry.trim()
  const withPort = /^\[([^\]]+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)
  return normaliseAddress(withPort?.[1] ?? withPort?.[2] ?? text)
}

/** Replaces what the request said of its origin by what is known, so that nothing behind can be lied to. */
export function writeOrigin(headers: IncomingHttpHeaders, origin: Origin): void {
  for (const name of ['forwarded', 'x-real-ip', 'x-forwarded-port', 'x-forwarded-server']) delete headers[name]
  headers.host = origin.host
  headers['x-forwarded-for'] = origin.clientIp
  headers['x-forwarded-host'] = origin.host
  headers['x-forwarded-proto'] = origin.proto
}

function firstOf(header: string | string[] | undefined): string {
  return textOf(header).split(',')[0]?.trim() ?? ''
}

function textOf(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(',') : (header ?? '')
}
