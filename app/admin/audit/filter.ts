import { choiceParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import type { AuditFilter } from '#lib/audit-log.ts'

/** Days that the log may be narrowed to. */
export const DAYS = ['1', '7', '30', '90', '365'] as const

const DAY_MS = 86_400_000

/** What of the log an address asks for. @param now from which days are counted back */
export function readAuditFilter(params: SearchParams, now: Date): AuditFilter {
  const days = choiceParam(params, 'days', DAYS)
  return {
    actor: textParam(params, 'actor')?.trim() || undefined,
    action: textParam(params, 'action'),
    subjectType: textParam(params, 'type'),
    subject: textParam(params, 'subject')?.trim() || undefined,
    from: days && new Date(now.getTime() - Number(days) * DAY_MS),
  }
}
