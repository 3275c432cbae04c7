import { choiceParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import type { OverviewInput } from '#lib/reports/index.ts'
import { isPeriod, RANGES } from '#lib/reports/shared.ts'

/** What is shown without being asked. */
export const USUAL_RANGE = '30d'

/** The period that an address asks for; the usual one for what makes no sense, so that an old link still opens. */
export function readPeriod(params: SearchParams): OverviewInput {
  const range = choiceParam(params, 'range', RANGES)
  if (range) return { range }
  const [from, to] = [textParam(params, 'from'), textParam(params, 'to')]
  if (params.range === 'custom' && from && to && isPeriod(from, to)) return { from, to }
  return { range: USUAL_RANGE }
}
