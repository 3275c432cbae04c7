import { getTranslations } from 'next-intl/server'
import { renderMarkdown } from '#app/_ui/markdown/server.ts'
import type { ThreadMessage } from '#app/(chat)/_thread/thread.ts'
import type { PathMessage } from '#lib/chat/index.ts'

/** Adds its HTML to each finished answer of a path; one that still runs is rendered by its reader. */
export async function renderMessages(messages: PathMessage[]): Promise<ThreadMessage[]> {
  const t = await getTranslations('chat')
  const labels = { copy: t('copy'), code: t('code'), table: t('table'), footnotes: t('footnotes') }
  return messages.map((message) => ({
    ...message,
    html:
      message.role === 'assistant' && message.generation?.status !== 'running' && message.text !== ''
        ? renderMarkdown(message.text, labels, message.id)
        : '',
  }))
}
