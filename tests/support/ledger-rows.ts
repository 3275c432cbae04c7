import type pg from 'pg'
import { newId } from '#lib/id.ts'
import { HOUSE } from '#lib/ledger/index.ts'

export type Row = Record<string, unknown>

/** A row for each table of the ledger that the database takes, with what it refers to already there. */
export const ROWS: Record<string, (client: pg.Client) => Promise<Row>> = {
  accounts: async () => ({ id: newId(), kind: 'wallet', owner_type: 'user', owner_id: newId() }),
  wallets: async (client) => ({ id: await make(client, 'accounts', 'id') }),
  transfers: async (client) => ({
    id: newId(),
    kind: 'grant',
    debit_account_id: HOUSE.promotions,
    credit_account_id: await make(client, 'wallets', 'id'),
    amount_micros: 10,
    credit_seq: 1,
    credit_balance_micros: 10,
    idempotency_key: newId(),
    request_hash: Buffer.alloc(1),
    actor: 'test',
  }),
  holds: async (client) => {
    const { id: price_version_id, model_id } = await insert(client, 'price_versions')
    return {
      id: newId(),
      wallet_id: await make(client, 'wallets', 'id'),
      spender_id: newId(),
      amount_micros: 10,
      request_hash: Buffer.alloc(1),
      ...{ model_id, price_version_id, prompt_tokens: 0, output_cap: 1, omitted_turns: 0 },
    }
  },
  lots: async (client) => {
    const transfer = await insert(client, 'transfers')
    const { id: transfer_id, credit_account_id: wallet_id } = transfer
    return { wallet_id, transfer_id, source: 'paid', amount_micros: 10, noted_micros: 10 }
  },
  lot_uses: async (client) => {
    const { wallet_id, transfer_id: lot_transfer_id } = await insert(client, 'lots')
    const sides = { debit_account_id: wallet_id, credit_account_id: HOUSE.adjustments }
    const paid = { ...sides, debit_seq: 2, debit_balance_micros: 9, credit_seq: null, credit_balance_micros: null }
    const { id: transfer_id } = await insert(client, 'transfers', paid)
    return { wallet_id, transfer_id, lot_transfer_id, amount_micros: 1 }
  },
  spend_caps: async (client) => ({
    wallet_id: await make(client, 'wallets', 'id'),
    spender_id: newId(),
    period: 'day',
    limit_micros: 1,
    time_zone: 'UTC',
    window_start: '2026-01-01',
    window_end: '2026-01-02',
    spent_micros: 0,
    held_micros: 0,
  }),
  adjustments: async (client) => ({
    id: newId(),
    kind: 'grant',
    wallet_id: await make(client, 'wallets', 'id'),
    amount_micros: 1,
    reason: 'because',
    idempotency_key: newId(),
    request_hash: Buffer.alloc(1),
    state: 'waiting',
    requested_by: 'test',
  }),
  ledger_checks: async () => ({ id: newId(), source: 'nightly' }),
  models: async () => ({
    id: newId(),
    display_name: 'A model',
    vendor: 'test',
    context_tokens: 1_000,
    max_output_tokens: 500,
  }),
  price_versions: async (client) => ({
    id: newId(),
    model_id: await make(client, 'models', 'id'),
    valid_during: '[2026-01-01,)',
    ...Object.fromEntries(PRICES.map((column) => [column, 0])),
    created_by: 'test',
  }),
  checkpoints: async (client) => ({ hold_id: await make(client, 'holds', 'id'), output_tokens: 0 }),
  usage_records: async (client) => {
    const { id: hold_id, price_version_id, model_id } = await insert(client, 'holds')
    return {
      user_id: newId(),
      id: newId(),
      wallet_id: newId(),
      hold_id,
      model_id,
      outcome: 'completed',
      usage_source: 'reported',
      price_version_id,
      ...Object.fromEntries([...TOKENS, ...UNIT_PRICES, ...COSTS].map((column) => [column, 0])),
      held_micros: 1,
      omitted_turns: 0,
      duration_ms: 0,
    }
  },
  late_usage: async (client) => ({
    hold_id: await make(client, 'holds', 'id'),
    user_id: newId(),
    usage_record_id: newId(),
    model_id: 'a model',
    ...Object.fromEntries([...TOKENS, 'vendor_cost_micros'].map((column) => [column, 0])),
  }),
  audit_entries: async () => ({
    id: newId(),
    actor_type: 'system',
    actor_id: 'test',
    action: 'test',
    subject_type: 'test',
    subject_id: 'test',
  }),
}

const KINDS = ['input', 'cache_read', 'cache_write', 'output', 'reasoning']

/** Columns of token counts, in usage records and late usage. */
export const TOKENS = KINDS.map((kind) => `${kind}_tokens`)

/** Columns of prices, in price versions. */
export const PRICES = [
  ...KINDS.map((kind) => `${kind}_micros`),
  'request_micros',
  ...KINDS.map((kind) => `cost_${kind}_micros`),
]

/** Columns of prices, in usage records. */
export const UNIT_PRICES = [...KINDS, 'request'].map((kind) => `${kind}_price_micros`)

/** Columns of what a call cost, in usage records. */
const COSTS = ['cost_micros', 'charged_micros', 'bad_debt_micros', 'vendor_cost_micros']

/** Inserts a row that differs from an acceptable one in these columns, past all functions. @returns the row as given */
export async function insert(client: pg.Client, table: string, different: Row = {}): Promise<Row> {
  const row = { ...(await ROWS[table]!(client)), ...different }
  const columns = Object.keys(row)
  const places = columns.map((_, index) => `$${index + 1}`)
  await client.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`, Object.values(row))
  return row
}

async function make(client: pg.Client, table: string, column: string): Promise<unknown> {
  return (await insert(client, table))[column]
}
