/** The header in which `proxy.ts` tells a page its own address. */
export const PATH_HEADER = 'x-page-path'

/** The header by which it says that the page is for a stranger and the same for all of them. */
export const SHARED_HEADER = 'x-page-shared'

/** Pages for everybody. What a stranger sees at the first lies at `WELCOME_PATH`; who is signed in has the chat there. */
export const PUBLIC_PATHS: ReadonlySet<string> = new Set(['/', '/prices', '/terms', '/privacy'])

export const WELCOME_PATH = '/welcome'
