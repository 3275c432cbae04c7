import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageUser } from '#app/_server/context.ts'
import { NewChat } from '#app/(chat)/_thread/new-chat.tsx'
import { Starters } from '#app/(chat)/_thread/starters.tsx'
import { listStarters } from '#lib/prompts/index.ts'

export default async function NewChatPage() {
  const { viewer: _viewer, ...ctx } = await requirePageUser()
  const [t, locale] = await Promise.all([getTranslations('chat'), getLocale()])
  const starters = await listStarters(ctx, { locale })
  return <NewChat starters={<Starters starters={starters} label={t('starters')} />} />
}
