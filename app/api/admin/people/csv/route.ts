import { z } from 'zod'
import { csvResponse } from '#app/_server/csv.ts'
import { route } from '#app/_server/route.ts'
import { peopleFilterOf } from '#app/admin/people/filter.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { exportPeople, type PersonListItem } from '#lib/support/index.ts'

const COLUMNS = [
  'id',
  'email',
  'name',
  'role',
  'status',
  'balance',
  'held',
  'suspended',
  'last_seen',
  'joined',
] as const

/** The people that the list's filters show, whole. */
export const GET = route({ input: z.record(z.string(), z.string()), auth: 'admin' }, async (ctx, params) =>
  csvResponse({ name: 'people', columns: COLUMNS, batches: exportPeople(ctx, peopleFilterOf(params)), cellsOf }),
)

function cellsOf(person: PersonListItem): (string | null)[] {
  return [
    person.id,
    person.email,
    person.name,
    person.role,
    person.status,
    creditsToDecimal(person.postedMicros),
    creditsToDecimal(person.heldMicros),
    person.suspended ? 'yes' : 'no',
    person.lastSeenAt?.toISOString() ?? null,
    person.createdAt.toISOString(),
  ]
}
