import { CSV_START, csvLine } from '#lib/csv.ts'

/**
 * A CSV file made while it is read, as fast as it is taken: memory holds one batch.
 * @param head names of the columns
 * @param batches rows, some at a time
 */
export function csvResponse(
  name: string,
  head: readonly string[],
  batches: AsyncIterable<readonly (readonly (string | null)[])[]>,
): Response {
  const text = linesOf(head, batches)
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
  return new Response(body, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}.csv"`,
      'cache-control': 'no-store',
    },
  })
}

async function* linesOf(
  head: readonly string[],
  batches: AsyncIterable<readonly (readonly (string | null)[])[]>,
): AsyncGenerator<string, void> {
  yield CSV_START + csvLine(head)
  for await (const batch of batches) yield batch.map(csvLine).join('')
}
