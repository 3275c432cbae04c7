import { z } from 'zod'
import { csvResponse } from '#app/_server/csv.ts'
import { route } from '#app/_server/route.ts'
import { readAuditFilter } from '#app/admin/audit/filter.ts'
import { type AuditRow, exportAudit } from '#lib/audit-log.ts'

const COLUMNS = [
  'id',
  'time (UTC)',
  'actor type',
  'actor id',
  'actor',
  'action',
  'subject type',
  'subject id',
  'subject',
  'before',
  'after',
  'reason',
  'address',
  'request',
] as const

/** The part of the log that the page shows, whole. */
export const GET = route({ input: z.record(z.string(), z.string()), auth: 'admin' }, async (ctx, params) => {
  const batches = exportAudit(ctx, readAuditFilter(params, new Date()))
  return csvResponse({ name: 'audit', columns: COLUMNS, batches, cellsOf })
})

function cellsOf(row: AuditRow): (string | null)[] {
  return [
    row.id,
    row.at.toISOString(),
    row.actorType,
    row.actorId,
    row.actorName,
    row.action,
    row.subjectType,
    row.subjectId,
    row.subjectName,
    row.before && JSON.stringify(row.before),
    row.after && JSON.stringify(row.after),
    row.reason,
    row.ip,
    row.requestId,
  ]
}
