import type { Page } from '@playwright/test'

/** Text that reaches out of the page, is cut off without an ellipsis and without a way to scroll to it, or lies on other text. */
export function findFaults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = []
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} px wide`)
    for (const element of document.body.querySelectorAll('*')) {
      const words = [...element.childNodes].filter((node) => node.nodeType === 3 && node.nodeValue?.trim())
      if (words.length === 0 || element.closest('.sr-only, .katex, script, style, noscript')) continue
      const style = getComputedStyle(element)
      if (style.visibility === 'hidden' || !element.checkVisibility()) continue
      const told = `${element.tagName.toLowerCase()} “${element.textContent?.trim().slice(0, 40)}”`
      const scrolls = ['auto', 'scroll'].includes(style.overflowX)
      const isCut = element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1
      if (isCut && !scrolls && style.textOverflow !== 'ellipsis') faults.push(`cut off: ${told}`)
      let holder: Element | null = element
      while (holder && !['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(holder).overflowX)) {
        holder = holder.parentElement
      }
      if (holder && holder !== document.body && holder !== root) continue
      // Its own words: what only a screen reader reads lies anywhere.
      for (const node of words) {
        const range = document.createRange()
        range.selectNodeContents(node)
        const { left, right } = range.getBoundingClientRect()
        if (left < -1 || right > root.clientWidth + 1) faults.push(`outside the page: ${told}`)
      }
    }
    // Labels of charts are put where they belong, one by one.
    for (const axis of document.body.querySelectorAll('figure [aria-hidden="true"]')) {
      const labels = [...axis.children].filter((label) => getComputedStyle(label).position === 'absolute')
      const boxes = labels.map((label) => label.getBoundingClientRect())
      for (const [index, box] of boxes.entries()) {
        const hit = boxes.findIndex(
          ({ left, right, top, bottom }, other) =>
            other > index && left < box.right && right > box.left && top < box.bottom && bottom > box.top,
        )
        if (hit > 0) faults.push(`“${labels[index]!.textContent}” and “${labels[hit]!.textContent}” lie on each other`)
      }
    }
    return faults
  })
}
