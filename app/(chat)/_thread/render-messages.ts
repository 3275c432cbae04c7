import { getTranslations } from 'next-intl/server'
import { renderMarkdown } from '#app/_ui/markdown/server.ts'
import type { ThreadMessage } from '#app/(chat)/_thread/thread.ts'
import type { PathMessage } from '#lib/chat/index.ts'

/** Adds its HTML to each finished answer of a path; one that still runs is rendered by its reader. */
export async function renderMessages(messages: PathMessage[]): Promise<ThreadMessage[]> {
  const t = await getTranslations('chat')
  const labels = { copy: t('copy'), code: t('code'), table: t('table'), footnotes: t('footnotes') }
  const rendered: ThreadMessage[] = []
  for (const message of messages) {
    const isFinished = message.generation?.status !== 'running'
    const hasHtml = message.role === 'assistant' && isFinished && message.text !== ''
    rendered.push({ ...message, html: hasHtml ? await renderMarkdown(message.text, labels, message.id) : '' })
  }
  return rendered
}
