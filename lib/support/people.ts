import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { invariant } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { findWallet, type Lot, listLots, type Wallet } from '#lib/ledger/index.ts'
import { pageOf } from '#lib/page.ts'
import { readReference } from '#lib/payments/index.ts'
import { getUser, type User } from '#lib/users/index.ts'

const BATCH = 1_000

export const peopleFilterInput = z.object({
  /** How a name or an address begins; or an order's reference, or an id of a person, a wallet or an order, whole. */
  search: z
    .string()
    .transform((text) => text.replaceAll(/\p{Cc}/gu, '').trim())
    .pipe(z.string().max(254))
    .optional(),
  role: z.enum(['user', 'admin']).optional(),
  status: z.enum(['active', 'disabled']).optional(),
})

export type PeopleFilter = z.input<typeof peopleFilterInput>

const listPeopleInput = peopleFilterInput.extend({
  /** Id of the last one of the page before. */
  after: z.uuid().optional(),
  limit: z.number().int().min(1).max(200).default(50),
})

/** A person with what they have; amounts are micro-credits. */
export type PersonListItem = Pick<User, 'id' | 'email' | 'name' | 'role' | 'status' | 'createdAt'> & {
  postedMicros: bigint
  heldMicros: bigint
  suspended: boolean
  /** Null for who never came. */
  lastSeenAt: Date | null
}

/** A page of people, newest first; `next` begins the next page. Admins and the service only. */
export async function listPeople(
  ctx: Ctx,
  input: z.input<typeof listPeopleInput> = {},
): Promise<{ items: PersonListItem[]; next: string | null }> {
  requireAdmin(ctx)
  const { limit, ...asked } = listPeopleInput.parse(input)
  const rows = await readPeople(ctx, { ...asked, limit: limit + 1 })
  return pageOf(rows, limit, ({ id }) => id)
}

/** All people that a filter shows, newest first, batch by batch. Admins and the service only. */
export async function* exportPeople(ctx: Ctx, input: PeopleFilter = {}): AsyncGenerator<PersonListItem[]> {
  requireAdmin(ctx)
  const filter = peopleFilterInput.parse(input)
  let after: string | undefined
  for (;;) {
    const items = await readPeople(ctx, { ...filter, after, limit: BATCH })
    if (items.length > 0) yield items
    if (items.length < BATCH) return
    after = items.at(-1)!.id
  }
}

export type Person = User & {
  /** Null for an account that waits for its first sign-in link. */
  passwordChangedAt: Date | null
  lastSeenAt: Date | null
  /** Until when a sign-in link that was not used yet works. */
  linkExpiresAt: Date | null
  wallet: Wallet
  lots: Lot[]
}

const getPersonInput = z.object({ userId: z.uuid() })

/**
 * A person as operators see them: the account and what is in the wallet. Admins and the service only.
 * @throws {AppError} `not_found`
 */
export async function getPerson(ctx: Ctx, input: z.input<typeof getPersonInput>): Promise<Person> {
  requireAdmin(ctx)
  const { userId } = getPersonInput.parse(input)
  const user = await getUser(ctx, { userId })
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  invariant(wallet, 'a person has a wallet')
  const [lots, { rows }] = await Promise.all([
    listLots(ctx, { walletId: wallet.id }),
    ctx.db.execute<PersonFacts>(sql`
      SELECT CASE WHEN u.password_hash IS NOT NULL THEN u.password_changed_at END AS password_changed_at,
        ${LAST_SEEN} AS last_seen_at,
        (SELECT max(l.expires_at) FROM one_time_links l
         WHERE l.user_id = u.id AND l.used_at IS NULL AND l.expires_at > now()) AS link_expires_at
      FROM users u WHERE u.id = ${userId}`),
  ])
  const facts = rows[0]
  return {
    ...user,
    passwordChangedAt: instantOf(facts?.password_changed_at),
    lastSeenAt: instantOf(facts?.last_seen_at),
    linkExpiresAt: instantOf(facts?.link_expires_at),
    wallet,
    lots,
  }
}

type PersonFacts = { password_changed_at: string | null; last_seen_at: string | null; link_expires_at: string | null }

const LAST_SEEN = sql`(SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = u.id)`

type PersonRow = {
  id: string
  email: string
  name: string
  role: User['role']
  status: User['status']
  created_at: string
  posted_micros: bigint | null
  held_micros: bigint | null
  suspended: boolean | null
  last_seen_at: string | null
}

async function readPeople(
  ctx: Ctx,
  { search, role, status, after, limit }: z.output<typeof peopleFilterInput> & { after?: string; limit: number },
): Promise<PersonListItem[]> {
  const conditions = [
    search ? isFound(search) : undefined,
    role && sql`u.role = ${role}`,
    status && sql`u.status = ${status}`,
    after && sql`u.id < ${after}`,
  ].filter((condition) => typeof condition === 'object')
  const where = conditions.length > 0 ? sql`WHERE ${sql.join(conditions, sql` AND `)}` : sql``
  // What belongs to a person is looked up for the page alone, after its rows are chosen.
  const { rows } = await ctx.db.execute<PersonRow>(sql`
    SELECT u.*, w.posted_micros, w.held_micros, w.suspended, ${LAST_SEEN} AS last_seen_at
    FROM (
      SELECT u.id, u.email, u.name, u.role, u.status, u.created_at FROM users u ${where} ORDER BY u.id DESC LIMIT ${limit}
    ) u
    LEFT JOIN accounts a ON a.owner_type = 'user' AND a.owner_id = u.id
    LEFT JOIN wallets w ON w.id = a.id
    ORDER BY u.id DESC`)
  return rows.map((row) => ({
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    status: row.status,
    createdAt: new Date(row.created_at),
    postedMicros: row.posted_micros ?? 0n,
    heldMicros: row.held_micros ?? 0n,
    suspended: row.suspended ?? false,
    lastSeenAt: instantOf(row.last_seen_at),
  }))
}

/** Each part is found by an index of its own. */
function isFound(search: string): SQL {
  const whole = search.toLowerCase()
  const isById: boolean = isId(whole)
  if (isById) {
    return sql`u.id = ANY (ARRAY(
      SELECT ${whole}::uuid
      UNION SELECT a.owner_id FROM accounts a WHERE a.id = ${whole} AND a.owner_type = 'user'
      UNION SELECT o.user_id FROM orders o WHERE o.id = ${whole}))`
  }
  const begins = `${whole.replaceAll(/[\\%_]/g, '\\$&')}%`
  const reference = readReference(search)
  const byReference = reference
    ? sql` OR u.id = ANY (ARRAY(SELECT o.user_id FROM orders o WHERE o.reference = ${reference}))`
    : sql``
  return sql`(lower(u.email) LIKE ${begins} OR lower(u.name) LIKE ${begins}${byReference})`
}

function instantOf(text: string | null | undefined): Date | null {
  return text ? new Date(text) : null
}
