/** What is known when Enter goes down in the composer. Times are event timestamps in milliseconds. */
export type EnterPress = {
  shiftKey: boolean
  altKey: boolean
  modifier: boolean
  isComposing: boolean
  keyCode: number
  at: number
  compositionEndedAt: number | null
  /** The main pointer is a finger: there Enter makes a line and the button sends. */
  touch: boolean
}

// Safari ends the composition just before it reports the Enter that ended it.
const COMPOSITION_TAIL_MS = 120

/**
 * Decides what Enter does. While an input method composes it belongs to the input method, whatever else is held.
 * @returns `send`, `newline`, or `compose` when the key is the input method's
 */
export function decideEnter(press: EnterPress): 'send' | 'newline' | 'compose' {
  const justComposed = press.compositionEndedAt !== null && press.at - press.compositionEndedAt < COMPOSITION_TAIL_MS
  if (press.isComposing) return 'compose'
  // 229 alone is not enough: some browsers report it for a plain Enter while an input method is merely switched on.
  if (justComposed && press.keyCode === 229) return 'compose'
  if (press.modifier) return 'send'
  if (press.shiftKey || press.altKey || press.touch) return 'newline'
  return 'send'
}
