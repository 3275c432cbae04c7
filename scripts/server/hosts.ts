import { isIP } from 'node:net'
import { isListed, normaliseAddress, PRIVATE_ADDRESSES } from '#scripts/server/addresses.ts'

/** `acceptPrivate`: names and addresses that only this machine or its network can mean are welcome too. */
export type HostPolicy = { appUrl: string; acceptPrivate: boolean }

/**
 * Whether a request for this host is ours to answer. The port does not matter: proxies and containers change it.
 * @param host a Host header, with or without port
 */
export function isHostAllowed(host: string, policy: HostPolicy): boolean {
  const name = hostnameOf(host)
  if (name === undefined) return false
  if (name === hostnameOf(new URL(policy.appUrl).host)) return true
  return policy.acceptPrivate && isPrivateName(name)
}

function isPrivateName(name: string): boolean {
  if (isIP(name)) return isListed(PRIVATE_ADDRESSES, name)
  return !name.includes('.') || name.endsWith('.local') || name.endsWith('.localhost')
}

function hostnameOf(host: string): string | undefined {
  if (!/^(\[[0-9a-f:.]+\]|[^\s/?#@\\:[\]]+)(:\d{1,5})?$/i.test(host) || !URL.canParse(`http://${host}`))
    return undefined
  const name = new URL(`http://${host}`).hostname.replace(/\.$/, '')
  return normaliseAddress(name.replace(/^\[|\]$/g, '')) || undefined
}
