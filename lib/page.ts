/**
 * Makes a page of rows that were read one more than it holds: whether that one is there tells if a page follows.
 * @param keyOf where a row stands in its list
 * @returns `next` is the key after which the next page begins, null on the last one
 */
export function pageOf<Row, Key>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => Key,
): { items: Row[]; next: Key | null } {
  const items = rows.slice(0, limit)
  return { items, next: rows.length > limit ? keyOf(items.at(-1)!) : null }
}
