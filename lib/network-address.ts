import { isIP } from 'node:net'

/**
 * Where an address leads: `public` for the internet; `private` for this machine and networks behind it, which may be
 * the operator's own; `never` for what nobody calls on purpose, above all the metadata services of clouds, which hand
 * out credentials to whoever asks.
 */
export type AddressKind = 'public' | 'private' | 'never'

type Block = readonly [network: string, bits: number, kind: AddressKind]

// Smaller blocks stand before those they lie in.
const IPV4_BLOCKS: readonly Block[] = [
  ['100.100.100.200', 32, 'never'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'private'],
  ['127.0.0.0', 8, 'private'],
  ['172.16.0.0', 12, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'private'],
  ['0.0.0.0', 8, 'never'],
  ['169.254.0.0', 16, 'never'],
  ['192.0.0.0', 24, 'never'],
  ['192.0.2.0', 24, 'never'],
  ['192.88.99.0', 24, 'never'],
  ['198.51.100.0', 24, 'never'],
  ['203.0.113.0', 24, 'never'],
  ['224.0.0.0', 3, 'never'],
]

// What is in none of these and not in 2000::/3 is no address of the internet.
const IPV6_BLOCKS: readonly Block[] = [
  ['::1', 128, 'private'],
  ['fd00:ec2::', 32, 'never'],
  ['fd20:ce::', 32, 'never'],
  ['fc00::', 7, 'private'],
  ['2001::', 23, 'never'],
  ['2001:db8::', 32, 'never'],
  ['2002::', 16, 'never'],
  ['2000::', 3, 'public'],
]

/** Says where an IP address leads, whatever way it is written; null for what is none. */
export function kindOfAddress(address: string): AddressKind | null {
  const text = address.replace(/%.*$/, '')
  switch (isIP(text)) {
    case 4:
      return find(IPV4_BLOCKS, readIpv4(text), readIpv4, 32) ?? 'public'
    case 6:
      return kindOfIpv6(text)
    default:
      return null
  }
}

/**
 * Says where the host of a URL leads as far as it can be told without asking DNS; null for a name that must be looked
 * up. The URL parser has already brought every spelling of an IPv4 address (`0x7f.1`, `2130706433`) into one.
 */
export function kindOfHost(url: URL): AddressKind | null {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === '') return 'never'
  if (host === 'localhost' || host.endsWith('.localhost')) return 'private'
  return kindOfAddress(host)
}

function kindOfIpv6(text: string): AddressKind {
  const value = readIpv6(text)
  // Addresses that carry one of IPv4: mapped, and translated (NAT64). Those of other schemes lead nowhere useful.
  const prefix = value >> 32n
  if (prefix === 0xffffn || prefix === 0x64ff9bn << 64n) {
    return find(IPV4_BLOCKS, value & 0xffffffffn, readIpv4, 32) ?? 'public'
  }
  return find(IPV6_BLOCKS, value, readIpv6, 128) ?? 'never'
}

function find(blocks: readonly Block[], value: bigint, read: (text: string) => bigint, width: number) {
  return blocks.find(([network, bits]) => {
    const shift = BigInt(width - bits)
    return value >> shift === read(network) >> shift
  })?.[2]
}

function readIpv4(text: string): bigint {
  return text.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n)
}

function readIpv6(text: string): bigint {
  const dotted = /\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0]
  const plain = dotted ? text.slice(0, -dotted.length) + hexPair(readIpv4(dotted)) : text
  const [head = '', rest] = plain.split('::')
  const groups = (part: string) => part.split(':').filter(Boolean)
  const first = groups(head)
  const last = groups(rest ?? '')
  const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
  return all.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n)
}

function hexPair(value: bigint): string {
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`
}
