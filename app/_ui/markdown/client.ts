import { toJsxRuntime } from 'hast-util-to-jsx-runtime'
import type { ReactElement } from 'react'
import { growBlocks } from '#app/_ui/markdown/blocks.ts'
import { closeOpenSyntax } from '#app/_ui/markdown/close-open-syntax.ts'
import { JSX_OPTIONS } from '#app/_ui/markdown/jsx-options.ts'
import { createPipeline, type Pipeline } from '#app/_ui/markdown/pipeline.ts'

/** One block as React elements, so that what did not change keeps its selection and its place. */
function renderBlock(pipeline: Pipeline, markdown: string): ReactElement {
  return toJsxRuntime(pipeline.render(markdown), JSX_OPTIONS)
}

/** What the browser needs to render a text that grows, in one piece to load. */
export const client = { closeOpenSyntax, createPipeline, growBlocks, renderBlock }

export type Client = typeof client
