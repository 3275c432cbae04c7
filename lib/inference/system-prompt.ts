import { singleton } from '#lib/singleton.ts'
import { countTokens } from './tokens.ts'

type Sized = { text: string; tokens: number }

/**
 * The operator's system prompt with its size, for `fitPrompt`; none when there is none. It is the same for every call
 * until somebody changes it, so the last one's count is kept.
 */
export async function sizedSystemPrompt(text: string | null): Promise<Sized | undefined> {
  if (text === null) return undefined
  const last = singleton('system-prompt', () => ({ counted: null as Sized | null }))
  if (last.counted?.text !== text) last.counted = { text, tokens: await countTokens(text) }
  return last.counted
}
