import { BlockList, isIP } from 'node:net'
import { EnvError } from '#lib/env.ts'

/** Brings an address to the form it is compared in: no zone, an IPv4 address inside IPv6 as IPv4. */
export function normaliseAddress(address: string): string {
  const plain = address.replace(/%.*$/, '')
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1] ?? plain.toLowerCase()
}

/** Whether an address is in a list; false for what is no address at all. */
export function isListed(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

const LOOPBACK = ['127.0.0.0/8', '::1/128']
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
]

/** This machine and the networks that no packet from the internet can come from. */
export const PRIVATE_ADDRESSES = listOf([...LOOPBACK, ...PRIVATE])

/**
 * Reads TRUSTED_PROXIES: addresses and CIDR ranges separated by commas or blanks, and the words
 * `loopback`, `private` and `none`.
 * @throws {EnvError} naming what is neither
 */
export function parseTrustedProxies(text: string): BlockList {
  const words = text.split(/[\s,]+/).filter(Boolean)
  return listOf(words.flatMap((word) => NAMED[word] ?? [word]))
}

const NAMED: Record<string, string[]> = { loopback: LOOPBACK, private: [...LOOPBACK, ...PRIVATE], none: [] }

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix, ...more] = range.split('/')
    const family = isIP(address)
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix)
    const valid =
      more.length === 0 &&
      family !== 0 &&
      /^\d*$/.test(prefix ?? '') &&
      bits <= (family === 6 ? 128 : 32) &&
      prefix !== ''
    if (!valid)
      throw new EnvError(
        `environment: TRUSTED_PROXIES: "${range}" is not an address, a CIDR range, loopback, private or none`,
      )
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
