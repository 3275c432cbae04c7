'use client'

import { memo, useEffect, useMemo, useRef, useState } from 'react'
import type { Blocks } from '#app/_ui/markdown/blocks.ts'
import type { Client } from '#app/_ui/markdown/client.ts'
import { loadAgain } from '#app/_ui/markdown/load-again.ts'
import type { Extras, MarkdownLabels, Pipeline } from '#app/_ui/markdown/pipeline.ts'

type LiveMarkdownProps = {
  text: string
  /** False while more may come: then what is still open is closed for showing. */
  done: boolean
  labels: MarkdownLabels
  idPrefix: string
}

/** A text that is still arriving. The renderer comes when the first one does; until then the words stand as they are. */
export function LiveMarkdown({ text, done, labels, idPrefix }: LiveMarkdownProps) {
  const client = useClient()
  const extras = useExtras(text)
  const pipeline = useMemo(
    () => client?.createPipeline({ labels, idPrefix, ...extras }) ?? null,
    [client, labels, idPrefix, extras],
  )
  if (!client || !pipeline) return <p className="whitespace-pre-wrap">{text}</p>
  return <LiveBlocks text={text} done={done} client={client} pipeline={pipeline} />
}

type LiveBlocksProps = { text: string; done: boolean; client: Client; pipeline: Pipeline }

function LiveBlocks({ text, done, client, pipeline }: LiveBlocksProps) {
  const previous = useRef<Blocks>({ settled: [], rest: '' })
  const blocks = useMemo(() => client.growBlocks(previous.current, text, pipeline.parse), [client, text, pipeline])
  useEffect(() => {
    previous.current = blocks
  }, [blocks])
  const rest = done ? blocks.rest : client.closeOpenSyntax(blocks.rest)
  return (
    <>
      {blocks.settled.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: settled blocks never move.
        <Block key={index} text={block} client={client} pipeline={pipeline} />
      ))}
      <Block key={blocks.settled.length} text={rest} client={client} pipeline={pipeline} />
    </>
  )
}

const Block = memo(function Block({ text, client, pipeline }: { text: string; client: Client; pipeline: Pipeline }) {
  return client.renderBlock(pipeline, text)
})

function useClient(): Client | null {
  const [client, setClient] = useState<Client | null>(null)
  // Words without their marks are still words: until the renderer can be had, they stay as they are.
  useEffect(
    () =>
      loadAgain(
        () => import('#app/_ui/markdown/client.ts'),
        (part) => setClient(part.client),
      ),
    [],
  )
  return client
}

function useExtras(text: string): Extras {
  const [extras, setExtras] = useState<Extras>({})
  const needsMath = useSticky(/\$|\\\(|\\\[/.test(text))
  const needsHighlight = useSticky(/```|~~~/.test(text))
  useEffect(() => {
    if (!needsMath) return
    return loadAgain(
      () => import('#app/_ui/markdown/math.ts'),
      ({ math }) => setExtras((known) => ({ ...known, math })),
    )
  }, [needsMath])
  useEffect(() => {
    if (!needsHighlight) return
    return loadAgain(
      () => import('#app/_ui/markdown/highlight.ts'),
      ({ highlight }) => setExtras((known) => ({ ...known, highlight })),
    )
  }, [needsHighlight])
  return extras
}

/** True from the first time on. */
function useSticky(value: boolean): boolean {
  const [seen, setSeen] = useState(value)
  if (value && !seen) setSeen(true)
  return seen || value
}
