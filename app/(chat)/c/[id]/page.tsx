import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { requirePageUser } from '#app/_server/context.ts'
import { ChatScreen } from '#app/(chat)/_thread/chat-screen.tsx'
import { renderMessages } from '#app/(chat)/_thread/render-messages.ts'
import { getConversation, listPath } from '#lib/chat/index.ts'
import { AppError } from '#lib/errors.ts'
import { isId, newId } from '#lib/id.ts'

type PageProps = { params: Promise<{ id: string }> }

async function loadConversation(params: PageProps['params']) {
  const { id } = await params
  const { viewer: _viewer, ...ctx } = await requirePageUser()
  if (!isId(id)) notFound()
  try {
    const [conversation, path] = await Promise.all([
      getConversation(ctx, { conversationId: id }),
      listPath(ctx, { conversationId: id }),
    ])
    return { conversation, path }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { id } = await params
  const { viewer: _viewer, ...ctx } = await requirePageUser()
  if (!isId(id)) return {}
  try {
    return { title: (await getConversation(ctx, { conversationId: id })).title }
  } catch {
    // The page itself says that there is nothing here.
    return {}
  }
}

export default async function ConversationPage({ params }: PageProps) {
  const { conversation, path } = await loadConversation(params)
  return (
    <ChatScreen
      key={conversation.id}
      conversationId={conversation.id}
      isNew={false}
      title={conversation.title}
      messages={await renderMessages(path.messages)}
      hasEarlier={path.hasMore}
      renderId={newId()}
    />
  )
}
