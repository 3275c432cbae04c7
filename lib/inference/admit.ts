import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { admissions } from '#db/schema/index.ts'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { callLedger, type HoldRow, holdCall, readHold } from '#lib/ledger/index.ts'
import { encodeMicros, TOKENS_PER_PRICE } from '#lib/money.ts'
import { executePrepared } from '#lib/prepared.ts'
import type { Admission } from './call.ts'
import { settleCallTerms } from './call-terms.ts'
import { worstInput, worstOutput } from './pricing.ts'
import type { Fit } from './prompt.ts'
import { sizedSystemPrompt } from './system-prompt.ts'
import { findTerms, readTerms, type StoredTerms, type Terms } from './terms.ts'
import { workerId } from './worker.ts'

const admitInput = z.object({
  /** Made by the caller; the same id is never held twice. */
  holdId: z.uuid(),
  userId: z.uuid(),
  walletId: z.uuid(),
  modelId: z.string().min(1).max(200),
  /** The conversation so far, oldest first; the last is the new message. */
  turns: z
    .array(z.object({ role: z.enum(['user', 'assistant']), text: z.string(), tokens: z.number().int().nonnegative() }))
    .min(1),
  /** Output tokens the person asked for at most. */
  maxOutput: z.number().int().positive().optional(),
  /** What `termsQuery` found for this person and model just now; without it they are asked for. */
  terms: z.custom<StoredTerms>().optional(),
})

export type AdmitInput = z.input<typeof admitInput>

/**
 * Lets a call in: settles what is sent and at what price, and reserves what it can cost at most. Joins the caller's
 * transaction; nothing may go to a vendor before it has committed.
 * @throws {AppError} `model_unknown`, `model_unpriced`, `model_unavailable`, `message_too_long_for_model` {limitTokens,
 * tokens}, `insufficient_credits` {availableMicros, heldMicros, neededMicros}, `spend_cap_reached` {period, limitMicros,
 * leftMicros, neededMicros}, `too_many_running` {limit}, `too_many_free_failures` {limit}
 */
export async function admit(ctx: Ctx, input: AdmitInput): Promise<Admission> {
  const call = admitInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const terms = readTerms(call.terms === undefined ? await findTerms(tx, call) : call.terms)
    const { model, price, priceSince, maxRunning } = terms
    const { fullMicros, minimumMicros, ...fit } = settleCallTerms(terms, {
      ...call,
      system: await sizedSystemPrompt(terms.systemPrompt),
    })
    const hold = holdCall({
      holdId: call.holdId,
      walletId: call.walletId,
      spenderId: call.userId,
      fullMicros,
      minimumMicros,
      maxOpen: maxRunning,
      workerId: workerId(),
    })

    const admission = { call, hold, terms, fit, fullMicros }
    const { outputCap, admittedAt, heldMicros } =
      (await admitInFull(tx, admission)) ?? (await admitForLess(tx, admission, minimumMicros))
    return {
      holdId: call.holdId,
      userId: call.userId,
      walletId: call.walletId,
      model: {
        id: model.id,
        displayName: model.displayName,
        contextTokens: model.contextTokens,
        reasoning: model.reasoning,
        outputCapField: model.outputCapField,
      },
      price,
      priceSince,
      promptTokens: fit.promptTokens,
      outputCap,
      heldMicros,
      messages: fit.messages,
      omittedTurns: fit.omittedTurns,
      admittedAt,
    }
  })
}

type Placing = {
  call: Pick<AdmitInput, 'holdId' | 'userId' | 'walletId'>
  hold: SQL
  terms: Terms
  fit: Fit
  fullMicros: bigint
}
type Admitted = Pick<Admission, 'outputCap' | 'heldMicros' | 'admittedAt'>

/**
 * Admits a call for which all that it can cost was held, as it is for nearly all. A plain INSERT costs the server less
 * than one in a WITH clause, which alone can say what was held or why nothing was.
 * @returns null when less was held, or nothing, or the call was let in before
 */
async function admitInFull(ctx: Ctx, { fullMicros, ...placing }: Placing): Promise<Admitted | null> {
  const { rows } = await callLedger(() =>
    executePrepared<{ output_cap: number; admitted_at: string }>(
      ctx.db,
      'admit-call',
      sql`
      INSERT INTO ${admissions} ${termsOf(placing, sql`${placing.fit.outputCap}::int`)}
      FROM ${placing.hold} hold WHERE hold.outcome = 'held' AND hold.amount_micros = ${fullMicros}::bigint
      ON CONFLICT (hold_id) DO NOTHING
      RETURNING output_cap, created_at::text AS admitted_at`,
    ),
  )
  const [row] = rows
  return row ? { outputCap: row.output_cap, heldMicros: fullMicros, admittedAt: new Date(row.admitted_at) } : null
}

/**
 * Admits a call for what its wallet affords, or says why not. A hold is placed once: when there is one already, this is
 * the same.
 */
async function admitForLess(ctx: Ctx, placing: Placing, minimumMicros: bigint): Promise<Admitted> {
  const { price, maxRunning } = placing.terms
  // The cap that is sent is what the held amount pays for beside the prompt: in the worst case the call costs no more.
  const affordable = sql`least(${placing.fit.outputCap}::int, div(
    (hold.amount_micros::numeric - ${price.requestMicros}::numeric) * ${TOKENS_PER_PRICE}::numeric
      - ${placing.fit.promptTokens}::numeric * ${worstInput(price)}::numeric,
    nullif(${worstOutput(price)}::numeric, 0)))::int`
  const { rows } = await callLedger(() =>
    ctx.db.execute<HoldRow & { output_cap: number | null; admitted_at: string | null }>(sql`
      WITH hold AS MATERIALIZED (SELECT * FROM ${placing.hold}),
      admission AS (
        INSERT INTO ${admissions} ${termsOf(placing, affordable)}
        FROM hold WHERE hold.outcome = 'held'
        ON CONFLICT (hold_id) DO UPDATE SET hold_id = excluded.hold_id
        RETURNING output_cap, created_at::text AS admitted_at
      )
      SELECT hold.*, admission.output_cap, admission.admitted_at FROM hold LEFT JOIN admission ON true`),
  )
  const row = rows[0]!
  const held = readHold(row)
  if (held.outcome === 'suspended') throw new AppError('wallet_suspended')
  if (held.outcome === 'too_many') throw new AppError('too_many_running', { params: { limit: maxRunning } })
  if (held.outcome === 'insufficient') {
    const params = {
      availableMicros: encodeMicros(held.availableMicros),
      heldMicros: encodeMicros(held.heldMicros),
      neededMicros: encodeMicros(minimumMicros),
    }
    throw new AppError('insufficient_credits', { params })
  }
  if (held.outcome === 'capped') {
    const { period, limitMicros, leftMicros } = held.cap!
    const params = {
      period,
      limitMicros: encodeMicros(limitMicros),
      leftMicros: encodeMicros(leftMicros),
      neededMicros: encodeMicros(minimumMicros),
    }
    throw new AppError('spend_cap_reached', { params })
  }
  return { outputCap: row.output_cap!, heldMicros: held.amountMicros, admittedAt: new Date(row.admitted_at!) }
}

/** Columns of an admission, and the SELECT for them without its FROM. */
function termsOf({ call, terms, fit }: Omit<Placing, 'fullMicros'>, outputCap: SQL): SQL {
  return sql`(hold_id, user_id, wallet_id, model_id, price_version_id, prompt_tokens, output_cap, omitted_turns)
    SELECT ${call.holdId}::uuid, ${call.userId}::uuid, ${call.walletId}::uuid, ${terms.model.id},
      ${terms.price.versionId}::uuid, ${fit.promptTokens}::int, ${outputCap}, ${fit.omittedTurns}::int`
}
