import rehypeHighlight from 'rehype-highlight'
import type { Pluggable } from 'unified'

/** Colours for code whose language is named; guessing would colour wrongly and takes long. */
export const highlight: Pluggable = [rehypeHighlight, { detect: false }]
