import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { transfers } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  captureHold,
  exportTransfers,
  findInLedger,
  getTransfer,
  getWallet,
  HOUSE,
  listHolds,
  listTransfers,
  listWallets,
  placeHold,
  postTransfer,
  releaseHold,
  type TransferFilter,
} from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer } from '#tests/support/orders.ts'

let database: TestDatabase
let ctx: Ctx
let ada: Buyer
let bob: Buyer
let bought: string
let given: string
let spent: string
const holds = { captured: newId(), released: newId(), open: newId() }

beforeAll(async () => {
  database = await createTestDatabase()
  ctx = systemCtx('test', database.db)
  ada = await createBuyer(database)
  bob = await createBuyer(database)
  bought = await bring('top_up', HOUSE.clearing, 'paid', { externalRef: 'order:one' })
  given = await bring('grant', HOUSE.promotions, 'promotional', { reason: 'welcome', lotExpiresAt: '2099-01-01' })
  for (const holdId of Object.values(holds)) {
    const hold = { holdId, walletId: ada.walletId, spenderId: ada.userId, workerId: newId(), maxOpen: 9 }
    await placeHold(ctx, { ...hold, fullMicros: 2_000n, minimumMicros: 1n })
  }
  await captureHold(ctx, { holdId: holds.captured, costMicros: 1_500n })
  await releaseHold(ctx, { holdId: holds.released })
  const [usage] = await database.db.select().from(transfers).where(eq(transfers.holdId, holds.captured))
  spent = usage!.id
})
afterAll(() => database.close())

async function bring(
  kind: 'top_up' | 'grant',
  debitAccountId: string,
  source: 'paid' | 'promotional',
  { lotExpiresAt, ...fields }: { externalRef?: string; reason?: string; lotExpiresAt?: string },
): Promise<string> {
  const { transferId } = await postTransfer(ctx, {
    kind,
    debitAccountId,
    creditAccountId: ada.walletId,
    amountMicros: kind === 'grant' ? 1_000n : 10_000n,
    idempotencyKey: newId(),
    lot: { source, expiresAt: lotExpiresAt === undefined ? undefined : new Date(lotExpiresAt) },
    ...fields,
  })
  return transferId
}

const ids = async (filter: TransferFilter) => (await listTransfers(ctx, filter)).items.map(({ id }) => id)
const person = (): Ctx => ada
const anonymous = (): Ctx => ({ db: database.db, actor: { type: 'anonymous' } })

describe('listTransfers', () => {
  it('shows both sides, whose they are, and why it moved', async () => {
    const { items, next } = await listTransfers(ctx)
    expect(next).toBeNull()
    expect(items.map(({ id }) => id)).toEqual([spent, given, bought])
    expect(items[0]).toMatchObject({
      kind: 'usage',
      amountMicros: 1_500n,
      holdId: holds.captured,
      debit: { code: null, ownerType: 'user', ownerId: ada.userId, seq: 3n, balanceMicros: 9_500n },
      credit: { code: 'revenue', ownerId: null, email: null, seq: null, balanceMicros: null },
    })
    expect(items[0]!.debit.email).toContain('@example.com')
    expect(items[1]).toMatchObject({ reason: 'welcome', actor: 'system:test', debit: { code: 'promotions' } })
    expect(items[2]).toMatchObject({ reference: 'order:one' })
  })

  it('narrows by wallet, kind, account, reference and window', async () => {
    expect(await ids({ kind: 'grant' })).toEqual([given])
    expect(await ids({ account: 'revenue' })).toEqual([spent])
    expect(await ids({ account: 'clearing', kind: 'grant' })).toEqual([])
    expect(await ids({ reference: 'order:one' })).toEqual([bought])
    expect(await ids({ window: { to: '2001-01-01', timeZone: 'UTC' } })).toEqual([])
    expect(await ids({ walletId: bob.walletId })).toEqual([])
    expect(await ids({ walletId: ada.walletId })).toEqual([spent, given, bought])
    expect(await ids({ walletId: ada.walletId, kind: 'usage' })).toEqual([spent])
    expect(await ids({ walletId: ada.walletId, window: { hours: 1 } })).toEqual([spent, given, bought])
  })

  it('pages by time for everybody and by number for a wallet', async () => {
    for (const filter of [{}, { walletId: ada.walletId }]) {
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await listTransfers(ctx, { ...filter, after, limit: 1 })
        seen.push(...page.items.map(({ id }) => id))
        after = page.next ?? undefined
      } while (after)
      expect(seen).toEqual([spent, given, bought])
      const exported: string[] = []
      for await (const batch of exportTransfers(ctx, filter)) exported.push(...batch.map(({ id }) => id))
      expect(exported).toEqual(seen)
    }
    await expect(listTransfers(ctx, { walletId: ada.walletId, after: 'x' })).rejects.toMatchObject({ name: 'ZodError' })
  })
})

describe('getTransfer', () => {
  it('says which credits it brought, or which ones paid', async () => {
    expect(await getTransfer(ctx, { transferId: given })).toMatchObject({
      lot: { source: 'promotional', amountMicros: 1_000n, remainingMicros: 0n, expiresAt: new Date('2099-01-01') },
      paidFrom: [],
    })
    // What expires first is drained first.
    expect(await getTransfer(ctx, { transferId: spent })).toMatchObject({
      idempotencyKey: `capture:${holds.captured}`,
      lot: null,
      paidFrom: [
        { transferId: bought, source: 'paid', amountMicros: 500n, expiresAt: null },
        { transferId: given, source: 'promotional', amountMicros: 1_000n },
      ],
    })
    await expect(getTransfer(ctx, { transferId: newId() })).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('listHolds', () => {
  it('shows how each stands, of everybody, of one wallet or in one state', async () => {
    const of = async (filter: Parameters<typeof listHolds>[1]) =>
      (await listHolds(ctx, filter)).items.map(({ id }) => id)
    expect(await of({})).toEqual([holds.open, holds.released, holds.captured])
    expect(await of({ walletId: bob.walletId })).toEqual([])
    for (const state of ['open', 'captured', 'released'] as const) expect(await of({ state })).toEqual([holds[state]])
    const { items, next } = await listHolds(ctx, { walletId: ada.walletId, limit: 2 })
    expect(items[0]).toMatchObject({
      state: 'open',
      amountMicros: 2_000n,
      workerId: expect.any(String),
      closedAt: null,
    })
    const last = await listHolds(ctx, { walletId: ada.walletId, limit: 2, after: next! })
    expect(last.items).toMatchObject([{ id: holds.captured, capturedMicros: 1_500n, workerId: null }])
    expect(last.next).toBeNull()
  })
})

describe('listWallets', () => {
  it('shows what each has, the newest first', async () => {
    const { items } = await listWallets(ctx)
    expect(items.map(({ id }) => id)).toEqual([bob.walletId, ada.walletId].sort().reverse())
    expect(await listWallets(ctx, { ownerId: ada.userId })).toMatchObject({
      items: [
        { id: ada.walletId, ownerId: ada.userId, postedMicros: 9_500n, heldMicros: 2_000n, openHolds: 1, seq: 3n },
      ],
      next: null,
    })
    const first = await listWallets(ctx, { limit: 1 })
    expect((await listWallets(ctx, { limit: 1, after: first.next! })).items[0]!.id).not.toBe(first.items[0]!.id)
    expect(await getWallet(ctx, { walletId: bob.walletId })).toMatchObject({ ownerId: bob.userId, suspended: false })
    await expect(getWallet(ctx, { walletId: HOUSE.revenue })).rejects.toMatchObject({ code: 'not_found' })
  })
})

it('findInLedger says what an id is', async () => {
  expect(await findInLedger(ctx, { id: spent })).toBe('transfer')
  expect(await findInLedger(ctx, { id: holds.open })).toBe('hold')
  expect(await findInLedger(ctx, { id: ada.walletId.toUpperCase() })).toBe('wallet')
  expect(await findInLedger(ctx, { id: newId() })).toBeNull()
})

it('is for admins and the service', async () => {
  const verbs: ((ctx: Ctx) => Promise<unknown>)[] = [
    (who) => listTransfers(who, { walletId: ada.walletId }),
    (who) => exportTransfers(who, { walletId: ada.walletId }).next(),
    (who) => getTransfer(who, { transferId: spent }),
    (who) => listHolds(who, { walletId: ada.walletId }),
    (who) => listWallets(who, { ownerId: ada.userId }),
    (who) => getWallet(who, { walletId: ada.walletId }),
    (who) => findInLedger(who, { id: spent }),
  ]
  for (const verb of verbs) {
    await expect(verb(person())).rejects.toMatchObject({ code: 'forbidden' })
    await expect(verb(anonymous())).rejects.toMatchObject({ code: 'unauthenticated' })
  }
})
