import type { ChatMessage, PromptTurn } from './call.ts'
import { TOKENS_PER_MESSAGE, TOKENS_PER_PROMPT } from './tokens.ts'

export type Fit = {
  messages: ChatMessage[]
  promptTokens: number
  /** Of these: the turns before the last. */
  historyTokens: number
  outputCap: number
  omittedTurns: number
}

export type FitInput = {
  /** Oldest first; the last is the new message. */
  turns: readonly PromptTurn[]
  system?: { text: string; tokens: number }
  contextTokens: number
  /** Output tokens wanted, and the fewest an answer is worth starting with. */
  outputCap: number
  minOutput: number
}

/**
 * What is sent: the system prompt and the newest whole turns that fit the context less the output cap. History begins
 * with a person's message, so an answer whose question is left out is left out too. A last message that leaves less
 * room than the cap shrinks the cap down to `minOutput`.
 * @returns null when the last message does not fit even so
 */
export function fitPrompt({ turns, system, contextTokens, outputCap, minOutput }: FitInput): Fit | null {
  const last = turns.at(-1)
  if (!last) return null
  const base = TOKENS_PER_PROMPT + (system ? system.tokens + TOKENS_PER_MESSAGE : 0)
  const ownTokens = base + sizeOf(last)
  let promptTokens = ownTokens
  // Half the context at most: else a small context would leave no room for a prompt.
  const cap = Math.min(outputCap, Math.floor(contextTokens / 2), contextTokens - promptTokens)
  if (cap < Math.min(minOutput, outputCap)) return null

  const room = contextTokens - cap
  let first = turns.length - 1
  for (let start = first - 1; start >= 0; start--) {
    const size = sizeOf(turns[start]!)
    if (promptTokens + size > room) break
    promptTokens += size
    first = start
  }
  while (first < turns.length - 1 && turns[first]!.role === 'assistant') {
    promptTokens -= sizeOf(turns[first]!)
    first++
  }
  const sent = turns.slice(first).map((turn): ChatMessage => ({ role: turn.role, content: turn.text }))
  return {
    messages: system ? [{ role: 'system', content: system.text }, ...sent] : sent,
    promptTokens,
    historyTokens: promptTokens - ownTokens,
    outputCap: cap,
    omittedTurns: first,
  }
}

function sizeOf(turn: PromptTurn): number {
  return turn.tokens + TOKENS_PER_MESSAGE
}
