import { AppError } from '#lib/errors.ts'
import type { PromptTurn } from './call.ts'
import { worstCost } from './pricing.ts'
import { type Fit, fitPrompt } from './prompt.ts'
import type { Terms } from './terms.ts'

/** What somebody wants to ask. */
export type WantedCall = {
  /** The conversation so far, oldest first; the last is the new message. */
  turns: readonly PromptTurn[]
  system?: { text: string; tokens: number }
  /** Output tokens asked for at most. */
  maxOutput?: number
}

/** What is sent, and what is held for it: as much as it can cost at most, at least what a short answer can cost. */
export type CallTerms = Fit & { fullMicros: bigint; minimumMicros: bigint }

/**
 * Settles what of a call is sent and what may have to be paid for it: before it is made, and when it is only asked what
 * it would cost.
 * @throws {AppError} `message_too_long_for_model` {limitTokens, tokens}
 */
export function settleCallTerms({ model, price }: Terms, call: WantedCall): CallTerms {
  const outputCap = Math.min(call.maxOutput ?? model.defaultMaxOutput, model.defaultMaxOutput, model.maxOutputTokens)
  const fit = fitPrompt({
    turns: call.turns,
    system: call.system,
    contextTokens: model.contextTokens,
    outputCap,
    minOutput: model.minOutput,
  })
  if (!fit) {
    const params = { limitTokens: model.contextTokens, tokens: call.turns.at(-1)?.tokens ?? 0 }
    throw new AppError('message_too_long_for_model', { params })
  }
  const minOutput = Math.min(model.minOutput, fit.outputCap)
  return {
    ...fit,
    fullMicros: atLeastOne(worstCost(price, fit.promptTokens, fit.outputCap)),
    minimumMicros: atLeastOne(worstCost(price, fit.promptTokens, minOutput)),
  }
}

/** A hold is never empty, not even for a model that is free. */
function atLeastOne(micros: bigint): bigint {
  return micros > 0n ? micros : 1n
}
