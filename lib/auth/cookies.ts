/** Reads a Cookie header. Of equal names the first counts, which is the one with the longest path. */
export function readCookies(header: string): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null)
  for (const pair of header.split(';')) {
    const [name = '', value = ''] = pair.trim().split(/=(.*)/s, 2)
    if (name) cookies[name] ??= decode(value)
  }
  return cookies
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    // Not ours: we write only what can be read again.
    return value
  }
}
