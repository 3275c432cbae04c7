import type Stripe from 'stripe'
import type { Range, Rules } from './parameters.ts'
import { resourceMissing, StripeRefusal } from './refusal.ts'
import type { Collection, Store } from './store.ts'

type Row = { id: string; created: number }

export type ListQuery = {
  limit?: number
  starting_after?: string
  ending_before?: string
  created?: number | Range
}

export const PAGING: Rules = {
  limit: 'integer',
  starting_after: 'string',
  ending_before: 'string',
  created: 'range',
  expand: { list: 'string' },
}

const EXPAND_DEPTH = 4

/**
 * A page of a list, newest first.
 * @param where members that must have these values; the first with an index narrows the search
 */
export function listRows<T extends Row>(
  collection: Collection<T>,
  query: ListQuery,
  options: { url: string; where?: Record<string, string | undefined>; keep?: (row: T) => boolean },
): Stripe.ApiList<T> {
  const { limit = 10 } = query
  if (limit < 1 || limit > 100) {
    throw new StripeRefusal(`This value must be between 1 and 100.`, {
      code: 'parameter_invalid_integer',
      param: 'limit',
    })
  }
  const where = Object.entries(options.where ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const matches = (row: T) =>
    where.every(([member, value]) => row[member as keyof T] === value) &&
    within(row.created, query.created) &&
    (options.keep?.(row) ?? true)
  const rows =
    where.reduce<T[] | null>((found, [member, value]) => found ?? collection.by(member, value), null) ?? collection.rows
  const found = query.ending_before
    ? newerThan(collection, rows, query.ending_before, matches, limit + 1)
    : olderThan(collection, rows, query.starting_after, matches, limit + 1)
  const page = found.slice(0, limit)
  return {
    object: 'list',
    data: query.ending_before ? page.reverse() : page,
    has_more: found.length > limit,
    url: options.url,
  }
}

function olderThan<T extends Row>(
  all: Collection<T>,
  rows: T[],
  cursor: string | undefined,
  matches: (row: T) => boolean,
  most: number,
): T[] {
  const bound = cursor === undefined ? Number.POSITIVE_INFINITY : positionOf(all, cursor, 'starting_after')
  const found: T[] = []
  for (let index = rows.length - 1; index >= 0 && found.length < most; index--) {
    const row = rows[index] as T
    if ((all.position(row.id) as number) < bound && matches(row)) found.push(row)
  }
  return found
}

function newerThan<T extends Row>(
  all: Collection<T>,
  rows: T[],
  cursor: string,
  matches: (row: T) => boolean,
  most: number,
): T[] {
  const bound = positionOf(all, cursor, 'ending_before')
  const found: T[] = []
  for (let index = 0; index < rows.length && found.length < most; index++) {
    const row = rows[index] as T
    if ((all.position(row.id) as number) > bound && matches(row)) found.push(row)
  }
  return found
}

function positionOf<T extends Row>(collection: Collection<T>, id: string, param: string): number {
  const position = collection.position(id)
  if (position === undefined) throw resourceMissing(collection.name, id, param)
  return position
}

function within(created: number, range: number | Range | undefined): boolean {
  if (range === undefined) return true
  if (typeof range === 'number') return created === range
  const {
    gt = Number.NEGATIVE_INFINITY,
    gte = Number.NEGATIVE_INFINITY,
    lt = Number.POSITIVE_INFINITY,
    lte = lt,
  } = range
  return created > gt && created >= gte && created < lt && created <= lte
}

/** Replaces ids along the paths (`latest_charge.balance_transaction`, `data.source`) by the objects they name. */
export function expand<T extends object>(store: Store, value: T, paths: string[] = []): T {
  return paths.reduce<T>((grown, path) => {
    const names = path.split('.')
    if (names.length > EXPAND_DEPTH + Number(names[0] === 'data')) {
      throw new StripeRefusal(`You cannot expand more than ${EXPAND_DEPTH} levels of a property.`, { param: 'expand' })
    }
    return grow(store, grown, names) as T
  }, value)
}

function grow(store: Store, value: object, [name, ...rest]: string[]): object {
  if (name === undefined) return value
  const members = { ...value } as Record<string, unknown>
  const here = members[name] ?? hidden(store, value, name)
  if (typeof here === 'string') {
    const row = store.resolve(here)
    if (!row) throw unexpandable(name)
    members[name] = grow(store, row, rest)
  } else if (Array.isArray(here)) {
    members[name] = here.map((item: object) => grow(store, item, rest))
  } else if (typeof here === 'object' && here !== null) {
    members[name] = grow(store, here, rest)
  } else if (here !== null && !mayBeAbsent(value, name)) {
    throw unexpandable(name)
  }
  return members
}

// Stripe expands what an object has only in some states, and leaves it out in the others.
function mayBeAbsent(value: object, name: string): boolean {
  return (value as { object: string }).object === 'refund' && name === 'failure_balance_transaction'
}

// Lists that an object only has when they are asked for.
function hidden(store: Store, value: object, name: string): unknown {
  const { id, object } = value as { id: string; object: string }
  if (object === 'charge' && name === 'refunds') {
    return {
      object: 'list',
      data: (store.refunds.by('charge', id) ?? []).toReversed(),
      has_more: false,
      url: `/v1/charges/${id}/refunds`,
    }
  }
  if (object === 'checkout.session' && name === 'line_items') {
    return {
      object: 'list',
      data: store.backs.get(id)?.lineItems ?? [],
      has_more: false,
      url: `/v1/checkout/sessions/${id}/line_items`,
    }
  }
  return name in value ? null : undefined
}

function unexpandable(name: string): StripeRefusal {
  return new StripeRefusal(`This property cannot be expanded (${name}).`, { param: 'expand' })
}
