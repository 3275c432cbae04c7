import { isIP } from 'node:net'
import { isListed, normaliseAddress, PRIVATE_ADDRESSES } from '#scripts/server/addresses.ts'

export type HostPolicy = {
  appUrl: string
  /** Names and addresses that only this machine or its network can mean, and the machine's own, are welcome too. */
  acceptPrivate: boolean
  /** The machine's own addresses, asked for each time: networks come and go. */
  listOwnAddresses?: () => readonly string[]
}

/**
 * Whether a request for this host is ours to answer. The port does not matter: proxies and containers change it.
 * @param host a Host header, with or without port
 */
export function isHostAllowed(host: string, policy: HostPolicy): boolean {
  const name = hostnameOf(host)
  if (name === undefined) return false
  if (name === hostnameOf(new URL(policy.appUrl).host)) return true
  return policy.acceptPrivate && (isPrivateName(name) || isOwnAddress(name, policy))
}

/** Whether only this machine or its network can mean this host. */
export function isPrivateHost(host: string): boolean {
  const name = hostnameOf(host)
  return name !== undefined && isPrivateName(name)
}

function isPrivateName(name: string): boolean {
  if (isIP(name)) return isListed(PRIVATE_ADDRESSES, name)
  return !name.includes('.') || name.endsWith('.local') || name.endsWith('.localhost')
}

function isOwnAddress(name: string, { listOwnAddresses = () => [] }: HostPolicy): boolean {
  return isIP(name) !== 0 && listOwnAddresses().some((address) => normaliseAddress(address) === name)
}

function hostnameOf(host: string): string | undefined {
  if (!/^(\[[0-9a-f:.]+\]|[^\s/?#@\\:[\]]+)(:\d{1,5})?$/i.test(host) || !URL.canParse(`http://${host}`))
    return undefined
  const name = new URL(`http://${host}`).hostname.replace(/\.$/, '')
  return normaliseAddress(name.replace(/^\[|\]$/g, '')) || undefined
}
