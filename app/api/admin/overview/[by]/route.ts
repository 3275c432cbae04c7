import { z } from 'zod'
import { csvResponse } from '#app/_server/csv.ts'
import { route } from '#app/_server/route.ts'
import { CSV_GROUPS, csvOf } from '#app/admin/_overview/csv.ts'
import { readPeriod } from '#app/admin/_overview/period.ts'
import { getOverview } from '#lib/reports/index.ts'

const input = z.looseObject({ by: z.enum(CSV_GROUPS) })

/** The overview of the page's period as a file: by day, by model or by channel. */
export const GET = route({ input, auth: 'admin' }, async (ctx, { by, ...params }) => {
  const overview = await getOverview(ctx, readPeriod(params as Record<string, string>))
  const { head, rows } = csvOf(overview, by)
  const { from, to } = overview.period
  return csvResponse({
    name: `overview-${by}`,
    period: `${from}_${to}`,
    columns: head,
    batches: [rows],
    cellsOf: (row) => row,
  })
})
