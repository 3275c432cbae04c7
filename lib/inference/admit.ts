import { z } from 'zod'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { type HoldResult, placeHold } from '#lib/ledger/index.ts'
import { encodeMicros } from '#lib/money.ts'
import type { Admission } from './call.ts'
import { settleCallTerms } from './call-terms.ts'
import { affordedOutput } from './pricing.ts'
import { sizedSystemPrompt } from './system-prompt.ts'
import { findTerms, readTerms, type StoredTerms } from './terms.ts'
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
    const hold = await placeHold(tx, {
      holdId: call.holdId,
      walletId: call.walletId,
      spenderId: call.userId,
      fullMicros,
      minimumMicros,
      maxOpen: maxRunning,
      workerId: workerId(),
      call: {
        modelId: model.id,
        priceVersionId: price.versionId,
        promptTokens: fit.promptTokens,
        outputCap: fit.outputCap,
        omittedTurns: fit.omittedTurns,
      },
    })
    if (hold.outcome !== 'held') throw refusalOf(hold, { minimumMicros, maxRunning })
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
      outputCap: affordedOutput(price, { ...fit, heldMicros: hold.amountMicros }),
      heldMicros: hold.amountMicros,
      messages: fit.messages,
      omittedTurns: fit.omittedTurns,
    }
  })
}

function refusalOf(
  { outcome, availableMicros, heldMicros, cap }: HoldResult,
  { minimumMicros, maxRunning }: { minimumMicros: bigint; maxRunning: number },
): AppError {
  const neededMicros = encodeMicros(minimumMicros)
  switch (outcome) {
    case 'suspended':
      return new AppError('wallet_suspended')
    case 'too_many':
      return new AppError('too_many_running', { params: { limit: maxRunning } })
    case 'capped': {
      const { period, limitMicros, leftMicros } = cap!
      const limits = { limitMicros: encodeMicros(limitMicros), leftMicros: encodeMicros(leftMicros) }
      return new AppError('spend_cap_reached', { params: { period, ...limits, neededMicros } })
    }
    default: {
      const there = { availableMicros: encodeMicros(availableMicros), heldMicros: encodeMicros(heldMicros) }
      return new AppError('insufficient_credits', { params: { ...there, neededMicros } })
    }
  }
}
