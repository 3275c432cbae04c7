import { toJsxRuntime } from 'hast-util-to-jsx-runtime'
import type { ReactElement } from 'react'
import { JSX_OPTIONS } from '#app/_ui/markdown/jsx-options.ts'
import type { Pipeline } from '#app/_ui/markdown/pipeline.ts'

export { growBlocks, NO_BLOCKS } from '#app/_ui/markdown/blocks.ts'
export { closeOpenSyntax } from '#app/_ui/markdown/close-open-syntax.ts'
export { createPipeline } from '#app/_ui/markdown/pipeline.ts'

/** One block as React elements, so that what did not change keeps its selection and its place. */
export function renderBlock(pipeline: Pipeline, markdown: string): ReactElement {
  return toJsxRuntime(pipeline.render(markdown), JSX_OPTIONS)
}
