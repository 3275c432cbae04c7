import path from 'node:path'
import type { Page } from '@playwright/test'
import { findFaults } from './find-faults.ts'
import { expect, expectAccessible } from './fixtures.ts'

export const WIDTHS = [390, 768, 1280]
export const LOCALES = ['en', 'zh-CN']

const FOLDER = path.resolve(import.meta.dirname, '../../../test-results/screens')
const THEMES = ['light', 'dark'] as const

/** In both themes: a picture to look at, and what can be measured. */
export async function inspect(page: Page, name: string, fullPage = false): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme })
    // A picture taken before the next frame shows parts of both themes.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    await page.screenshot({ path: path.join(FOLDER, `${name}-${theme}.png`), fullPage })
    expect(await findFaults(page), `${name}-${theme}`).toEqual([])
    // Each picture is examined in one theme; both are, in turn.
    if ((theme === 'dark') === name.includes('zh') && !name.startsWith('long-end')) await expectAccessible(page)
  }
}
