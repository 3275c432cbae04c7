import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { Id } from '#app/admin/_parts/facts.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { AppError } from '#lib/errors.ts'
import { getUser } from '#lib/users/index.ts'

/** Who did it, as rows name them (`user:…`, `system:…`): a person by e-mail, the service by which part of it. */
export async function Actor({ children: actor }: { children: string }) {
  const userId = /^user:(.+)$/.exec(actor)?.[1]
  if (!userId) return <Id>{actor}</Id>
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const user = await getUser(ctx, { userId }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') return null
    throw error
  })
  const t = await getTranslations('adminMoney')
  return <TextLink href={`/admin/people/${userId}`}>{user?.email ?? t('gone')}</TextLink>
}
