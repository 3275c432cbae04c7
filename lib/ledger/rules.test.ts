import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '#lib/id.ts'
import { HOUSE } from '#lib/ledger/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { insert, PRICES, type Row, TOKENS, UNIT_PRICES } from '#tests/support/ledger-rows.ts'

// What the tables themselves refuse and take, even from the owner of the schema and past every function.

let database: TestDatabase
let owner: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
})
beforeEach(async () => {
  await owner.query('BEGIN')
})
afterEach(async () => {
  await owner.query('ROLLBACK')
})
afterAll(async () => {
  await owner.end()
  await database.close()
})

/** The name of the constraint that refuses, or `taken`. */
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error: { constraint?: string; message: string }) => error.constraint ?? error.message,
  )
const some = (columns: string[], value: unknown) => columns.map((column): Row => ({ [column]: value }))
const ended = { state: 'captured', captured_micros: 5, closed_at: '2026-01-01' }
const NO_CALL = { model_id: null, price_version_id: null, prompt_tokens: null, output_cap: null, omitted_turns: null }
const house = { kind: 'house', code: 'new', owner_type: null, owner_id: null }
const KINDS = ['top_up', 'grant', 'promotion', 'redemption', 'adjustment', 'refund', 'dispute', 'expiry', 'reversal']
const fromWallet = { debit_seq: 1, debit_balance_micros: 0 }
const decided = { decided_by: 'somebody' }

/** Holds that are neither open, captured nor released. */
const NO_STATE: Row[] = [
  { ...ended, captured_micros: 0 },
  { ...ended, state: 'released' },
  { ...ended, state: 'released', captured_micros: 1 },
  { ...ended, state: 'released', captured_micros: 0, bad_debt_micros: 1 },
  { captured_micros: 1 },
  { bad_debt_micros: 1 },
  { captured_micros: 1, bad_debt_micros: 1 },
  { state: 'captured' },
  { state: 'released' },
  { state: 'lost', captured_micros: 0, closed_at: '2026-01-01' },
  { closed_at: '2026-01-01' },
  { ...ended, closed_at: null },
  { ...ended, open_worker_id: newId() },
]
/** Holds that have just ended. */
const ENDS: Row[] = [
  ended,
  { ...ended, captured_micros: 1 },
  { ...ended, captured_micros: 0, bad_debt_micros: 1 },
  { ...ended, state: 'released', captured_micros: 0 },
]

const REFUSED: [constraint: string, table: string, rows: Row[]][] = [
  [
    'accounts_kind_shape',
    'accounts',
    [
      { kind: 'other' },
      { code: 'named' },
      { owner_type: 'planet' },
      { owner_id: null },
      { ...house, code: null },
      { ...house, owner_id: newId() },
      { ...house, kind: 'wallet' },
      { kind: 'house', code: null, owner_id: null },
    ],
  ],
  ['micros_not_negative', 'wallets', some(['held_micros', 'posted_micros'], -1)],
  ['count_not_negative', 'wallets', [{ open_holds: -1 }]],
  ['wallets_never_overdrawn', 'wallets', [{ posted_micros: 1, held_micros: 2 }]],
  ['micros_positive', 'transfers', some(['amount_micros'], 0)],
  ['transfers_kind_known', 'transfers', [{ kind: 'other' }]],
  ['transfers_two_sided', 'transfers', [{ debit_account_id: HOUSE.revenue, credit_account_id: HOUSE.revenue }]],
  ['transfers_hold_shape', 'transfers', [{ kind: 'usage' }, { kind: 'bad_debt' }, { hold_id: newId() }]],
  [
    'transfers_balances_shape',
    'transfers',
    [
      { credit_seq: null },
      { credit_balance_micros: null },
      { debit_seq: 1 },
      { debit_balance_micros: 1 },
      { credit_seq: 0 },
      { credit_balance_micros: -1 },
      { ...fromWallet, debit_seq: 0 },
      { ...fromWallet, debit_balance_micros: -1 },
    ],
  ],
  ['micros_positive', 'holds', [{ amount_micros: 0 }]],
  [
    'micros_not_negative',
    'holds',
    [
      { ...ended, captured_micros: -1, bad_debt_micros: 2 },
      { ...ended, bad_debt_micros: -1 },
    ],
  ],
  ['holds_state_shape', 'holds', NO_STATE],
  ['lots_noted_in_bounds', 'lots', [{ noted_micros: 11 }]],
  ['micros_not_negative', 'lots', [{ noted_micros: -1 }]],
  ['micros_positive', 'lots', [{ amount_micros: 0, noted_micros: 0 }]],
  ['lots_source_known', 'lots', [{ source: 'stolen' }]],
  ['micros_positive', 'lot_uses', [{ amount_micros: 0 }]],
  ['spend_caps_period_known', 'spend_caps', [{ period: 'week' }]],
  ['spend_caps_window_shape', 'spend_caps', [{ window_end: '2026-01-01' }]],
  ['spend_caps_amounts_sane', 'spend_caps', [{ limit_micros: 0 }, { spent_micros: -1 }, { held_micros: -1 }]],
  ['adjustments_kind_known', 'adjustments', [{ kind: 'gift' }]],
  [
    'adjustments_amount_sane',
    'adjustments',
    [
      { amount_micros: 0 },
      { amount_micros: -1 },
      { kind: 'adjustment', amount_micros: 0 },
      { kind: 'adjustment', amount_micros: -1, lot_expires_at: '2026-01-01' },
    ],
  ],
  [
    'adjustments_state_shape',
    'adjustments',
    [
      { state: 'lost' },
      { transfer_id: newId() },
      decided,
      { state: 'posted' },
      { state: 'rejected' },
      { state: 'rejected', ...decided, transfer_id: newId() },
      { state: 'lost', ...decided },
    ],
  ],
  ['ledger_checks_source_known', 'ledger_checks', [{ source: 'rumour' }]],
  [
    'ledger_checks_shape',
    'ledger_checks',
    [{ finished_at: '2026-01-01' }, { differences: 0 }, { finished_at: '2026-01-01', differences: -1 }],
  ],
  ['price_versions_not_negative', 'price_versions', some(PRICES, -1)],
  [
    'price_versions_range_shape',
    'price_versions',
    some(['valid_during'], 'empty').concat(
      ...['(2026-01-01,)', '[2026-01-01,2026-02-01]'].map((range) => some(['valid_during'], range)),
    ),
  ],
  ['count_not_negative', 'holds', some(['prompt_tokens', 'output_cap', 'omitted_turns'], -1)],
  ['holds_output_cap_positive', 'holds', [{ output_cap: 0 }]],
  ['holds_terms_whole', 'holds', some(Object.keys(NO_CALL), null)],
  ['count_not_negative', 'checkpoints', [{ output_tokens: -1 }]],
  ['usage_records_not_negative', 'usage_records', [...some([...TOKENS, 'vendor_cost_micros'], -1), ...split()]],
  ['usage_records_prices_sane', 'usage_records', [...some(UNIT_PRICES, -1), { held_micros: 0 }]],
  [
    'usage_records_cost_split',
    'usage_records',
    [
      { cost_micros: 1 },
      { charged_micros: 1 },
      { bad_debt_micros: 1 },
      { cost_micros: 1, charged_micros: 2, bad_debt_micros: 1 },
    ],
  ],
  [
    'usage_records_free_is_free',
    'usage_records',
    [{ outcome: 'failed' }, { outcome: 'empty' }, { usage_source: 'none' }].map((free) => ({
      ...free,
      cost_micros: 1,
      charged_micros: 1,
    })),
  ],
  ['usage_records_outcome_known', 'usage_records', [{ outcome: 'lost' }, { usage_source: 'guessed' }]],
  ['usage_records_quarantine_bounded', 'usage_records', [{ quarantined_usage: jsonOf(4_097) }]],
  ['late_usage_not_negative', 'late_usage', some([...TOKENS, 'vendor_cost_micros'], -1)],
]

/** Costs that add up and still have a negative part. */
function split(): Row[] {
  return [
    { cost_micros: 0, charged_micros: -1, bad_debt_micros: 1 },
    { cost_micros: 0, charged_micros: 1, bad_debt_micros: -1 },
    { cost_micros: -1, charged_micros: -1, bad_debt_micros: 0 },
  ]
}

/** A JSON text of so many bytes. */
function jsonOf(bytes: number): string {
  return JSON.stringify('x'.repeat(bytes - 2))
}

/** Rows at the edge of what is allowed, and one for each value of a list. */
const TAKEN: [table: string, rows: Row[]][] = [
  ['accounts', [{}, { owner_type: 'team' }, house]],
  ['wallets', [{}, { posted_micros: 1, held_micros: 1, open_holds: 1, seq: 1 }]],
  ['transfers', [...[...KINDS, 'goodwill'].map((kind) => ({ kind })), { amount_micros: 1, credit_balance_micros: 0 }]],
  ['transfers', [{ debit_account_id: HOUSE.revenue, ...fromWallet }]],
  ['holds', [{ amount_micros: 1, open_worker_id: newId() }, ...ENDS]],
  [
    'lots',
    [
      { source: 'code', noted_micros: 0 },
      { source: 'promotional', amount_micros: 1, noted_micros: 1 },
    ],
  ],
  ['lot_uses', [{}]],
  ['spend_caps', [{}, { period: 'month', spent_micros: 1, held_micros: 1 }]],
  ['adjustments', [{ kind: 'adjustment', amount_micros: -1 }, { lot_expires_at: '2026-01-01' }]],
  ['adjustments', [{ state: 'rejected', ...decided }]],
  ['ledger_checks', [{ source: 'command' }, { finished_at: '2026-01-01', differences: 0 }]],
  ['price_versions', [{}, { valid_during: '[2026-01-01,2026-02-01)' }, ...some(PRICES, 1)]],
  ['holds', [NO_CALL, { prompt_tokens: 1, omitted_turns: 1 }]],
  ['checkpoints', [{ output_tokens: 0 }, { output_tokens: 1 }]],
  ['usage_records', ['stopped', 'interrupted', 'failed', 'empty'].map((outcome) => ({ outcome }))],
  ['usage_records', ['reported', 'estimated', 'none'].map((usage_source) => ({ usage_source }))],
  ['usage_records', [{ cost_micros: 3, charged_micros: 2, bad_debt_micros: 1 }, { quarantined_usage: jsonOf(4_096) }]],
  ['late_usage', [{}]],
]

describe.each(REFUSED)('%s', (constraint, table, rows) => {
  it.each(rows.map((row) => [JSON.stringify(row).slice(0, 120), row]))('refuses %s', async (_name, row) => {
    expect(await refusalOf(insert(owner, table, row as Row))).toBe(constraint)
  })
})

describe.each(TAKEN)('%s', (table, rows) => {
  it.each(rows.map((row) => [JSON.stringify(row).slice(0, 120), row]))('takes %s', async (_name, row) => {
    expect(await refusalOf(insert(owner, table, row as Row))).toBe('taken')
  })
})

describe('an adjustment that is posted', () => {
  const posted = async (fields: Row) => {
    const transfer_id = (await insert(owner, 'transfers')).id
    return refusalOf(insert(owner, 'adjustments', { state: 'posted', transfer_id, ...fields }))
  }
  const [one, other] = [newId(), newId()]

  it('was asked for by one admin and allowed by another, or needed no second', async () => {
    expect(await posted({})).toBe('taken')
    expect(await posted({ requested_by_user_id: one, decided_by_user_id: other })).toBe('taken')
    expect(await posted({ requested_by_user_id: null, decided_by_user_id: one })).toBe('taken')
    expect(await posted({ requested_by_user_id: one })).toBe('taken')
    expect(await posted({ requested_by_user_id: one, decided_by_user_id: one })).toBe('adjustments_two_admins')
  })

  it('may have been refused by whoever asked', async () => {
    const fields = { state: 'rejected', ...decided, requested_by_user_id: one, decided_by_user_id: one }
    expect(await refusalOf(insert(owner, 'adjustments', fields))).toBe('taken')
  })
})

it.each([
  ['usage', 'usage'],
  ['bad debt', 'bad_debt'],
])('a transfer for %s names the hold it ended', async (_name, kind) => {
  const hold_id = (await insert(owner, 'holds')).id
  expect(await refusalOf(insert(owner, 'transfers', { kind, hold_id }))).toBe('taken')
})

describe('what a call was charged', () => {
  const charge = async (fields: Row) => {
    const { id: hold_id, wallet_id } = await insert(owner, 'holds')
    const sides = {
      debit_account_id: wallet_id,
      credit_account_id: HOUSE.revenue,
      debit_seq: 1,
      debit_balance_micros: 0,
    }
    const none = { credit_seq: null, credit_balance_micros: null }
    return refusalOf(insert(owner, 'transfers', { kind: 'usage', hold_id, ...sides, ...none, ...fields }))
  }

  it.each<[string, Row]>([
    ['taken', {}],
    ['transfers_two_sided', { debit_account_id: HOUSE.revenue }],
    ['transfers_hold_shape', { hold_id: null }],
    ['transfers_hold_shape', { kind: 'grant' }],
    ['transfers_kind_known', { kind: 'other' }],
    ['transfers_hold_exists', { hold_id: newId() }],
    ['transfers_balances_shape', { debit_seq: 0 }],
    ['transfers_balances_shape', { debit_seq: null }],
    ['transfers_balances_shape', { debit_balance_micros: -1 }],
    ['transfers_balances_shape', { debit_balance_micros: null }],
    ['transfers_balances_shape', { credit_seq: 1 }],
    ['transfers_balances_shape', { credit_balance_micros: 1 }],
    ['transfers_accounts_exist', { debit_account_id: newId() }],
    ['transfers_accounts_exist', { credit_account_id: newId() }],
    ['transfers_lot_exists', { lot_transfer_id: newId() }],
  ])('%s: %j', async (answer, fields) => {
    expect(await charge(fields)).toBe(answer)
  })

  it('is paid by a lot of the wallet that held for it, and of no other', async () => {
    const lot = await insert(owner, 'lots')
    const hold = await insert(owner, 'holds', { wallet_id: lot.wallet_id })
    const fields = { hold_id: hold.id, lot_transfer_id: lot.transfer_id }
    expect(await charge({ ...fields, debit_account_id: lot.wallet_id })).toBe('taken')
    expect(await charge(fields)).toBe('transfers_lot_exists')
  })

  it('names a lot that is there, of that wallet, and only what a call cost does', async () => {
    const lot = await insert(owner, 'lots')
    const hold = await insert(owner, 'holds', { wallet_id: lot.wallet_id })
    const fields = { hold_id: hold.id, debit_account_id: lot.wallet_id }
    const foreign = await insert(owner, 'lots')
    for (const lot_transfer_id of [newId(), foreign.transfer_id]) {
      await owner.query('SAVEPOINT before')
      expect(await charge({ ...fields, lot_transfer_id })).toBe('transfers_lot_exists')
      await owner.query('ROLLBACK TO before')
    }
    await owner.query('SAVEPOINT before')
    const named = { ...fields, lot_transfer_id: lot.transfer_id }
    expect(await charge({ ...named, kind: 'bad_debt' })).toBe('transfers_lot_shape')
    await owner.query('ROLLBACK TO before')
    for (const [refused, wrong] of [
      ['transfers_hold_exists', { hold_id: newId() }],
      ['transfers_accounts_exist', { credit_account_id: newId() }],
      ['transfers_balances_shape', { debit_seq: 0 }],
      ['transfers_balances_shape', { debit_seq: null }],
      ['transfers_balances_shape', { debit_balance_micros: -1 }],
      ['transfers_balances_shape', { debit_balance_micros: null }],
      ['transfers_balances_shape', { credit_seq: 1 }],
      ['transfers_balances_shape', { credit_balance_micros: 1 }],
    ] as const) {
      expect(await charge({ ...named, ...wrong })).toBe(refused)
      await owner.query('ROLLBACK TO before')
    }
    expect(await charge(named)).toBe('taken')
  })

  it('names a wallet that is not the house’s, even where the house had one', async () => {
    await insert(owner, 'wallets', { id: HOUSE.revenue })
    const hold = await insert(owner, 'holds', { wallet_id: HOUSE.revenue })
    const lot = await insert(owner, 'lots', { wallet_id: HOUSE.revenue })
    const fields = { hold_id: hold.id, debit_account_id: HOUSE.revenue, lot_transfer_id: lot.transfer_id }
    expect(await charge(fields)).toBe('transfers_two_sided')
  })
})

describe('what may be there once', () => {
  it.each([
    ['accounts_pkey', 'accounts', ['id']],
    ['accounts_owner_key', 'accounts', ['owner_type', 'owner_id']],
    ['wallets_pkey', 'wallets', ['id']],
    ['transfers_pkey', 'transfers', ['id']],
    ['transfers_idempotency_key', 'transfers', ['idempotency_key']],
    ['transfers_credit_seq_key', 'transfers', ['credit_account_id', 'credit_seq']],
    ['holds_pkey', 'holds', ['id']],
    ['lots_wallet_id_transfer_id_pk', 'lots', ['wallet_id', 'transfer_id']],
    ['lot_uses_wallet_id_transfer_id_lot_transfer_id_pk', 'lot_uses', ['wallet_id', 'transfer_id', 'lot_transfer_id']],
    ['spend_caps_wallet_id_spender_id_period_pk', 'spend_caps', ['wallet_id', 'spender_id', 'period']],
    ['adjustments_pkey', 'adjustments', ['id']],
    ['adjustments_idempotency_key', 'adjustments', ['idempotency_key']],
    ['ledger_checks_pkey', 'ledger_checks', ['id']],
    ['price_versions_pkey', 'price_versions', ['id']],
    ['price_versions_no_overlap', 'price_versions', ['model_id', 'valid_during']],
    ['checkpoints_pkey', 'checkpoints', ['hold_id']],
    ['usage_records_user_id_id_pk', 'usage_records', ['user_id', 'id']],
    ['usage_records_hold_key', 'usage_records', ['hold_id', 'price_version_id']],
    ['late_usage_pkey', 'late_usage', ['hold_id']],
  ])('%s', async (constraint, table, columns) => {
    const first = await insert(owner, table)
    const same = Object.fromEntries(columns.map((column) => [column, first[column]]))
    expect(await refusalOf(insert(owner, table, same))).toBe(constraint)
  })

  it('accounts_code_key', async () => {
    expect(await refusalOf(insert(owner, 'accounts', { ...house, code: 'revenue' }))).toBe('accounts_code_key')
  })

  it('transfers_debit_seq_key', async () => {
    const first = await insert(owner, 'transfers', fromWallet)
    const again = insert(owner, 'transfers', { ...fromWallet, debit_account_id: first.debit_account_id })
    expect(await refusalOf(again)).toBe('transfers_debit_seq_key')
  })

  it('but the prices of a model follow each other, and models have prices at the same time', async () => {
    const { model_id } = await insert(owner, 'price_versions', { valid_during: '[2026-01-01,2026-02-01)' })
    expect(await refusalOf(insert(owner, 'price_versions', { model_id, valid_during: '[2026-02-01,)' }))).toBe('taken')
    expect(await refusalOf(insert(owner, 'price_versions'))).toBe('taken')
  })
})

describe('what must be there', () => {
  const charge = async ({ wallet_id }: Row, lot_transfer_id: unknown) => {
    const { id: hold_id } = await insert(owner, 'holds', { wallet_id })
    const sides = { debit_account_id: wallet_id, credit_account_id: HOUSE.revenue }
    const numbers = { debit_seq: 2, debit_balance_micros: 0, credit_seq: null, credit_balance_micros: null }
    return (await insert(owner, 'transfers', { kind: 'usage', hold_id, lot_transfer_id, ...sides, ...numbers })).id
  }

  it.each([
    [
      'of another wallet is refused',
      'lot_uses_transfer_exists',
      async () => (await insert(owner, 'lot_uses')).transfer_id,
    ],
    [
      'that names its lot itself is refused',
      'lot_uses_transfer_exists',
      async (lot: Row) => charge(lot, lot.transfer_id),
    ],
    ['that names none is taken', 'taken', async (lot: Row) => charge(lot, null)],
  ])('the use of a lot by a transfer %s', async (_name, answer, transferOf) => {
    const lot = await insert(owner, 'lots')
    const use = { wallet_id: lot.wallet_id, lot_transfer_id: lot.transfer_id, transfer_id: await transferOf(lot) }
    expect(await refusalOf(insert(owner, 'lot_uses', use))).toBe(answer)
  })

  it('the use of another wallet’s lot is refused', async () => {
    const [lot, { transfer_id: lot_transfer_id }] = [await insert(owner, 'lots'), await insert(owner, 'lots')]
    const use = { wallet_id: lot.wallet_id, lot_transfer_id, transfer_id: await charge(lot, null) }
    expect(await refusalOf(insert(owner, 'lot_uses', use))).toBe('lot_uses_lot_exists')
  })

  it.each([
    ['wallets_id_accounts_id_fk', 'wallets', { id: newId() }],
    ['transfers_accounts_exist', 'transfers', { debit_account_id: newId() }],
    ['transfers_accounts_exist', 'transfers', { credit_account_id: newId() }],
    ['transfers_hold_exists', 'transfers', { kind: 'usage', hold_id: newId() }],
    ['holds_wallet_exists', 'holds', { wallet_id: newId() }],
    ['holds_wallet_exists', 'holds', { wallet_id: newId(), ...NO_CALL }],
    ['lots_wallet_id_wallets_id_fk', 'lots', { wallet_id: newId() }],
    ['lots_transfer_id_transfers_id_fk', 'lots', { transfer_id: newId() }],
    ['lot_uses_transfer_exists', 'lot_uses', { transfer_id: newId() }],
    ['lot_uses_lot_exists', 'lot_uses', { lot_transfer_id: newId() }],
    ['spend_caps_wallet_id_wallets_id_fk', 'spend_caps', { wallet_id: newId() }],
    ['adjustments_wallet_id_wallets_id_fk', 'adjustments', { wallet_id: newId() }],
    ['adjustments_transfer_id_transfers_id_fk', 'adjustments', { state: 'posted', transfer_id: newId() }],
    ['price_versions_model_id_models_id_fk', 'price_versions', { model_id: 'unheard of' }],
    ['holds_price_version_exists', 'holds', { price_version_id: newId() }],
    ['holds_price_version_exists', 'holds', { model_id: 'unheard of' }],
    ['checkpoints_hold_id_holds_id_fk', 'checkpoints', { hold_id: newId() }],
    ['usage_records_call_exists', 'usage_records', { hold_id: newId() }],
    ['usage_records_call_exists', 'usage_records', { price_version_id: newId() }],
    ['late_usage_hold_id_holds_id_fk', 'late_usage', { hold_id: newId() }],
  ])('%s', async (constraint, table, row) => {
    expect(await refusalOf(insert(owner, table, row))).toBe(constraint)
  })
})

describe('what is true of a row stays true of it', () => {
  it.each([
    ['lots_source_known', 'lots', "source = 'stolen'"],
    ['lots_noted_in_bounds', 'lots', 'noted_micros = 11'],
    ['wallets_never_overdrawn', 'wallets', 'held_micros = 1'],
  ])('%s', async (constraint, table, change) => {
    await insert(owner, table)
    expect(await refusalOf(owner.query(`UPDATE ${table} SET ${change}`))).toBe(constraint)
  })
})

describe('an open hold', () => {
  const becomes = async (row: Row) => {
    const { id } = await insert(owner, 'holds')
    const columns = Object.keys(row).map((column, index) => `${column} = $${index + 2}`)
    return refusalOf(owner.query(`UPDATE holds SET ${columns} WHERE id = $1`, [id, ...Object.values(row)]))
  }
  const named = (rows: Row[]) => rows.map((row) => [JSON.stringify(row), row] as const)

  it.each(named(NO_STATE))('does not become %s', async (_name, row) => {
    expect(await becomes(row)).toBe('holds_state_shape')
  })

  it.each(named([{ open_worker_id: newId() }, ...ENDS]))('may become %s', async (_name, row) => {
    expect(await becomes(row)).toBe('taken')
  })
})

describe('a hold that has ended', () => {
  const released = { state: 'released', closed_at: '2026-01-01' }
  it.each([
    ['is not opened again', ended, "state = 'open', captured_micros = 0, closed_at = NULL"],
    ['is not captured after its release', released, "state = 'captured', captured_micros = 1"],
    ['is not released after its capture', ended, "state = 'released', captured_micros = 0"],
    ['charges what it charged', ended, 'captured_micros = 6'],
    ['lost what it lost', ended, 'bad_debt_micros = 1'],
    ['held what it held', ended, 'amount_micros = 11'],
  ])('%s', async (_name, row, change) => {
    await insert(owner, 'holds', row)
    expect(await refusalOf(owner.query(`UPDATE holds SET ${change}`))).toBe('holds_end_once')
  })
})

it('a hold that has ended keeps how it ended, not when', async () => {
  await insert(owner, 'holds', ended)
  expect(await refusalOf(owner.query("UPDATE holds SET closed_at = '2026-01-02'"))).toBe('taken')
})

describe('what stands for ever', () => {
  const APPEND_ONLY = { code: 'UB000' }

  it.each(['accounts', 'transfers', 'lot_uses', 'usage_records', 'late_usage', 'audit_entries'])(
    'a row of %s',
    async (table) => {
      const [column] = Object.keys(await insert(owner, table))
      for (const [operation, change] of [
        ['DELETE', `DELETE FROM ${table}`],
        ['UPDATE', `UPDATE ${table} SET ${column} = ${column}`],
        ['TRUNCATE', `TRUNCATE ${table} CASCADE`],
      ] as const) {
        await owner.query('SAVEPOINT before')
        // What a truncation would take along refuses it too: the table itself must.
        const message = `${table} is append-only: ${operation} refused`
        await expect(owner.query(change)).rejects.toMatchObject({ ...APPEND_ONLY, message })
        await owner.query('ROLLBACK TO before')
      }
    },
  )

  it.each(['id', 'model_id', ...PRICES])('what a price version says: its %s', async (column) => {
    await insert(owner, 'price_versions')
    await expect(owner.query(`UPDATE price_versions SET ${column} = ${column}`)).rejects.toMatchObject(APPEND_ONLY)
  })

  it.each(['DELETE FROM price_versions', 'TRUNCATE price_versions CASCADE'])(
    'a price version: no %s',
    async (change) => {
      await insert(owner, 'price_versions')
      const message = expect.stringContaining('price_versions is append-only')
      await expect(owner.query(change)).rejects.toMatchObject({ ...APPEND_ONLY, message })
    },
  )

  it.each([
    ['holds', 'DELETE', 'DELETE FROM holds'],
    ['holds', 'TRUNCATE', 'TRUNCATE holds CASCADE'],
    ['holds', 'UPDATE', 'UPDATE holds SET id = gen_random_uuid()'],
    ...[...Object.keys(NO_CALL), 'wallet_id', 'spender_id', 'request_hash'].map((column) => [
      ...['holds', 'UPDATE'],
      `UPDATE holds SET ${column} = ${column}`,
    ]),
    ['wallets', 'DELETE', 'DELETE FROM wallets'],
    ['wallets', 'TRUNCATE', 'TRUNCATE wallets CASCADE'],
    ['wallets', 'UPDATE', 'UPDATE wallets SET id = id'],
    ['lots', 'DELETE', 'DELETE FROM lots'],
    ['lots', 'TRUNCATE', 'TRUNCATE lots CASCADE'],
    ['lots', 'UPDATE', 'UPDATE lots SET wallet_id = wallet_id'],
    ['lots', 'UPDATE', 'UPDATE lots SET transfer_id = transfer_id'],
  ])('where a row of %s is: no %s', async (table, operation, change) => {
    await insert(owner, table)
    const message = `${table} is append-only: ${operation} refused`
    await expect(owner.query(change)).rejects.toMatchObject({ ...APPEND_ONLY, message })
  })

  it('but not how long it says it', async () => {
    const { id } = await insert(owner, 'price_versions')
    await owner.query("UPDATE price_versions SET valid_during = '[2026-01-01,2026-03-01)' WHERE id = $1", [id])
  })
})
