import rehypeKatex from 'rehype-katex'
import type { Pluggable } from 'unified'

/** Formulas. What KaTeX cannot read stays as written, in the colour of the text: while streaming it is often half done. */
export const math: Pluggable = [
  rehypeKatex,
  { errorColor: 'inherit', maxExpand: 200, maxSize: 20, strict: false, trust: false },
]
