import { choiceParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import type { PeopleFilter } from '#lib/support/index.ts'

export const ROLES = ['user', 'admin'] as const
export const STATUSES = ['active', 'disabled'] as const

/** What the list is narrowed to, as the address says it. */
export function peopleFilterOf(params: SearchParams): PeopleFilter {
  return {
    search: textParam(params, 'q'),
    role: choiceParam(params, 'role', ROLES),
    status: choiceParam(params, 'status', STATUSES),
  }
}
