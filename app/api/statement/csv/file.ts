import { readTimeZone } from '#app/_server/time-zone.ts'
import { daysOf, readFilter } from '#app/_ui/statement/filter.ts'
import { csvLines } from '#app/api/statement/csv/lines.ts'
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

/** The part of a statement that a page shows, whole, as a file. It is read as fast as it is taken. */
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
  const text = csvLines(batches)
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await text.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: async () => {
      await text.return(undefined)
    },
  })
  const period = [from, to].filter(Boolean).join('_') || today
  return new Response(body, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="credits-${period}.csv"`,
      'cache-control': 'no-store',
    },
  })
}
