export type Theme = 'light' | 'dark' | 'system'

/** The cookie that keeps a person's choice; without it the device decides. */
export const THEME_COOKIE = 'theme'

/** What a cookie says, for `data-theme` on the html element: undefined lets the device decide. */
export function themeAttribute(cookie: string | undefined): 'light' | 'dark' | undefined {
  return cookie === 'light' || cookie === 'dark' ? cookie : undefined
}
