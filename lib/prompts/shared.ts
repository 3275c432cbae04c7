/** Longest title and text of a prompt for everybody, in characters; and how many of them there may be. */
export const PROMPT_LIMITS = { title: 80, text: 8_000, count: 50 } as const

/** Those shown on the empty page at most: more would push the composer away. */
export const STARTERS_MAX = 6
