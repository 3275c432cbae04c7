import { requirePageUser } from '#app/_server/context.ts'
import { NewChat } from '#app/(chat)/_thread/new-chat.tsx'

export default async function NewChatPage() {
  await requirePageUser()
  return <NewChat />
}
