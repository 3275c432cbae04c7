export type SearchParams = Record<string, string | string[] | undefined>

/** One value of the address; of several, or longer than a filter can be, none. */
export function textParam(params: SearchParams, name: string): string | undefined {
  const value = params[name]
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined
}

/** One of the values that a filter knows; anything else is left out, so that an old or mistyped link still opens. */
export function choiceParam<T extends string>(
  params: SearchParams,
  name: string,
  choices: readonly T[],
): T | undefined {
  return choices.find((choice) => choice === params[name])
}

/** An id of ours in the address. */
export function idParam(params: SearchParams, name: string): string | undefined {
  const value = textParam(params, name)
  return value !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? value : undefined
}

/** The same address with some values changed; null takes one out. */
export function hrefWith(path: string, params: SearchParams, changes: Record<string, string | null>): string {
  const kept = Object.entries(params).filter(([name, value]) => typeof value === 'string' && !(name in changes))
  const set = Object.entries(changes).filter(([, value]) => value !== null)
  const query = new URLSearchParams([...kept, ...set] as [string, string][])
  return query.size > 0 ? `${path}?${query}` : path
}
