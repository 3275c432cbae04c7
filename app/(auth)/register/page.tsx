import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { getCtx, getViewer } from '#app/_server/context.ts'
import { safeNextPath } from '#app/_server/origin.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { AuthHeading } from '#app/(auth)/_parts/auth-heading.tsx'
import { OtherWay, withNext } from '#app/(auth)/_parts/other-way.tsx'
import { RegisterForm } from '#app/(auth)/register/register-form.tsx'
import { getSignUpCredit } from '#lib/auth/index.ts'
import { MIN_PASSWORD } from '#lib/auth/shared.ts'
import { formatCredits } from '#lib/money.ts'
import { getSetting } from '#lib/settings/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth'))('registerTitle') }
}

type Props = { searchParams: Promise<{ next?: string | string[] }> }

export default async function RegisterPage({ searchParams }: Props) {
  const next = safeNextPath((await searchParams).next)
  if (await getViewer()) redirect(next)
  const [t, locale, ctx] = await Promise.all([getTranslations('auth'), getLocale(), getCtx()])
  const toSignIn = (
    <OtherWay question={t('haveAccount')} href={withNext('/sign-in', next)}>
      {t('toSignIn')}
    </OtherWay>
  )
  if ((await getSetting(ctx, 'registration')) === 'closed') {
    return (
      <>
        <AuthHeading title={t('closedTitle')}>{t('closedText')}</AuthHeading>
        {toSignIn}
      </>
    )
  }
  const credit = await getSignUpCredit(ctx)
  return (
    <>
      <AuthHeading title={t('registerTitle')}>
        {credit > 0n && t('signUpCredit', { credits: formatCredits(credit, locale) })}
      </AuthHeading>
      <noscript>
        <div className="mb-4">
          <Alert tone="warning">{t('scriptsNeeded')}</Alert>
        </div>
      </noscript>
      <RegisterForm next={next} minPassword={MIN_PASSWORD.user} />
      {toSignIn}
    </>
  )
}
