import { z } from 'zod'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { findWallet, listSpendCaps, type SpendCap, type Wallet } from '#lib/ledger/index.ts'
import { encodeMicros, priceOfTokens } from '#lib/money.ts'
import { type CallTerms, settleCallTerms } from './call-terms.ts'
import { worstCost, worstInput } from './pricing.ts'
import type { Quote, QuotedCap, Refusal } from './shared.ts'
import { sizedSystemPrompt } from './system-prompt.ts'
import { findTerms, readTerms, type StoredTerms, type Terms } from './terms.ts'

const quoteInput = z.object({
  userId: z.uuid(),
  modelId: z.string().min(1).max(200),
  /** The conversation so far, oldest first; the last is the message. Their texts do not matter, only their sizes. */
  turns: z
    .array(z.object({ role: z.enum(['user', 'assistant']), text: z.string(), tokens: z.number().int().nonnegative() }))
    .min(1),
  /** What `termsQuery` found for this person and model just now, for a quote; without it they are asked for. */
  terms: z.custom<StoredTerms>().optional(),
})

export type QuoteInput = z.input<typeof quoteInput>

/** A person who has paid for no answer yet is taken to get one of so many tokens. */
const ANSWER_TOKENS = 500

/**
 * What a call would cost at most if it were made now, by the same terms as `admit`, and whether it would be refused.
 * Nothing is written or held, so another call may come before it.
 */
export async function quote(ctx: Ctx, input: QuoteInput): Promise<Quote> {
  const call = quoteInput.parse(input)
  const { userId } = call
  const [stored, [wallet, caps]] = await Promise.all([
    call.terms === undefined ? findTerms(ctx, { ...call, forQuote: true }) : call.terms,
    readMeans(ctx, userId),
  ])
  const means = {
    availableMicros: encodeMicros(wallet.availableMicros),
    heldMicros: encodeMicros(wallet.heldMicros),
    caps: caps.map(quoteCap),
  }
  try {
    const terms = readTerms(stored)
    const settled = settleCallTerms(terms, { ...call, system: await sizedSystemPrompt(terms.systemPrompt) })
    return {
      ...means,
      ...price({ terms, settled, wallet, caps }),
      messagesLeft: lastsFor({ stored, terms, settled, wallet }),
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { ...means, ...NOTHING, refusal: { code: error.code, params: error.params } }
  }
}

const NOTHING = {
  atMostMicros: null,
  historyMicros: '0',
  historyTokens: 0,
  omittedTurns: 0,
  promptTokens: 0,
  shortenedBy: null,
  messagesLeft: null,
} as const

const NO_WALLET: Omit<Wallet, 'id'> = {
  postedMicros: 0n,
  heldMicros: 0n,
  availableMicros: 0n,
  openHolds: 0,
  suspended: false,
}

type Means = { wallet: Omit<Wallet, 'id'>; caps: readonly SpendCap[] }

async function readMeans(ctx: Ctx, userId: string): Promise<[Means['wallet'], SpendCap[]]> {
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  return wallet ? [wallet, await listSpendCaps(ctx, { walletId: wallet.id, spenderId: userId })] : [NO_WALLET, []]
}

type Offer = Means & { terms: Terms; settled: CallTerms }

/** The amount that the ledger would hold, by its own rule: the least of all bounds, if that is at least the minimum. */
function price({ terms, settled, wallet, caps }: Offer) {
  const { fullMicros, promptTokens, historyTokens, omittedTurns } = settled
  let amount = least(fullMicros, wallet.availableMicros)
  for (const { leftMicros } of caps) amount = least(amount, leftMicros)
  const refusal = refusalOf({ terms, settled, wallet, caps }, amount)
  return {
    atMostMicros: refusal ? null : encodeMicros(amount),
    historyMicros: encodeMicros(priceOfTokens([{ tokens: historyTokens, priceMicros: worstInput(terms.price) }])),
    historyTokens,
    omittedTurns,
    promptTokens,
    shortenedBy: refusal || amount === fullMicros ? null : bindingMeans(amount, wallet),
    refusal,
  }
}

function bindingMeans(amount: bigint, { availableMicros }: Means['wallet']): 'balance' | 'cap' {
  return amount === availableMicros ? 'balance' : 'cap'
}

function refusalOf({ terms, settled, wallet, caps }: Offer, amount: bigint): Refusal | null {
  const { minimumMicros } = settled
  if (wallet.suspended) return { code: 'wallet_suspended', params: {} }
  if (wallet.openHolds >= terms.maxRunning) return { code: 'too_many_running', params: { limit: terms.maxRunning } }
  if (amount >= minimumMicros) return null
  const neededMicros = encodeMicros(minimumMicros)
  if (wallet.availableMicros < minimumMicros) {
    const availableMicros = encodeMicros(wallet.availableMicros)
    const heldMicros = encodeMicros(wallet.heldMicros)
    return { code: 'insufficient_credits', params: { availableMicros, heldMicros, neededMicros } }
  }
  const cap = caps.find(({ leftMicros }) => leftMicros === amount)!
  return {
    code: 'spend_cap_reached',
    params: {
      period: cap.period,
      limitMicros: encodeMicros(cap.limitMicros),
      leftMicros: encodeMicros(cap.leftMicros),
      neededMicros,
    },
  }
}

/** Messages like this one cost what the person's answers usually do, and never less than this one's own prompt. */
function lastsFor(input: { stored: StoredTerms; terms: Terms; settled: CallTerms; wallet: Means['wallet'] }) {
  const { stored, terms, settled, wallet } = input
  const promptMicros = priceOfTokens([{ tokens: settled.promptTokens, priceMicros: terms.price.inputMicros }])
  const usual = stored?.typicalMicros
    ? BigInt(stored.typicalMicros)
    : worstCost(terms.price, settled.promptTokens, Math.min(ANSWER_TOKENS, settled.outputCap))
  const eachMicros = usual > promptMicros ? usual : promptMicros
  return eachMicros > 0n ? Number(wallet.availableMicros / eachMicros) : null
}

function quoteCap({ period, limitMicros, spentMicros, heldMicros, leftMicros }: SpendCap): QuotedCap {
  const used = spentMicros + heldMicros
  return {
    period,
    limitMicros: encodeMicros(limitMicros),
    usedMicros: encodeMicros(used),
    leftMicros: encodeMicros(leftMicros),
    usedPercent: used >= limitMicros ? 100 : Number((used * 100n) / limitMicros),
    near: used * 5n > limitMicros * 4n,
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
