import { inOrder, isDay } from '#app/_ui/day.ts'
import { choiceParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import type { TimeWindow } from '#lib/look-back.ts'

const HOURS = { '1h': 1, '24h': 24, '7d': 7 * 24, '30d': 30 * 24 } as const

/** What a list can be about: the last hours or days, days of the reader's own, or, where it is one person's, all. */
export const WINDOWS = ['1h', '24h', '7d', '30d', 'custom', 'all'] as const
export type WindowChoice = (typeof WINDOWS)[number]

/**
 * Reads the window out of the address (`window`, `from`, `to`); undefined for all. What makes no sense is the usual one.
 * @param usual what the list shows without being asked: `all` only where it is one owner's
 */
export function windowParam(
  params: SearchParams,
  usual: '24h' | '30d' | 'all',
  timeZone: string,
): TimeWindow | undefined {
  const choice = choiceParam(params, 'window', WINDOWS) ?? usual
  if (choice === 'custom') {
    const [from, to] = inOrder(dayParam(params, 'from'), dayParam(params, 'to'))
    if (from !== undefined || to !== undefined) return { from, to, timeZone }
  }
  const hours = HOURS[choice as keyof typeof HOURS] ?? HOURS[usual as keyof typeof HOURS]
  return hours === undefined || (choice === 'all' && usual === 'all') ? undefined : { hours }
}

function dayParam(params: SearchParams, name: string): string | undefined {
  const text = textParam(params, name)
  return isDay(text) ? text : undefined
}
