/** The page of a model; an id may hold slashes, which stay. */
export function modelHref(modelId: string): string {
  return `/admin/models/${modelId.split('/').map(encodeURIComponent).join('/')}`
}

/** The id that such an address names; null when it cannot be one. */
export function modelIdOf(segments: readonly string[]): string | null {
  try {
    return segments.map(decodeURIComponent).join('/')
  } catch {
    return null
  }
}
