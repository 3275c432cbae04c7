import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditEntries, redemptions } from '#db/schema/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, openWallet, postTransfer, verifyLedger } from '#lib/ledger/index.ts'
import {
  type CreateCodesInput,
  createCodes,
  findRedemption,
  getCodeBatch,
  listBatchCodes,
  listCodeBatches,
  listRedemptions,
  redeemCode,
  revokeCodes,
  verifyCodes,
} from '#lib/payments/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { breakBooks, foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { newCodeText } from './code-text.ts'

type Person = UserCtx & { db: TestDatabase['db'] }

let database: TestDatabase
let system: Ctx & { db: TestDatabase['db'] }
let ada: Person

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  system = systemCtx('test', database.db)
})
beforeEach(async () => {
  ada = await person()
})
afterAll(() => database.close())

async function person(): Promise<Person> {
  const userId = newId()
  await openWallet(system, { ownerType: 'user', ownerId: userId })
  return { db: database.db, actor: { type: 'user', userId, role: 'user', sessionId: newId() } }
}
const make = (fields: Partial<CreateCodesInput> = {}) =>
  createCodes(system, { name: 'Autumn', creditsMicros: 5_000_000n, count: 1, ...fields })
const one = async (fields: Partial<CreateCodesInput> = {}) => (await make(fields)).codes[0]!
const balance = async (who: Person) =>
  (await findWallet(system, { ownerType: 'user', ownerId: who.actor.userId }))!.postedMicros
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const passDays = (batchId: string, days: number) =>
  database.db.execute(
    sql`UPDATE code_batches SET redeem_before = redeem_before - ${days} * interval '1 day' WHERE id = ${batchId}`,
  )
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)

describe('redeemCode', () => {
  it('gives what the code is worth, in credits of a code', async () => {
    const code = await one({ creditsLastDays: 30 })
    expect(await redeemCode(ada, { code: ` ${code.toLowerCase()} ` })).toEqual({
      creditsMicros: 5_000_000n,
      seq: 1n,
      replayed: false,
    })
    expect(await balance(ada)).toBe(5_000_000n)
    const { rows } = await database.db.execute(sql`
      SELECT l.source, l.remaining_micros, round(extract(epoch FROM l.expires_at - now()) / 86400)::int AS days, t.kind, t.external_ref
      FROM lots_left l JOIN transfers t ON t.id = l.transfer_id JOIN accounts a ON a.id = l.wallet_id
      WHERE a.owner_id = ${ada.actor.userId}`)
    expect(rows).toMatchObject([
      {
        source: 'code',
        remaining_micros: 5_000_000n,
        days: 30,
        kind: 'redemption',
        external_ref: `…${code.slice(-4)}`,
      },
    ])
  })

  it('the same code again changes nothing and says the same, also when it is over by then', async () => {
    const { batchId, codes } = await make({ redeemBefore: inDays(1) })
    const first = await redeemCode(ada, { code: codes[0]! })
    await passDays(batchId, 2)
    await revokeCodes(system, { batchId, reason: 'over' })
    expect(await redeemCode(ada, { code: codes[0]! })).toEqual({ ...first, replayed: true })
    expect(await balance(ada)).toBe(5_000_000n)
  })

  it('pays one person once, however often they press at the same time', async () => {
    const code = await one({ usesPerCode: 100, codesPerPerson: 100 })
    const results = await Promise.all(Array.from({ length: 5 }, () => redeemCode(ada, { code })))
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await balance(ada)).toBe(5_000_000n)
  })

  it('lets a hundred people race for a code of one use, and one wins', async () => {
    const code = await one()
    const people = await Promise.all(Array.from({ length: 100 }, person))
    const ends = await Promise.all(people.map((who) => codeOf(redeemCode(who, { code }))))
    expect(ends.filter((end) => end === 'done')).toHaveLength(1)
    expect(ends.filter((end) => end === 'code_used')).toHaveLength(99)
    const balances = await Promise.all(people.map(balance))
    expect(balances.filter((micros) => micros > 0n)).toEqual([5_000_000n])
  })

  it('lets as many people use a code as it allows', async () => {
    const code = await one({ usesPerCode: 3 })
    const people = await Promise.all(Array.from({ length: 10 }, person))
    const ends = await Promise.all(people.map((who) => codeOf(redeemCode(who, { code }))))
    expect(ends.filter((end) => end === 'done')).toHaveLength(3)
  })

  it('lets one person redeem as many codes of a batch as it allows, also all at once', async () => {
    const { codes } = await make({ count: 4, codesPerPerson: 2 })
    const ends = await Promise.all(codes.map((code) => codeOf(redeemCode(ada, { code }))))
    expect(ends.sort()).toEqual(['code_limit', 'code_limit', 'done', 'done'])
    expect(await balance(ada)).toBe(10_000_000n)
    // Of another batch they may.
    await redeemCode(ada, { code: await one() })
    expect(await balance(ada)).toBe(15_000_000n)
  })

  it.each([
    [
      'code_expired',
      async () => {
        const { batchId, codes } = await make({ redeemBefore: inDays(1) })
        await passDays(batchId, 2)
        return codes[0]!
      },
    ],
    [
      'code_revoked',
      async () => {
        const { batchId, codes } = await make()
        await revokeCodes(system, { batchId, reason: 'leaked' })
        return codes[0]!
      },
    ],
    [
      'code_revoked',
      async () => {
        const { batchId, codes } = await make({ count: 2 })
        await revokeCodes(system, { batchId, number: 2, reason: 'leaked' })
        expect(await codeOf(redeemCode(await person(), { code: codes[0]! }))).toBe('done')
        return codes[1]!
      },
    ],
    [
      'code_used',
      async () => {
        const code = await one()
        await redeemCode(await person(), { code })
        return code
      },
    ],
    ['code_unknown', async () => newCodeText()],
    ['code_mistyped', async () => 'SUMMER-SALE'],
    ['invalid_input', async () => '0'.repeat(201)],
  ])('refuses with %s, and nothing moves', async (expected, codeFor) => {
    const code = await codeFor()
    const end = await redeemCode(ada, { code }).catch((error: { code?: string; name: string }) => error)
    expect(end).toMatchObject(expected === 'invalid_input' ? { name: 'ZodError' } : { code: expected })
    expect(await balance(ada)).toBe(0n)
    expect(await database.db.select().from(redemptions).where(eq(redemptions.userId, ada.actor.userId))).toEqual([])
  })

  it('is for who is signed in', async () => {
    expect(await codeOf(redeemCode({ ...ada, actor: { type: 'anonymous' } }, { code: await one() }))).toBe(
      'unauthenticated',
    )
  })

  it('stops who guesses, and nobody who has a code', async () => {
    const { batchId, codes } = await make({ count: 2 })
    for (let tries = 0; tries < 8; tries++) await redeemCode(ada, { code: codes[0]! })
    await revokeCodes(system, { batchId, reason: 'no more' })
    for (let tries = 0; tries < 8; tries++) {
      expect(await codeOf(redeemCode(ada, { code: codes[1]! }))).toBe('code_revoked')
      expect(await codeOf(redeemCode(ada, { code: 'TYPO' }))).toBe('code_mistyped')
    }
    const guesses = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(redeemCode(ada, { code: newCodeText() }))),
    )
    expect(guesses.filter((end) => end === 'code_unknown')).toHaveLength(5)
    expect(guesses.filter((end) => end === 'rate_limited')).toHaveLength(15)
    expect(await codeOf(redeemCode(ada, { code: await one() }))).toBe('rate_limited')
    expect(await codeOf(redeemCode(await person(), { code: await one() }))).toBe('done')
  })
})

describe('createCodes', () => {
  it('keeps no code, and puts the batch on record', async () => {
    const { batchId, codes } = await make({ count: 1_001 })
    expect(new Set(codes).size).toBe(1_001)
    const { rows } = await database.db.execute<{ dump: string }>(sql`
      SELECT json_agg(c)::text AS dump FROM redemption_codes c WHERE batch_id = ${batchId}`)
    expect(rows[0]!.dump).not.toContain(codes[0]!.replaceAll('-', ''))
    const [entry] = await database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, batchId))
    expect(entry).toMatchObject({ action: 'codes.create', after: { name: 'Autumn', count: 1_001, credits: '5' } })
    expect(JSON.stringify(entry)).not.toContain(codes[0]!)
  })

  it.each([
    ['no credits', { creditsMicros: 0n }],
    ['no codes', { count: 0 }],
    ['more than ten thousand', { count: 10_001 }],
    ['no name', { name: ' ' }],
    ['half a day', { creditsLastDays: 0.5 }],
  ])('refuses %s', async (_what, fields) => {
    await expect(make(fields)).rejects.toMatchObject({ name: 'ZodError' })
  })

  it('refuses an end in the past', async () => {
    expect(await codeOf(make({ redeemBefore: inDays(-1) }))).toBe('invalid_input')
  })

  it('is for admins', async () => {
    expect(await codeOf(createCodes(ada, { name: 'mine', creditsMicros: 1n, count: 1 }))).toBe('forbidden')
    const { batchId } = await make()
    expect(await codeOf(revokeCodes(ada, { batchId, reason: 'because' }))).toBe('forbidden')
    expect(await codeOf(listCodeBatches(ada))).toBe('forbidden')
  })
})

describe('revokeCodes', () => {
  it('says whether it revoked anything, and is on record once', async () => {
    const { batchId } = await make({ count: 2 })
    expect(await revokeCodes(system, { batchId, number: 1, reason: 'lost' })).toEqual({ revoked: true })
    expect(await revokeCodes(system, { batchId, number: 1, reason: 'lost' })).toEqual({ revoked: false })
    expect(await revokeCodes(system, { batchId, reason: 'all' })).toEqual({ revoked: true })
    expect(await revokeCodes(system, { batchId, reason: 'all' })).toEqual({ revoked: false })
    const entries = await database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, batchId))
    expect(entries.filter(({ action }) => action === 'codes.revoke')).toHaveLength(2)
  })

  it('knows no other batch or code', async () => {
    const { batchId } = await make()
    expect(await codeOf(revokeCodes(system, { batchId: newId(), reason: 'none' }))).toBe('not_found')
    expect(await codeOf(revokeCodes(system, { batchId, number: 2, reason: 'none' }))).toBe('not_found')
  })
})

describe('listCodeBatches', () => {
  it('pages from the newest, with what became of the codes', async () => {
    const older = await make({ name: 'older' })
    const { batchId, codes } = await make({ name: 'newer', count: 3, usesPerCode: 2, codesPerPerson: 2 })
    await redeemCode(ada, { code: codes[0]! })
    await redeemCode(ada, { code: codes[1]! })
    await redeemCode(await person(), { code: codes[0]! })
    await revokeCodes(system, { batchId, number: 3, reason: 'lost' })
    const first = await listCodeBatches(system, { limit: 1 })
    expect(first.items).toMatchObject([
      { id: batchId, name: 'newer', codes: 3, revokedCodes: 1, redemptions: 3, people: 2 },
    ])
    const second = await listCodeBatches(system, { limit: 1, before: first.nextBefore! })
    expect(second.items).toMatchObject([{ id: older.batchId, codes: 1, revokedCodes: 0, redemptions: 0, people: 0 }])
  })
})

describe('verifyCodes', () => {
  it('finds nothing in all of the above, nor does the ledger', async () => {
    expect(foundIn(await inSnapshot(system, verifyCodes))).toEqual({})
    expect(foundIn(await inSnapshot(system, verifyLedger))).toEqual({})
  })

  it.each([
    [
      'a code that says another number of uses',
      'code_uses',
      () => sql`UPDATE redemption_codes SET uses = uses + 1 WHERE uses = 1`,
    ],
    ['a code used beyond its terms', 'code_uses', () => sql`UPDATE code_batches SET uses_per_code = 0`],
    ['a person beyond the terms', 'code_uses', () => sql`UPDATE code_batches SET codes_per_person = 0`],
    [
      'a redemption that moved another amount',
      'redemption_transfer',
      () => sql`UPDATE transfers SET amount_micros = 1 WHERE kind = 'redemption'`,
    ],
    [
      'a redemption that went to somebody else',
      'redemption_transfer',
      () => sql`UPDATE redemptions SET user_id = gen_random_uuid()`,
    ],
    [
      'credits of a code that nobody redeemed',
      'redemption_transfer',
      () =>
        sql`UPDATE transfers SET kind = 'redemption' WHERE id = (SELECT min(id::text)::uuid FROM transfers WHERE kind = 'grant')`,
    ],
  ])('names %s', async (_what, name, broken) => {
    const wallet = await findWallet(system, { ownerType: 'user', ownerId: ada.actor.userId })
    await redeemCode(ada, { code: await one() })
    await postTransfer(system, {
      kind: 'grant',
      debitAccountId: HOUSE.promotions,
      creditAccountId: wallet!.id,
      amountMicros: 1n,
      idempotencyKey: newId(),
      lot: { source: 'promotional' },
    })
    expect(Object.keys(await breakBooks(database, broken(), verifyCodes))).toEqual([name])
  })
})

it('a redemption stands for ever', async () => {
  await redeemCode(ada, { code: await one() })
  for (const change of [sql`UPDATE redemptions SET ordinal = 2`, sql`DELETE FROM redemptions`]) {
    await expect(database.db.execute(change)).rejects.toMatchObject({ cause: { code: 'UB000' } })
  }
})

describe('what operators see of a batch', () => {
  it('its terms and counts, its codes by number, and who redeemed them', async () => {
    const { batchId, codes } = await make({ name: 'Winter', count: 3, usesPerCode: 2 })
    const bob = await person()
    await redeemCode(ada, { code: codes[1]! })
    await redeemCode(bob, { code: codes[1]! })
    await revokeCodes(system, { batchId, number: 3, reason: 'printed twice' })
    expect(await getCodeBatch(system, { batchId })).toMatchObject({
      name: 'Winter',
      codes: 3,
      revokedCodes: 1,
      redemptions: 2,
      people: 2,
      createdBy: 'system:test',
      isOver: false,
    })
    const first = await listBatchCodes(system, { batchId, limit: 2 })
    expect(first).toEqual({
      items: [
        { number: 1, uses: 0, revokedAt: null },
        { number: 2, uses: 2, revokedAt: null },
      ],
      next: 2,
    })
    expect(await listBatchCodes(system, { batchId, limit: 2, after: first.next! })).toMatchObject({
      items: [{ number: 3, revokedAt: expect.any(Date) }],
      next: null,
    })
    const [latest, ...rest] = (await listRedemptions(system, { batchId })).items
    expect(latest).toMatchObject({ number: 2, userId: bob.actor.userId, email: null, creditsMicros: 5_000_000n })
    expect(rest).toMatchObject([{ number: 2, userId: ada.actor.userId }])
    const page = await listRedemptions(system, { batchId, limit: 1 })
    expect((await listRedemptions(system, { batchId, limit: 1, after: page.next! })).items).toEqual(rest)
    expect(await findRedemption(system, { transferId: latest!.transferId })).toEqual({
      batchId,
      name: 'Winter',
      number: 2,
    })
    expect(await findRedemption(system, { transferId: newId() })).toBeNull()
  })

  it('is for admins and the service', async () => {
    const { batchId } = await make()
    for (const verb of [getCodeBatch, listBatchCodes, listRedemptions]) {
      expect(await codeOf(verb(ada, { batchId }))).toBe('forbidden')
    }
    expect(await codeOf(findRedemption(ada, { transferId: newId() }))).toBe('forbidden')
    expect(await codeOf(getCodeBatch(system, { batchId: newId() }))).toBe('not_found')
  })
})
