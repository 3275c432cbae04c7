import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { captureHold, HOUSE, openWallet, placeHold, postTransfer } from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: Ctx
let app: pg.Client
let owner: pg.Client
let walletId: string

beforeAll(async () => {
  database = await createTestDatabase()
  ctx = systemCtx('test', database.db)
  app = new pg.Client({ connectionString: database.url })
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await Promise.all([app.connect(), owner.connect()])
  walletId = await openWallet(ctx, { ownerType: 'user', ownerId: newId() })
  await postTransfer(ctx, {
    kind: 'grant',
    debitAccountId: HOUSE.promotions,
    creditAccountId: walletId,
    amountMicros: 1_000n,
    idempotencyKey: newId(),
    lot: { source: 'promotional' },
  })
  const holdId = newId()
  await placeHold(ctx, {
    holdId,
    walletId,
    spenderId: newId(),
    fullMicros: 10n,
    minimumMicros: 10n,
    maxOpen: 5,
    workerId: newId(),
  })
  await captureHold(ctx, { holdId, costMicros: 10n })
  await postTransfer(ctx, {
    kind: 'adjustment',
    debitAccountId: walletId,
    creditAccountId: HOUSE.adjustments,
    amountMicros: 10n,
    idempotencyKey: newId(),
  })
})
afterAll(async () => {
  await Promise.all([app.end(), owner.end()])
  await database.close()
})

const stateOf = (client: pg.Client, statement: string) =>
  client.query(statement).then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const DENIED = '42501'

describe('the application’s role', () => {
  it.each(['accounts', 'wallets', 'transfers', 'holds', 'lots', 'lot_uses', 'spend_caps'])(
    'may read %s and write nothing there',
    async (table) => {
      expect(await stateOf(app, `SELECT * FROM ${table} LIMIT 1`)).toBe('done')
      expect(await stateOf(app, `INSERT INTO ${table} SELECT * FROM ${table} LIMIT 0`)).toBe(DENIED)
      expect(await stateOf(app, `DELETE FROM ${table} WHERE false`)).toBe(DENIED)
      expect(await stateOf(app, `TRUNCATE ${table} CASCADE`)).toBe(DENIED)
    },
  )

  it.each([
    'UPDATE wallets SET posted_micros = 1000000',
    "UPDATE transfers SET actor = 'somebody else'",
    'UPDATE holds SET amount_micros = 1',
    'UPDATE lots SET noted_micros = amount_micros',
    'UPDATE usage_records SET cost_micros = 0',
    "UPDATE audit_entries SET action = 'nothing'",
  ])('may not %s', async (statement) => {
    expect(await stateOf(app, statement)).toBe(DENIED)
  })

  it('cannot put a table of its own under a function’s feet', async () => {
    await app.query('BEGIN')
    await app.query('CREATE TEMP TABLE wallets (LIKE public.wallets INCLUDING DEFAULTS)')
    await app.query('GRANT ALL ON wallets TO PUBLIC')
    await app.query('INSERT INTO pg_temp.wallets (id, posted_micros) VALUES ($1, 1000000000)', [walletId])
    const { rows } = await app.query(
      "SELECT outcome FROM public.ledger_hold($1, $2, $1, 1000000, 1000000, 5, $1, '\\x00'::bytea)",
      [newId(), walletId],
    )
    await app.query('ROLLBACK')
    expect(rows).toEqual([{ outcome: 'insufficient' }])
  })

  it('may call the ledger’s verbs, and nothing else of it', async () => {
    const { rows } = await app.query(
      "SELECT proname, has_function_privilege(current_user, oid, 'EXECUTE') AS may FROM pg_proc WHERE proname LIKE 'ledger_%' ORDER BY proname",
    )
    expect(rows.filter(({ may }) => may).map(({ proname }) => proname)).toEqual([
      'ledger_capture',
      'ledger_expire',
      'ledger_hold',
      'ledger_open_wallet',
      'ledger_post',
      'ledger_set_cap',
      'ledger_suspend',
    ])
    expect(rows.length).toBeGreaterThan(6)
  })
})

describe('even the owner', () => {
  const APPEND_ONLY = 'UB000'

  it.each(['transfers', 'lot_uses', 'usage_records', 'audit_entries'])('cannot change what %s holds', async (table) => {
    expect(await stateOf(owner, `TRUNCATE ${table} CASCADE`)).toBe(APPEND_ONLY)
  })

  it.each(['transfers', 'lot_uses'])('cannot update or delete a row of %s', async (table) => {
    expect(await stateOf(owner, `DELETE FROM ${table}`)).toBe(APPEND_ONLY)
    const column = table === 'transfers' ? 'actor' : 'amount_micros'
    expect(await stateOf(owner, `UPDATE ${table} SET ${column} = ${column}`)).toBe(APPEND_ONLY)
  })

  it('cannot overdraw a wallet', async () => {
    expect(await stateOf(owner, `UPDATE wallets SET held_micros = posted_micros + 1 WHERE id = '${walletId}'`)).toBe(
      '23514',
    )
    expect(await stateOf(owner, `UPDATE wallets SET posted_micros = -1 WHERE id = '${walletId}'`)).toBe('23514')
  })
})

it('no amount is kept as a float anywhere', async () => {
  const { rows } = await owner.query(
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type IN ('real', 'double precision', 'money')",
  )
  expect(rows).toEqual([])
})
