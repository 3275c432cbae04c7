import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDatabase, type Database, runTransaction } from '#db/client.ts'
import { auditEntries, ledgerChecks } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  findLastVerification,
  getVerification,
  listVerifications,
  runVerification,
  startVerification,
} from '#lib/jobs/index.ts'
import { openWallet } from '#lib/ledger/index.ts'
import { log } from '#lib/log.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { sumAll } from '#tests/support/report-rows.ts'
import { claimNight, startNightlyVerification, verifyNight } from './verify-ledger.ts'

let database: TestDatabase
let owner: Database
let ctx: Ctx & { db: Database }

beforeAll(async () => {
  database = await createTestDatabase()
  owner = createDatabase(database.ownerUrl, 1)
  ctx = systemCtx('test', database.db)
  await openWallet(ctx, { ownerType: 'user', ownerId: newId() })
})
beforeEach(async () => {
  await database.db.delete(ledgerChecks)
})
afterAll(async () => {
  await owner.$client.end()
  await database.close()
})

const rows = () => database.db.select().from(ledgerChecks).orderBy(ledgerChecks.startedAt)
/** Makes every run so far older. */
const pass = (interval: string) =>
  database.db.execute(sql`UPDATE ledger_checks SET started_at = started_at - ${interval}::interval`)
const finish = (id: string) =>
  database.db.execute(sql`UPDATE ledger_checks SET finished_at = now(), differences = 0 WHERE id = ${id}`)

describe('runVerification', () => {
  it('puts on record what it looked at', async () => {
    const { id, checks, differences } = await runVerification(ctx, { source: 'command' })
    expect(differences).toBe(0)
    const [row] = await rows()
    expect(row).toMatchObject({ id, source: 'command', differences: 0, details: null })
    expect(row!.finishedAt!.getTime()).toBeGreaterThanOrEqual(row!.startedAt.getTime())
    const last = await findLastVerification(ctx)
    expect(last!.checks).toEqual(
      checks.map(({ name, checked, samples }) => ({ name, checked, differences: 0, samples })),
    )
    expect(last!.checks).toContainEqual({ name: 'wallet_balance', checked: 1, differences: 0, samples: [] })
  })

  it('adds up the sums of the last days again, which the overview shows', async () => {
    await sumAll(ctx, { graceSeconds: 0 })
    const wrong = async () =>
      (await runVerification(ctx, { source: 'command' })).checks.filter(({ differences }) => differences > 0)
    expect(await wrong()).toEqual([])
    await database.db.execute(sql`
      INSERT INTO usage_days (day, model_id, calls, charged_micros, bad_debt_micros, vendor_cost_micros)
      VALUES (current_date - 1, 'model', 1, 5, 0, 0)`)
    try {
      expect(await wrong()).toMatchObject([
        { name: 'usage_days', differences: 1, samples: [{ side: 'kept', charged_micros: '5' }] },
      ])
    } finally {
      await database.db.execute(sql`DELETE FROM usage_days`)
    }
  })

  it('covers the ledger, the receipts and the adjustments, each promise by one name', async () => {
    const { checks } = await runVerification(ctx, { source: 'command' })
    const names = checks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(['books_balance', 'cap_spent', 'receipt_cost', 'adjustment_transfer']))
  })

  it('is for admins and the service', async () => {
    const person: Ctx & { db: Database } = {
      db: database.db,
      actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() },
    }
    await expect(runVerification(person, { source: 'command' })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(findLastVerification(person)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await rows()).toEqual([])
  })
})

describe('the nightly run', () => {
  it('is claimed once, however many processes ask', async () => {
    const elsewhere = createDatabase(database.url, 5)
    const asking = Array.from({ length: 10 }, (_, index) =>
      claimNight(systemCtx('test', index % 2 ? elsewhere : database.db)),
    )
    const claims = (await Promise.all(asking)).filter((id) => id !== null)
    await elsewhere.$client.end()
    expect(claims).toHaveLength(1)
    expect(await rows()).toMatchObject([{ id: claims[0], source: 'nightly', finishedAt: null, differences: null }])
  })

  it('is not begun again while it runs or when it has ended, but when its process has died', async () => {
    const id = (await claimNight(ctx))!
    expect(await claimNight(ctx)).toBeNull()
    await finish(id)
    expect(await claimNight(ctx)).toBeNull()
    await database.db.delete(ledgerChecks)
    await claimNight(ctx)
    await pass('3 hours 1 minute')
    expect(await claimNight(ctx)).not.toBeNull()
  })

  it('comes again after a day and a half at the latest, and a run by hand is none', async () => {
    await finish((await claimNight(ctx))!)
    await pass('36 hours 1 minute')
    await runVerification(ctx, { source: 'command' })
    expect(await claimNight(ctx)).not.toBeNull()
  })

  it.each([
    ['19:00', '18:59', true],
    ['22:59', '18:59', true],
    ['22:59', '19:00', false],
    ['18:59', '00:00', false],
    ['23:00', '00:00', false],
  ])('at %s UTC, after a run at %s of that day, it is due: %s', async (now, before, due) => {
    // A clock that stands: the statement's own now() is found before the real one.
    const night = createDatabase(database.ownerUrl, 1)
    try {
      await night.execute(sql`CREATE SCHEMA IF NOT EXISTS clock`)
      await night.execute(
        sql.raw(
          `CREATE OR REPLACE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2026-03-01 ${now}Z'::timestamptz $$`,
        ),
      )
      await night.execute(sql`
        INSERT INTO ledger_checks (id, source, started_at, finished_at, differences)
        VALUES (${newId()}, 'nightly', ${`2026-03-01 ${before}Z`}, ${`2026-03-01 ${before}Z`}, 0)`)
      await night.execute(sql`SET search_path = clock, public, pg_catalog`)
      expect((await claimNight(systemCtx('test', night))) !== null).toBe(due)
    } finally {
      await night.$client.end()
      await owner.execute(sql`DROP SCHEMA IF EXISTS clock CASCADE`)
    }
  })

  it('logs what differs as an error, keeps the rows, and tells nobody but the log and the admin', async () => {
    const errors = vi.spyOn(log, 'error').mockImplementation(() => undefined)
    const [wallet] = (await owner.execute<{ id: string }>(sql`SELECT id FROM wallets LIMIT 1`)).rows
    await owner.execute(sql`UPDATE wallets SET posted_micros = 7 WHERE id = ${wallet!.id}`)
    try {
      const id = (await claimNight(ctx))!
      const { differences } = await verifyNight(ctx, id)
      expect(differences).toBe(3)
      expect(errors).toHaveBeenCalledWith(
        { ledgerCheckId: id, differences: 3, checks: { wallet_balance: 1, wallet_lots: 1, books_balance: 1 } },
        'the ledger does not add up',
      )
      const last = await findLastVerification(ctx, { source: 'nightly' })
      expect(last).toMatchObject({ id, differences: 3 })
      expect(last!.checks.find(({ name }) => name === 'wallet_balance')).toEqual({
        name: 'wallet_balance',
        checked: 1,
        differences: 1,
        samples: [{ wallet_id: wallet!.id, posted_micros: '7', transfers_micros: '0' }],
      })
    } finally {
      errors.mockRestore()
      await owner.execute(sql`UPDATE wallets SET posted_micros = 0 WHERE id = ${wallet!.id}`)
    }
  })

  it('is begun by the job, which does not wait for it', async () => {
    const ended = new Promise<void>((resolve) => {
      const again = async () => {
        const [row] = await rows()
        if (row?.finishedAt) resolve()
        else setImmediate(again)
      }
      void again()
    })
    expect(await startNightlyVerification(ctx)).toBe(false)
    await ended
    expect(await findLastVerification(ctx, { source: 'nightly' })).toMatchObject({ differences: 0 })
    expect(await findLastVerification(ctx, { source: 'command' })).toBeNull()
    await startNightlyVerification(ctx)
    expect(await rows()).toHaveLength(1)
  })
})

describe('startVerification', () => {
  const admin = (): Ctx & { db: Database } => ({
    db: database.db,
    actor: { type: 'user', userId: newId(), role: 'admin', sessionId: newId() },
  })
  const audits = () => database.db.$count(auditEntries, eq(auditEntries.action, 'ledger.verify'))
  const ended = async (runId: string) => {
    await vi.waitUntil(async () => (await getVerification(ctx, { runId })).finishedAt !== null, { timeout: 30_000 })
    return getVerification(ctx, { runId })
  }

  it('begins a run that goes on by itself, once however often it is pressed', async () => {
    const before = await audits()
    const runs = await Promise.all([1, 2, 3].map(() => startVerification(admin())))
    expect(runs.filter(({ started }) => started)).toHaveLength(1)
    const { id } = runs[0]!
    expect(runs.every((run) => run.id === id)).toBe(true)
    expect(await audits()).toBe(before + 1)
    expect(await ended(id)).toMatchObject({ id, source: 'command', state: 'finished', differences: 0 })
    const again = await startVerification(admin())
    expect(again.started).toBe(true)
    await ended(again.id)
    const { items, next } = await listVerifications(ctx, { limit: 1 })
    expect(items).toMatchObject([{ id: again.id, state: 'finished' }])
    expect((await listVerifications(ctx, { limit: 1, after: next! })).items).toMatchObject([{ id }])
  })

  it('tells a run under way from one whose process died, which stands in nobody’s way', async () => {
    const [running, died] = [newId(), newId()]
    for (const id of [running, died]) await database.db.insert(ledgerChecks).values({ id, source: 'nightly' })
    await pass('1 minute')
    await runTransaction(owner, async (tx) => {
      await tx.execute(sql`SELECT pg_advisory_xact_lock(1702033, hashtext(${running}::text))`)
      const { items } = await listVerifications(ctx)
      expect(items).toMatchObject([
        { id: died, state: 'died' },
        { id: running, state: 'running' },
      ])
      expect(await startVerification(admin())).toEqual({ id: running, started: false })
    })
    const { id, started } = await startVerification(admin())
    expect(started).toBe(true)
    await ended(id)
  })

  it('is for admins and the service', async () => {
    const person: Ctx & { db: Database } = {
      db: database.db,
      actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() },
    }
    await expect(startVerification(person)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(listVerifications(person)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(getVerification(person, { runId: newId() })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(getVerification(ctx, { runId: newId() })).rejects.toMatchObject({ code: 'not_found' })
    expect(await rows()).toEqual([])
  })
})
