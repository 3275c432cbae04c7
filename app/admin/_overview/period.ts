import { choiceParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import type { OverviewInput } from '#lib/reports/index.ts'
import { periodInput, RANGES } from '#lib/reports/shared.ts'

/** What is shown without being asked. */
export const USUAL_RANGE = '30d'

/** The period that an address asks for; the usual one for what makes no sense, so that an old link still opens. */
export function readPeriod(params: SearchParams): OverviewInput {
  const range = choiceParam(params, 'range', RANGES)
  if (range) return { range }
  const days = periodInput.safeParse({ from: textParam(params, 'from'), to: textParam(params, 'to') })
  return params.range === 'custom' && days.success ? days.data : { range: USUAL_RANGE }
}
