import path from 'node:path'
import type { BrowserContextOptions, Page } from '@playwright/test'
import { findFaults } from './find-faults.ts'
import { expect, expectAccessible } from './fixtures.ts'

export type View = { width: number; locale: string }

/** Before a release, UB_ALL_SCREENS=1: all six views, two languages in three widths, with pictures to look at. */
export const ALL_SCREENS = Boolean(process.env.UB_ALL_SCREENS)

const EVERY: readonly View[] = [390, 768, 1280].flatMap((width) => ['en', 'zh-CN'].map((locale) => ({ width, locale })))

/** What is looked at. A narrow window breaks each language in its own way; in a wider one each run looks at one of them. */
export const VIEWS = ALL_SCREENS
  ? EVERY
  : EVERY.filter(({ width, locale }) => width === 390 || (width === 768) === (locale === 'zh-CN'))

/** The browser of a person who has such a view: the narrow one is a phone. */
export function browserOf({ width, locale }: View): BrowserContextOptions {
  const isPhone = width === 390
  return {
    viewport: { width, height: isPhone ? 844 : 900 },
    reducedMotion: 'reduce',
    locale,
    hasTouch: isPhone,
    isMobile: isPhone,
  }
}

const FOLDER = path.resolve(import.meta.dirname, '../../../test-results/screens')
const THEMES = ['light', 'dark'] as const

/** In both themes: what can be measured, and where people will look at them a picture. */
export async function inspect(page: Page, name: string, fullPage = false): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme })
    // Before the next frame parts of both themes are shown.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    if (ALL_SCREENS) await page.screenshot({ path: path.join(FOLDER, `${name}-${theme}.png`), fullPage })
    expect(await findFaults(page), `${name}-${theme}`).toEqual([])
    // Each picture is examined in one theme; both are, in turn.
    if ((theme === 'dark') === name.includes('zh') && !name.startsWith('long-end')) await expectAccessible(page)
  }
}
