import { asc, sql } from 'drizzle-orm'
import { usageRecords } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { type Check, type CheckResult, MAX_SAMPLES, type Offender, runChecks } from '#lib/verification.ts'
import { recomputeCost, type UsageRecord } from './receipts.ts'

/** Small enough that pricing a batch does not keep a live server from its requests. */
const BATCH = 500

/**
 * How long after a new price was written an admission may still have been made on the old one: it is in force until
 * the transaction that ends it has committed.
 */
const PRICE_CHANGE = sql`interval '1 minute'`

const IS_CREDIT_BACK = sql`kind = 'goodwill' AND external_ref LIKE 'call:%'`

const CHECKS: readonly Check[] = [
  {
    name: 'call_has_receipt',
    promise: 'Each call that was let in and has ended has a receipt.',
    population: sql`holds WHERE price_version_id IS NOT NULL AND state <> 'open'`,
    offenders: sql`
      SELECT h.id AS hold_id, h.spender_id, h.state, h.captured_micros, h.bad_debt_micros
      FROM holds h
      WHERE h.price_version_id IS NOT NULL AND h.state <> 'open' AND NOT EXISTS (SELECT 1 FROM usage_records u WHERE u.hold_id = h.id)`,
  },
  {
    name: 'charge_has_call',
    promise: 'A hold captures something only for a call that was let in.',
    population: sql`holds WHERE state = 'captured'`,
    offenders: sql`
      SELECT h.id AS hold_id, h.wallet_id, h.captured_micros, h.bad_debt_micros
      FROM holds h
      WHERE h.state = 'captured' AND h.price_version_id IS NULL`,
  },
  {
    name: 'receipt_has_call',
    promise: 'Each receipt is the only one of a call that was let in and has ended.',
    population: sql`usage_records`,
    offenders: sql`
      SELECT u.id AS usage_record_id, u.user_id, u.hold_id, h.state AS hold_state, h.price_version_id, u.receipts
      FROM (SELECT id, user_id, hold_id, count(*) OVER (PARTITION BY hold_id) AS receipts FROM usage_records) u
      LEFT JOIN holds h ON h.id = u.hold_id
      WHERE h.id IS NULL OR h.state = 'open' OR h.price_version_id IS NULL OR u.receipts > 1`,
  },
  {
    name: 'receipt_charge',
    promise:
      'A receipt says what its hold reserved, what was captured and what became bad debt; together they are the cost.',
    population: sql`usage_records`,
    offenders: sql`
      SELECT u.id AS usage_record_id, u.hold_id, u.held_micros, h.amount_micros AS hold_micros, u.charged_micros,
        h.captured_micros, u.bad_debt_micros, h.bad_debt_micros AS hold_bad_debt_micros, u.cost_micros
      FROM usage_records u
      JOIN holds h ON h.id = u.hold_id AND h.state <> 'open'
      WHERE u.held_micros <> h.amount_micros OR u.charged_micros <> h.captured_micros
        OR u.bad_debt_micros <> h.bad_debt_micros OR u.cost_micros <> u.charged_micros + u.bad_debt_micros`,
  },
  {
    name: 'receipt_terms',
    promise: 'A receipt names the person, the wallet, the model and the price version on which its call was let in.',
    population: sql`usage_records`,
    offenders: sql`
      SELECT u.id AS usage_record_id, u.hold_id, u.user_id, h.spender_id, u.wallet_id, h.wallet_id AS hold_wallet_id,
        u.model_id, h.model_id AS hold_model_id, u.price_version_id, h.price_version_id AS hold_price_version_id,
        u.omitted_turns, h.omitted_turns AS hold_omitted_turns
      FROM usage_records u
      JOIN holds h ON h.id = u.hold_id AND h.price_version_id IS NOT NULL
      WHERE (u.user_id, u.wallet_id, u.model_id, u.price_version_id, u.omitted_turns)
        IS DISTINCT FROM (h.spender_id, h.wallet_id, h.model_id, h.price_version_id, h.omitted_turns)`,
  },
  {
    name: 'receipt_prices',
    promise: 'The unit prices on a receipt are those of its price version, which is one of its model.',
    population: sql`usage_records`,
    offenders: sql`
      SELECT u.id AS usage_record_id, u.price_version_id, u.model_id, p.model_id AS priced_model_id,
        u.input_price_micros, p.input_micros, u.cache_read_price_micros, p.cache_read_micros,
        u.cache_write_price_micros, p.cache_write_micros, u.output_price_micros, p.output_micros,
        u.reasoning_price_micros, p.reasoning_micros, u.request_price_micros, p.request_micros
      FROM usage_records u
      LEFT JOIN price_versions p ON p.id = u.price_version_id
      WHERE (u.model_id, u.input_price_micros, u.cache_read_price_micros, u.cache_write_price_micros,
          u.output_price_micros, u.reasoning_price_micros, u.request_price_micros)
        IS DISTINCT FROM (p.model_id, p.input_micros, p.cache_read_micros, p.cache_write_micros,
          p.output_micros, p.reasoning_micros, p.request_micros)`,
  },
  {
    name: 'price_in_force',
    promise: 'A call was let in at the price that was in force at that moment.',
    population: sql`holds WHERE price_version_id IS NOT NULL`,
    offenders: sql`
      SELECT h.id AS hold_id, h.model_id, h.price_version_id, p.valid_during, h.created_at
      FROM holds h
      LEFT JOIN price_versions p ON p.id = h.price_version_id
      WHERE h.price_version_id IS NOT NULL
        AND (p.id IS NULL OR h.created_at < lower(p.valid_during)
          OR h.created_at >= upper(p.valid_during) + ${PRICE_CHANGE})`,
  },
  {
    name: 'late_usage_receipt',
    promise: 'Usage that a vendor reported late belongs to the receipt of a call that had been settled.',
    population: sql`late_usage`,
    offenders: sql`
      SELECT l.hold_id, l.usage_record_id, l.user_id, u.id AS receipt_id, u.user_id AS receipt_user_id
      FROM late_usage l
      LEFT JOIN usage_records u ON u.hold_id = l.hold_id
      WHERE (l.usage_record_id, l.user_id) IS DISTINCT FROM (u.id, u.user_id)`,
  },
  {
    name: 'receipt_entry',
    promise: 'The number of an entry on a receipt is that of its charge in the statement.',
    population: sql`usage_records WHERE wallet_seq IS NOT NULL`,
    offenders: sql`
      SELECT u.id AS usage_record_id, u.hold_id, u.wallet_seq, t.debit_seq
      FROM usage_records u
      LEFT JOIN transfers t ON t.idempotency_key = 'capture:' || u.hold_id
      WHERE u.wallet_seq IS NOT NULL AND t.debit_seq IS DISTINCT FROM u.wallet_seq`,
  },
  {
    name: 'credit_back_bounded',
    promise: 'What was given back for a call went to the wallet that paid, and is at most what it paid.',
    population: sql`transfers WHERE ${IS_CREDIT_BACK}`,
    offenders: sql`
      SELECT g.external_ref, g.wallet_id, g.given_micros, u.charged_micros
      FROM (
        SELECT external_ref, credit_account_id AS wallet_id, sum(amount_micros)::bigint AS given_micros
        FROM transfers WHERE ${IS_CREDIT_BACK} GROUP BY 1, 2
      ) g
      LEFT JOIN usage_records u ON u.wallet_id = g.wallet_id 
        AND u.id = CASE WHEN g.external_ref ~ '^call:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN substr(g.external_ref, 6)::uuid END
      WHERE u.id IS NULL OR g.given_micros > u.charged_micros`,
  },
]

const COST_CHECK = {
  name: 'receipt_cost',
  promise: 'The cost on a receipt is what its tokens come to at its unit prices, to the micro-credit.',
}

/**
 * Compares receipts with what was captured, with the terms of their calls, and with what their tokens must have cost.
 * Run it in a snapshot (`inSnapshot`). Needs the same little memory however many receipts there are.
 * @returns one result for each promise
 */
export async function verifyReceipts(ctx: Ctx): Promise<CheckResult[]> {
  return [...(await runChecks(ctx, CHECKS)), await checkCosts(ctx)]
}

/** Prices every receipt again with the function that priced its call. */
async function checkCosts(ctx: Ctx): Promise<CheckResult> {
  const result: CheckResult = { ...COST_CHECK, checked: 0, differences: 0, samples: [] }
  for (let last: UsageRecord | undefined; ; ) {
    const batch = await readBatch(ctx, last)
    for (const record of batch) {
      const difference = findDifference(record)
      if (!difference) continue
      result.differences++
      if (result.samples.length < MAX_SAMPLES) result.samples.push(difference)
    }
    result.checked += batch.length
    last = batch.at(-1)
    if (batch.length < BATCH) return result
  }
}

function readBatch(ctx: Ctx, after: UsageRecord | undefined): Promise<UsageRecord[]> {
  return ctx.db
    .select()
    .from(usageRecords)
    .where(after && sql`(${usageRecords.userId}, ${usageRecords.id}) > (${after.userId}, ${after.id})`)
    .orderBy(asc(usageRecords.userId), asc(usageRecords.id))
    .limit(BATCH)
}

function findDifference(record: UsageRecord): Offender | null {
  const recomputed = recomputeOrNull(record)
  if (recomputed === record.costMicros) return null
  return {
    usage_record_id: record.id,
    user_id: record.userId,
    cost_micros: record.costMicros.toString(),
    recomputed_micros: recomputed?.toString() ?? null,
  }
}

/** Null for tokens or prices that nothing can be computed from, such as negative ones. */
function recomputeOrNull(record: UsageRecord): bigint | null {
  try {
    return recomputeCost(record)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
