import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Ctx } from '#lib/ctx.ts'
import { isId } from '#lib/id.ts'
import { timeZoneInput } from '#lib/time-zone.ts'

/**
 * The newest rows of a large table first, where nothing but a summary of its time order can be searched (BRIN): the time
 * is looked through backwards in slices that are as wide as they have to be, so that a page of a busy service reads an
 * hour and one of a quiet service a month.
 */

/** What a list is about: the last so many hours, or days of the calendar, both included; either may be open. */
export const timeWindowInput = z.union([
  z.strictObject({ hours: z.number().int().min(1).max(9_000) }),
  z.strictObject({ from: z.iso.date().optional(), to: z.iso.date().optional(), timeZone: timeZoneInput }),
])

export type TimeWindow = z.input<typeof timeWindowInput>

/** When a window begins and ends, as expressions; null where it is open. */
export function boundsOf(window: z.output<typeof timeWindowInput>): { from: SQL | null; until: SQL | null } {
  if ('hours' in window) return { from: sql`(now() - make_interval(hours => ${window.hours}))`, until: null }
  const { from, to, timeZone } = window
  return {
    from: from === undefined ? null : sql`(${from}::date::timestamp AT TIME ZONE ${timeZone})`,
    until: to === undefined ? null : sql`((${to}::date + 1)::timestamp AT TIME ZONE ${timeZone})`,
  }
}

/** A row's place in a list by time: microseconds since 1970, and its id among those of the same one. */
export type Place = { micros: bigint; id: string }

/** Reads the rows of a slice that come before a place, the latest first. */
export type ReadSlice<Row extends Place> = (slice: { from: bigint; before: Place; limit: number }) => Promise<Row[]>

const HOUR = 3_600_000_000n
const MINUTE = 60_000_000n
const WIDEST = 7n * 24n * HOUR
/** How far one page looks: a filter that nothing passes must not read a year. */
const PAGE_SPAN = 7n * 24n * HOUR
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/** Where a list goes on; made by `lookBack`. */
const placeInput = z
  .string()
  .regex(/^\d{1,17}\.[0-9a-f-]{36}$/)
  .refine((text) => isId(text.slice(text.indexOf('.') + 1)))

/** The condition that a row is in a slice, for its columns of time and id. */
export function isInSlice(at: SQL, id: SQL, { from, before }: { from: bigint; before: Place }): SQL {
  const end = instantOf(before.micros)
  // The bounds alone are what the summary of time can be searched by.
  return sql`${at} >= ${instantOf(from)} AND ${at} <= ${end} AND (${at}, ${id}) < (${end}, ${before.id}::uuid)`
}

/** The least id that is made at an instant: ids of version 7 are in the order of time. */
export function firstIdAt(instant: SQL): SQL {
  const ms = sql`greatest(0, extract(epoch FROM ${instant}) * 1000)::bigint`
  return sql`(lpad(to_hex(${ms}), 12, '0') || repeat('0', 20))::uuid`
}

/** A column of time as `Place` counts it. */
export function microsOf(at: SQL): SQL {
  return sql`(extract(epoch FROM ${at}) * 1000000)::bigint`
}

/**
 * A page of rows. `next` begins the next page, null on the last; `lookedBackTo` is set when the page stopped there
 * without being full, because it had looked far enough.
 */
export async function lookBack<Row extends Place>(
  ctx: Ctx,
  { window, after, limit, read }: Walk<Row> & { limit: number },
): Promise<{ rows: Row[]; next: string | null; lookedBackTo: Date | null }> {
  const rows: Row[] = []
  const { from, start } = await resolve(ctx, window, after)
  for await (const slice of slices({ from, start, span: PAGE_SPAN, limit: () => limit + 1 - rows.length, read })) {
    rows.push(...slice.rows)
    if (rows.length > limit) {
      const { micros, id } = rows[limit - 1]!
      return { rows: rows.slice(0, limit), next: `${micros}.${id}`, lookedBackTo: null }
    }
    if (start.micros - slice.through >= PAGE_SPAN && slice.through > from) {
      const lookedBackTo = new Date(Number(slice.through / 1_000n))
      return { rows, next: `${slice.through}.${FIRST_ID}`, lookedBackTo }
    }
  }
  return { rows, next: null, lookedBackTo: null }
}

/** All rows of a window, the latest first, batch by batch. Nothing is kept open between two batches. */
export async function* lookBackThrough<Row extends Place>(
  ctx: Ctx,
  { window, read }: Omit<Walk<Row>, 'after'>,
): AsyncGenerator<Row[]> {
  const { from, start } = await resolve(ctx, window)
  for await (const { rows } of slices({ from, start, limit: () => BATCH, read })) {
    if (rows.length > 0) yield rows
  }
}

type Walk<Row extends Place> = {
  window: z.output<typeof timeWindowInput>
  after?: string
  read: ReadSlice<Row>
}

const BATCH = 1_000

async function* slices<Row extends Place>({
  from,
  start,
  span,
  limit,
  read,
}: {
  from: bigint
  start: Place
  /** No slice reaches further back than that from the start. */
  span?: bigint
  limit: () => number
  read: ReadSlice<Row>
}): AsyncGenerator<{ rows: Row[]; through: bigint }> {
  const last = span === undefined ? from : greater(from, start.micros - span)
  let before = start
  let width = HOUR
  for (;;) {
    const through = greater(before.micros > last ? last : from, before.micros - width)
    const most = limit()
    const rows = await read({ from: through, before, limit: most })
    yield { rows, through }
    if (rows.length === most) {
      const { micros, id } = rows.at(-1)!
      before = { micros, id }
      width = greater(MINUTE, width / 2n)
      continue
    }
    if (through <= from) return
    before = { micros: through, id: FIRST_ID }
    if (rows.length * 4 < most) width = least(WIDEST, width * 4n)
  }
}

/** Where a window ends and where the reading begins, by the database's clock. One without a beginning is a year long. */
async function resolve(
  ctx: Ctx,
  window: z.output<typeof timeWindowInput>,
  after?: string,
): Promise<{ from: bigint; start: Place }> {
  const { from, until } = boundsOf(window)
  // A moment later than now: rows are dated by the beginning of a transaction, which may be younger than this one.
  const soon = sql`(now() + interval '1 minute')`
  const end = until ? sql`least(${until}, ${soon})` : soon
  const { rows } = await ctx.db.execute<{ from: bigint; until: bigint }>(sql`
    SELECT ${microsOf(from ?? sql`(${end} - interval '366 days')`)} AS from, ${microsOf(end)} AS until`)
  const bounds = rows[0]!
  const start = after === undefined ? { micros: bounds.until, id: FIRST_ID } : readPlace(after)
  return { from: bounds.from, start: start.micros > bounds.until ? { micros: bounds.until, id: FIRST_ID } : start }
}

function readPlace(text: string): Place {
  const [micros, id] = placeInput.parse(text).split('.') as [string, string]
  return { micros: BigInt(micros), id }
}

function instantOf(micros: bigint): SQL {
  return sql`('epoch'::timestamptz + ${micros}::bigint * interval '1 microsecond')`
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
