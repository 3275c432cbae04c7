import { inOrder, isDay } from '#app/_ui/day.ts'
import { STATEMENT_KINDS, type StatementKind } from '#lib/inference/shared.ts'

export const PERIODS = ['all', 'thisMonth', 'lastMonth', 'custom'] as const
export type Period = (typeof PERIODS)[number]

/** What a reader of the statement asked for, as the address says it. */
export type Filter = {
  kind: StatementKind
  modelId: string | null
  period: Period
  /** Days of a period of the reader's own, `YYYY-MM-DD`; either may be open. */
  from: string | null
  to: string | null
}

export type SearchParams = Record<string, string | string[] | undefined>

/** Reads the address. What makes no sense is left out, so that an old or mistyped link still opens. */
export function readFilter(params: SearchParams): Filter {
  const kind = STATEMENT_KINDS.find((one) => one === params.kind) ?? 'all'
  const period = PERIODS.find((one) => one === params.period) ?? 'all'
  const [from, to] = period === 'custom' ? inOrder(readDay(params.from), readDay(params.to)) : [null, null]
  return { kind, modelId: readModel(params.model), period, from, to }
}

/** The number of the entry before which a page begins. */
export function readBefore(params: SearchParams): bigint | undefined {
  return typeof params.before === 'string' && /^[1-9]\d{0,17}$/.test(params.before) ? BigInt(params.before) : undefined
}

/** First and last day that the filter covers, seen from a day; open ends are null. */
export function daysOf(filter: Filter, today: string): { from: string | null; to: string | null } {
  const month = today.slice(0, 7)
  switch (filter.period) {
    case 'all':
      return { from: null, to: null }
    case 'thisMonth':
      return { from: `${month}-01`, to: addDays(firstOfNextMonth(month), -1) }
    case 'lastMonth': {
      const last = addDays(`${month}-01`, -1)
      return { from: `${last.slice(0, 7)}-01`, to: last }
    }
    case 'custom':
      return { from: filter.from, to: filter.to }
  }
}

const CHART_DAYS = 30

/** The days that the charts cover: those of the filter that have come, at most a year; without one the last thirty. */
export function chartDays(filter: Filter, today: string, maxDays: number): { from: string; to: string } {
  const { from, to } = daysOf(filter, today)
  const hasCome = from === null || from <= today
  const last = hasCome && (to === null || to > today) ? today : (to ?? from ?? today)
  const earliest = addDays(last, 1 - (from === null && to === null ? CHART_DAYS : maxDays))
  return { from: from === null || from < earliest ? earliest : from, to: last }
}

/** The address of what a filter shows; what it leaves open is not in it. */
export function hrefOf(path: string, filter: Filter, more: { before?: bigint } = {}): string {
  const params = new URLSearchParams()
  if (filter.kind !== 'all') params.set('kind', filter.kind)
  if (filter.modelId !== null) params.set('model', filter.modelId)
  if (filter.period !== 'all') params.set('period', filter.period)
  if (filter.from !== null) params.set('from', filter.from)
  if (filter.to !== null) params.set('to', filter.to)
  if (more.before !== undefined) params.set('before', String(more.before))
  return params.size > 0 ? `${path}?${params}` : path
}

export function isNarrowed(filter: Filter): boolean {
  return filter.kind !== 'all' || filter.modelId !== null || filter.period !== 'all'
}

function readModel(value: SearchParams[string]): string | null {
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : null
}

function readDay(value: SearchParams[string]): string | null {
  return isDay(value) ? value : null
}

function addDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10)
}

function firstOfNextMonth(month: string): string {
  return `${addDays(`${month}-28`, 4).slice(0, 7)}-01`
}
