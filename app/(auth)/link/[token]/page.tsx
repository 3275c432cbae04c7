import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { getCtx } from '#app/_server/context.ts'
import { AuthHeading } from '#app/(auth)/_parts/auth-heading.tsx'
import { OtherWay } from '#app/(auth)/_parts/other-way.tsx'
import { LinkForm } from '#app/(auth)/link/[token]/link-form.tsx'
import { getLink, type Link } from '#lib/auth/index.ts'
import { AppError } from '#lib/errors.ts'

// The address itself is the secret.
export const metadata: Metadata = { robots: { index: false, follow: false } }

type Props = { params: Promise<{ token: string }> }

/** Looking never uses the link up: mail programs and chats open links to preview them. Only the form does. */
export default async function LinkPage({ params }: Props) {
  const [{ token }, t, ctx] = await Promise.all([params, getTranslations('auth'), getCtx()])
  const link = await getLink(ctx, { token }).catch(expectInvalid)
  if (!link) {
    return (
      <>
        <AuthHeading title={t('linkInvalidTitle')}>{t('linkInvalidText')}</AuthHeading>
        <OtherWay href="/sign-in">{t('toSignIn')}</OtherWay>
      </>
    )
  }
  const first = link.purpose === 'first_admin'
  return (
    <>
      <AuthHeading title={first ? t('firstAdminTitle') : t('linkTitle')}>
        {first ? t('firstAdminText') : t('linkText', { email: link.email })}
      </AuthHeading>
      <LinkForm token={token} email={link.email} minPassword={link.minPassword} />
    </>
  )
}

function expectInvalid(error: unknown): Link | null {
  if (error instanceof AppError && error.code === 'link_invalid') return null
  throw error
}
