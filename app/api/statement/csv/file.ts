import { csvResponse } from '#app/_server/csv.ts'
import { readTimeZone } from '#app/_server/time-zone.ts'
import { daysOf, readFilter } from '#app/_ui/statement/filter.ts'
import { CSV_COLUMNS, cellsOf } from '#app/api/statement/csv/lines.ts'
import type { Ctx } from '#lib/ctx.ts'
import { exportStatement } from '#lib/inference/index.ts'
import { dateIn } from '#lib/time-zone.ts'

type Asked = {
  /** The filter, as the address of the page has it. */
  params: Record<string, string>
  request: Request
  /** Whose statement, for an admin; else the reader's own. */
  userId?: string
}

/** The part of a statement that a page shows, whole, as a file. */
export async function statementFile(ctx: Ctx, { params, request, userId }: Asked): Promise<Response> {
  const timeZone = await readTimeZone(request)
  const filter = readFilter(params)
  const today = dateIn(timeZone, new Date())
  const { from, to } = daysOf(filter, today)
  const batches = exportStatement(ctx, {
    userId,
    kind: filter.kind,
    modelId: filter.modelId ?? undefined,
    from: from ?? undefined,
    to: to ?? undefined,
    timeZone,
  })
  const period = [from, to].filter(Boolean).join('_') || today
  return csvResponse({ name: 'credits', period, columns: CSV_COLUMNS, batches, cellsOf })
}
