import { CSV_START, csvLine } from '#lib/csv.ts'

type CsvFile<Row> = {
  /** What is in it, and of when: the day unless another period is given. They make the file's name. */
  name: string
  period?: string
  columns: readonly string[]
  /** Rows, some at a time. */
  batches: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>
  cellsOf: (row: Row) => readonly (string | null)[]
}

/** A CSV file made while it is read, as fast as it is taken: memory holds one batch. */
export function csvResponse<Row>({ name, period = today(), ...content }: CsvFile<Row>): Response {
  const text = linesOf(content)
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
      'content-disposition': `attachment; filename="${name}-${period}.csv"`,
      'cache-control': 'no-store',
    },
  })
}

async function* linesOf<Row>({
  columns,
  batches,
  cellsOf,
}: Pick<CsvFile<Row>, 'columns' | 'batches' | 'cellsOf'>): AsyncGenerator<string, void> {
  yield CSV_START + csvLine(columns)
  for await (const batch of batches) yield batch.map((row) => csvLine(cellsOf(row))).join('')
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}
